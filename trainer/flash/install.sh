#!/bin/sh
# Installs edge and model.tflite on this device, without any network. Run it with: sh install.sh
# As root it writes to /opt/edge and /var/lib/edge, as another user to ~/.local/share/edge.
set -eu
cd "$(dirname "$0")"

@FUNCTIONS@
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
make_environment "$base" "$name" "$python" wheels --no-index
"$base/venv/bin/edge" store install model.tflite --sha256 @SHA256@ @SIGNATURE@ --activate
say "ready; try: $base/venv/bin/edge label photo.jpg"
