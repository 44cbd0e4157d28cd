"""One archive that makes a device ready without any network: wheels, the model, and an installer in plain shell."""

from __future__ import annotations

import gzip
import hashlib
import io
import tarfile
import tempfile
from collections.abc import Callable, Sequence
from importlib.resources import files
from pathlib import Path

from edge.errors import ConfigurationError
from edge.files import write_whole
from edge.modelfile.model_file import ModelFile
from trainer.wheels.edge_wheel import device_functions
from trainer.wheels.machine import Machine
from trainer.wheels.wheelhouse import collect_wheels

_TOP = "edge-bundle"


def write_bundle(
    model: Path,
    machine: Machine,
    output: Path,
    find_links: list[Path],
    extras: Sequence[str] = (),
    signature: bytes | None = None,
    advance: Callable[[int], None] = lambda count: None,
) -> Path:
    """Write the archive ``output`` (tar.gz) for ``model`` on ``machine``; the same parts give the same bytes.

    ``find_links`` are folders of wheels beside pip's indexes, ``extras`` those of the edge package; ``advance`` is
    called with the number of wheels that came.

    Raises :class:`~edge.errors.ModelError` for a file that is no model, and
    :class:`~edge.errors.ConfigurationError` where no index has wheels of something that ``machine`` needs.
    """
    content = ModelFile.load(model).content
    with tempfile.TemporaryDirectory(prefix="edge-bundle-") as folder:
        house = collect_wheels(machine, Path(folder), find_links, extras, advance)
        if house.missing:
            raise ConfigurationError(
                f"no wheels for {machine.architecture} and Python {machine.python}: {', '.join(house.missing)}; "
                "fetch them on such a device with pip wheel and give their folder with --find-links"
            )
        parts = {f"wheels/{wheel.name}": wheel.read_bytes() for wheel in house.wheels}
    parts["model.tflite"] = content
    if signature is not None:
        parts["model.tflite.sig"] = signature
    parts["install.sh"] = _installer(machine, hashlib.sha256(content).hexdigest(), signature is not None)
    sums = [f"{hashlib.sha256(parts[name]).hexdigest()}  {name}\n" for name in sorted(parts)]
    parts["SHA256SUMS"] = "".join(sums).encode()
    write_whole(output, _archive(parts))
    return output


def _installer(machine: Machine, sha256: str, signed: bool) -> bytes:
    text = files("trainer.flash").joinpath("install.sh").read_text("utf-8")
    values = {
        "ARCHITECTURE": machine.architecture,
        "PYTHON": machine.python,
        "SHA256": sha256,
        "SIGNATURE": "--signature model.tflite.sig" if signed else "",
    }
    values["ENVIRONMENT"] = device_functions()
    for name, value in values.items():
        text = text.replace(f"@{name}@", value)
    return text.encode()


def _archive(parts: dict[str, bytes]) -> bytes:
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w", format=tarfile.USTAR_FORMAT) as archive:
        for name in sorted(parts):
            entry = tarfile.TarInfo(f"{_TOP}/{name}")
            entry.size = len(parts[name])
            entry.mode = 0o755 if name.endswith(".sh") else 0o644
            archive.addfile(entry, io.BytesIO(parts[name]))
    return gzip.compress(packed.getvalue(), mtime=0)
