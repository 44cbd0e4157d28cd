"""The userland of a Raspberry Pi: Debian, on which Raspberry Pi OS is built, made by Debian's own tools and kept.

``python tests/pi/userland.py trixie arm64`` (or ``bookworm``, or ``armhf``) builds it if it is not there, and prints
its folder.
"""

from __future__ import annotations

import argparse
import contextlib
import fcntl
import hashlib
import os
import platform
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

SUITES = ("trixie", "bookworm")
"""Debian's names of the systems on which Raspberry Pi OS is built: that of today, and the one before."""

USER = "pi"
PACKAGES = ("openssh-server", "python3", "python3-venv")
ARMHF_PACKAGES = ("python3-numpy", "python3-pil")
"""Further packages for 32 bits, because the package index has no wheels of numpy and Pillow for them."""

QEMU = {"arm64": "qemu-aarch64", "armhf": "qemu-arm"}
"""Debian's name of a processor -> the name of its emulator."""

_BINFMT = Path("/proc/sys/fs/binfmt_misc")
_TOOLS = {"debootstrap": "debootstrap", "unshare": "util-linux", "nsenter": "util-linux", "ssh": "openssh-client"}
_DPKG = """\
# No test needs these files, which an emulated processor is slow to unpack and to hash. pip loads one certificate.
path-exclude=/usr/share/ca-certificates/mozilla/*
path-include=/usr/share/ca-certificates/mozilla/ISRG_Root_X1.crt
path-exclude=/usr/share/doc/*
path-exclude=/usr/share/locale/*
path-exclude=/usr/share/man/*
force-unsafe-io
"""
_SSH_KEYS = tuple(f"etc/ssh/ssh_host_{kind}_key" for kind in ("rsa", "ecdsa", "ed25519"))
"""If these are there, the SSH server's package makes none, which takes many seconds; each Pi gets one of its own."""

_FINISH = f"""
set -eu
useradd --create-home --shell /bin/bash {USER}
usermod --password '*' {USER}
rm -rf /var/cache/apt/archives/*.deb /var/lib/apt/lists/* /etc/ssh/ssh_host_*
"""


class CannotEmulate(Exception):
    """A Raspberry Pi cannot be emulated on this machine; the message says why, and how to fix it."""


class System(NamedTuple):
    """Debian's ``suite``, one of :data:`SUITES`, for the processor ``arch``, one of :data:`QEMU`."""

    suite: str
    arch: str

    @property
    def name(self) -> str:
        """Its name in the cache: a userland of one system takes the place of its older ones alone."""
        return f"{self.suite}-{self.arch}"


def userland(system: System) -> Path:
    """The folder of the userland of ``system``; built if it is not there.

    The folder gets its name only when it is complete, and nothing is written to it afterwards.

    Raises :class:`CannotEmulate` if this machine cannot build or run it.
    """
    cache().mkdir(parents=True, exist_ok=True)
    with _alone("emulator"):
        register_emulator(system.arch)
    folder = cache() / f"{system.name}-{_recipe(system)}"
    with _alone(system.name):
        if not folder.is_dir():
            for stale in cache().glob(f"{system.name}-*"):
                shutil.rmtree(stale)
            part = cache() / f"{system.name}-part"
            _build(system, part)
            part.rename(folder)
    return folder


