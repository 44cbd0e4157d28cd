#!/bin/sh
# Makes this device label pictures with model.tflite, without any network: sh install.sh
# As root: /opt/edge and /var/lib/edge. As a user: ~/.local/share/edge.
set -eu
cd "$(dirname "$0")"

@ENVIRONMENT@
sha256sum --check --quiet SHA256SUMS || die 65 "the bundle is damaged; copy it again"
architecture=$(uname -m)
case "$(dpkg --print-architecture 2>/dev/null)" in
    arm64) architecture=aarch64 ;; armhf) architecture=armv7l ;; amd64) architecture=x86_64 ;;
esac
[ "$architecture" = @ARCHITECTURE@ ] || die 78 "this bundle is for @ARCHITECTURE@ and this device is $architecture"
python=$(find_python @PYTHON@)
base=$(base_folder)
name=$(sha256sum SHA256SUMS | cut -c1-16)
say "making $base/venv"
make_environment "$base" "$name" "$python" wheels --no-index
"$base/venv/bin/edge" store install model.tflite --sha256 @SHA256@ @SIGNATURE@ --activate
say "ready: $base/venv/bin/edge label photo.jpg"
