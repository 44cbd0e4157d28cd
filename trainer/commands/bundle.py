"""``trainer bundle``: an archive that installs a model on a device without network."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated

import typer

from edge.files import check_writable
from trainer.commands.options import AsJson, Extras, FindLinks, SignKey
from trainer.flash.bundle import default_bundle_path, pack_bundle, write_bundle
from trainer.flash.signing import sign
from trainer.terminal.progress_bars import TerminalProgress
from trainer.wheels.device_platform import DevicePlatform
from trainer.wheels.wheelhouse import WheelRequest


def bundle_command(
    model: Annotated[Path, typer.Argument(metavar="MODEL", help="The model file.")],
    platform: Annotated[
        str,
        typer.Option(help="Processor of the device: aarch64 (64-bit Raspberry Pi OS), armv7l (32-bit) or x86_64."),
    ] = "aarch64",
    python: Annotated[
        str, typer.Option(help="Version of Python on the device; python3 --version prints it there.")
    ] = "3.13",
    output: Annotated[
        Path | None, typer.Option(help="The archive (default: named after MODEL, in the current folder).")
    ] = None,
    find_links: FindLinks = None,
    extra: Extras = None,
    sign_key: SignKey = None,
    as_json: AsJson = False,
) -> None:
    """Write one archive with MODEL, the edge package, all that it needs, and an installer that needs no network."""
    device = DevicePlatform.of(platform, python)
    path = output or default_bundle_path(model, device)
    request = WheelRequest(device, find_links or [], extra or [])
    check_writable(path, example="bundle.tar.gz")
    progress = TerminalProgress()
    with progress.stage("wheels") as advance:
        packed = pack_bundle(model, request, advance=advance)
    # After the progress bar: ssh-keygen may ask for a passphrase on the terminal.
    write_bundle(packed, path, (lambda content: sign(content, sign_key)) if sign_key else None)
    if as_json:
        print(json.dumps({"path": str(path), "size_bytes": path.stat().st_size}))
    else:
        print(path)
        progress.message(f"on the device: tar -xzf {path.name} && sh edge-bundle/install.sh")
