"""``trainer bundle``: a model and all that runs it, for a device without network."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated

import typer

from edge.files import check_writable
from trainer.commands.options import AsJson, Extras, FindLinks, SignKey
from trainer.flash.bundle import write_bundle
from trainer.flash.signing import sign
from trainer.terminal.progress import TerminalProgress
from trainer.wheels.machine import Machine


def bundle_command(
    model: Annotated[Path, typer.Argument(help="The model file.")],
    platform: Annotated[
        str, typer.Option(help="aarch64 (64-bit Raspberry Pi OS), armv7l (32-bit) or x86_64.")
    ] = "aarch64",
    python: Annotated[str, typer.Option(help="The device's Python, as python3 --version says there.")] = "3.11",
    output: Annotated[Path | None, typer.Option(help="The archive (default: named after the model).")] = None,
    find_links: FindLinks = None,
    extra: Extras = None,
    sign_key: SignKey = None,
    as_json: AsJson = False,
) -> None:
    """Pack MODEL, the edge package and all it needs into one archive, with an installer that needs no network."""
    machine = Machine.of(platform, python)
    path = output or Path(f"{model.stem}-{platform}-python{python}.tar.gz")
    check_writable(path, "bundle.tar.gz")
    signature = sign(model.read_bytes(), sign_key) if sign_key else None
    progress = TerminalProgress()
    with progress.stage("wheels") as advance:
        write_bundle(model, machine, path, find_links or [], extra or [], signature, advance)
    if as_json:
        print(json.dumps({"path": str(path), "size_bytes": path.stat().st_size}))
    else:
        print(path)
        progress.message(f"on the device: tar -xzf {path.name} && sh edge-bundle/install.sh")
