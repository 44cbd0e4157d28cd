#!/bin/sh
# Installs edge and model.tflite on this device, without any network. Run it with: sh install.sh
# As root it writes to /opt/edge and /var/lib/edge, as another user to ~/.local/share/edge.
set -eu
cd "$(dirname "$0")"

@FUNCTIONS@
# Print the folder of the store, as edge store finds it.
store_folder() {
    if [ -n "${EDGE_STORE-}" ]; then echo "$EDGE_STORE"
    elif [ "$(id -u)" -eq 0 ] || [ -w /var/lib/edge ]; then echo /var/lib/edge
    else echo "${XDG_DATA_HOME:-$HOME/.local/share}/edge"; fi
}

# If this device asks for signatures, the list of the sums of all files must be signed by a key that it allows.
check_signature() {
    for signers in "@SIGNERS@" "$(store_folder)/allowed_signers"; do
        if [ -e "$signers" ] || [ -L "$signers" ]; then
            [ -r "$signers" ] || die 78 "$signers cannot be read; repair it, or run this as a user who may read it"
            command -v ssh-keygen > /dev/null || die 78 "ssh-keygen is missing; run: sudo apt install openssh-client"
            [ -f SHA256SUMS.sig ] || die 65 "refused: the bundle is not signed, and $signers asks for it"
            ssh-keygen -Y find-principals -s SHA256SUMS.sig -f "$signers" 2> /dev/null | while read -r principal; do
                ssh-keygen -Y verify -f "$signers" -I "$principal" -n @NAMESPACE@ -s SHA256SUMS.sig \
                    < SHA256SUMS > /dev/null 2>&1 && echo yes
            done | grep -q yes || die 65 "refused: the bundle's signature is not one that $signers allows"
            return
        fi
    done
}

check_signature
sha256sum --check --quiet SHA256SUMS || die 65 "the bundle is damaged; copy it again"
processor=$(uname -m)
case "$(dpkg --print-architecture 2>/dev/null)" in
    arm64) processor=aarch64 ;; armhf) processor=armv7l ;; amd64) processor=x86_64 ;;
esac
[ "$processor" = @PROCESSOR@ ] || die 78 "this bundle is for @PROCESSOR@, but this device is $processor"
python=$(find_python @PYTHON@)
base=$(base_folder)
name=$(sha256sum SHA256SUMS | cut -c1-16)
say "making $base/venv"
make_environment "$base" "$name" "$python" wheels offline
set --
if [ -f model.tflite.sig ]; then set -- --signature model.tflite.sig; fi
"$base/venv/bin/edge" store install model.tflite --sha256 @SHA256@ "$@" --activate
say "ready; try: $base/venv/bin/edge label photo.jpg"
