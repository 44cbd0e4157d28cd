#!/bin/sh
# Start the userland of a Raspberry Pi with an SSH server. emulated_pi.py runs this in new mount and process namespaces.
# Arguments: the userland, a folder with host_key and user_key.pub, the port on loopback, the emulated processor core.
set -eu
userland=$1 keys=$2 port=$3 core=$4

# All that the Pi writes is in memory and is lost with it; nothing is written to the userland.
mount -t tmpfs -o mode=755 pi /mnt
mkdir /mnt/upper /mnt/work /mnt/system
mount -t overlay -o lowerdir="$userland",upperdir=/mnt/upper,workdir=/mnt/work overlay /mnt/system

cat "$keys/user_key.pub" > /mnt/authorized_keys
cp "$keys/host_key" /mnt/system/etc/ssh/ssh_host_ed25519_key
cd /mnt/system
mkdir home/pi/.ssh
mv /mnt/authorized_keys home/pi/.ssh/authorized_keys
chmod 600 etc/ssh/ssh_host_ed25519_key

mount -t proc proc proc
mount -t tmpfs -o mode=755 tmpfs run
mount -t tmpfs -o mode=1777 tmpfs tmp
mount -t tmpfs -o mode=1777 tmpfs dev/shm
mount -t devpts -o newinstance,ptmxmode=0666 devpts dev/pts
mkdir run/sshd

# XNNPACK, the kernels of LiteRT, reads here which processor it runs on. The kernel would report the workstation's: with
# the /sys of an x86-64 XNNPACK crashes, and without a /sys it stays switched off.
mount -t tmpfs -o mode=755 tmpfs sys
mkdir -p sys/devices/system/cpu
for list in possible present online; do
    echo 0-3 > sys/devices/system/cpu/$list
done
case $core in
    cortex-a72) # a Raspberry Pi 4
        architecture=8 part=0xd08 revision=3
        features="fp asimd evtstrm crc32 cpuid" ;;
    cortex-a7) # a Raspberry Pi 2
        architecture=7 part=0xc07 revision=5
        features="half thumb fastmult vfp edsp neon vfpv3 tls vfpv4 idiva idivt vfpd32 lpae evtstrm" ;;
esac
for number in 0 1 2 3; do
    printf 'processor\t: %s\nBogoMIPS\t: 108.00\nFeatures\t: %s\n' $number "$features"
    printf 'CPU implementer\t: 0x41\nCPU architecture: %s\nCPU variant\t: 0x0\n' $architecture
    printf 'CPU part\t: %s\nCPU revision\t: %s\n\n' $part $revision
done > run/cpuinfo
mount --bind run/cpuinfo proc/cpuinfo

set -- -D -e -p "$port" -o ListenAddress=127.0.0.1 -o PasswordAuthentication=no -o UsePAM=no \
    -o MaxStartups=100 -o "SetEnv=QEMU_CPU=$core"
exec chroot . env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin QEMU_CPU="$core" /usr/sbin/sshd "$@"