@contextlib.contextmanager
def _alone(name: str) -> Iterator[None]:
    """One process at a time is in a block of this ``name``."""
    with (cache() / f"{name}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def python_of(folder: Path) -> str:
    """The version of the Python in the userland ``folder``, such as ``3.13``."""
    return (folder / "usr/bin/python3").readlink().name.removeprefix("python")


def cache() -> Path:
    """The folder for userlands, beside the other caches of the trainer."""
    base = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    return Path(base) / "edge-for-poets" / "pi"


def register_emulator(arch: str) -> None:
    """Let the kernel run programs of ``arch``; like that of Debian's package, the registration lasts until a restart.

    Raises :class:`CannotEmulate` if that, or building a userland, is not possible here.
    """
    if os.geteuid() != 0:
        raise CannotEmulate("an emulated Raspberry Pi needs root, for debootstrap and mount: sudo make test-pi")
    for program, package in _TOOLS.items():
        if shutil.which(program) is None:
            raise CannotEmulate(f"{program} is missing: apt-get install {package}")
    name = QEMU[arch]
    if platform.machine() in ("aarch64", "arm64") and arch == "arm64":
        return
    if not (_BINFMT / "register").exists():
        mounted = subprocess.run(["mount", "-t", "binfmt_misc", "binfmt_misc", _BINFMT], capture_output=True, text=True)
        if mounted.returncode:
            raise CannotEmulate(f"binfmt_misc cannot be mounted here ({mounted.stderr.strip()})")
    if not (_BINFMT / name).exists():
        rule = Path("/usr/lib/binfmt.d") / f"{name}.conf"
        if not rule.is_file():
            raise CannotEmulate(f"{rule} is missing: apt-get install qemu-user-static")
        # Flag F: the kernel opens the emulator now, so that the userland does not have to contain it.
        (_BINFMT / "register").write_text(rule.read_text().strip())


def _packages(arch: str) -> tuple[str, ...]:
    return PACKAGES + (ARMHF_PACKAGES if arch == "armhf" else ())


def _recipe(system: System) -> str:
    parts = repr((system.suite, _packages(system.arch), _DPKG, _SSH_KEYS, _FINISH))
    return hashlib.sha256(parts.encode()).hexdigest()[:12]


def _build(system: System, folder: Path) -> None:
    shutil.rmtree(folder, ignore_errors=True)
    print(f"building Debian {system.suite} for {system.arch}, some minutes, once: {folder}", file=sys.stderr)
    options = [f"--arch={system.arch}", "--variant=minbase", f"--include={','.join(_packages(system.arch))}"]
    log = cache() / f"{system.name}.log"
    # In a new mount namespace: all that debootstrap mounts is unmounted when it ends.
    in_namespace = ["unshare", "--mount"]
    commands = (["debootstrap", *options, system.suite, folder, _mirror()], ["chroot", folder, "sh", "-c", _FINISH])
    _prepare(folder)
    with log.open("wb") as output:
        for command in commands:
            done = subprocess.run([*in_namespace, *command], stdout=output, stderr=output, env=_environment())
            if done.returncode:
                lines = log.read_text(errors="replace").splitlines()[-5:]
                raise CannotEmulate(
                    "\n".join(
                        [
                            f"the build of the userland failed; the whole output is in {log}. If the mirror has no "
                            f"{system.suite}, name another one in $PI_MIRROR",
                            *lines,
                        ]
                    )
                )


def _prepare(folder: Path) -> None:
    """Write the files that save time when packages are unpacked and configured there."""
    for name, content in (("etc/dpkg/dpkg.cfg.d/test-pi", _DPKG), *((name, "") for name in _SSH_KEYS)):
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(content)


def _environment() -> dict[str, str]:
    proxies = {name: value for name, value in os.environ.items() if name.lower().endswith("_proxy")}
    return {"PATH": "/usr/sbin:/usr/bin:/sbin:/bin", "LC_ALL": "C.UTF-8", **proxies}


def _mirror() -> str:
    """The mirror of Debian in ``$PI_MIRROR``, or else the one of apt on this machine; a whole mirror has all suites."""
    if mirror := os.environ.get("PI_MIRROR"):
        return mirror
    asked = ["apt-get", "indextargets", "--format", "$(REPO_URI)", "Origin: Debian", "Label: Debian"]
    try:
        targets = subprocess.run(asked, capture_output=True, text=True).stdout.split()
    except FileNotFoundError:
        targets = []
    if not targets:
        raise CannotEmulate("apt here knows no mirror of Debian: apt-get update, or name one in $PI_MIRROR")
    return targets[0]


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("suite", choices=SUITES)
    parser.add_argument("arch", choices=QEMU)
    chosen = parser.parse_args()
    try:
        print(userland(System(chosen.suite, chosen.arch)))
    except CannotEmulate as error:
        sys.exit(f"userland: {error}")
