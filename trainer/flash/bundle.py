"""One archive that installs a model on a device without any network: wheels, the model, and a shell script."""

from __future__ import annotations

import gzip
import hashlib
import io
import tarfile
import tempfile
from collections.abc import Callable, Mapping
from importlib.resources import files
from pathlib import Path

from edge.errors import ConfigurationError
from edge.files import write_output
from edge.modelfile.model_file import ModelFile
from edge.store.signature import NAMESPACE, SYSTEM_SIGNERS
from trainer.wheels.device_platform import DevicePlatform
from trainer.wheels.environment import shell_functions
from trainer.wheels.wheelhouse import REQUIREMENTS_NAME, WheelRequest, collect_wheels

_FOLDER = "edge-bundle"


def default_bundle_path(model: Path, platform: DevicePlatform) -> Path:
    """The archive for ``model`` and ``platform``, in the current folder."""
    return Path(f"{model.stem}-{platform.processor}-python{platform.python}.tar.gz")


def pack_bundle(
    model: Path, request: WheelRequest, *, advance: Callable[[int], None] = lambda count: None
) -> dict[str, bytes]:
    """The files of a bundle of ``model`` and the wheels of ``request``, by name, without the list of their sums.

    ``advance`` is called with the number of new wheels.

    Raises :class:`~edge.errors.ModelError` if ``model`` is not a model file,
    :class:`~edge.errors.ConfigurationError` if a wheel is missing for the platform, and what
    :func:`~trainer.wheels.wheelhouse.collect_wheels` raises.
    """
    content = ModelFile.load(model).content
    platform = request.platform
    with tempfile.TemporaryDirectory(prefix="edge-bundle-") as folder:
        collected = collect_wheels(request, Path(folder), advance)
        collected.check_interpreter(platform)
        if collected.missing:
            raise ConfigurationError(
                f"there are no wheels for {platform.processor} and Python {platform.python} of "
                f"{', '.join(collected.missing)}; make them on such a device with pip wheel and give their folder "
                "with --find-links"
            )
        parts = {f"wheels/{wheel.name}": wheel.read_bytes() for wheel in collected.wheels}
        parts[f"wheels/{REQUIREMENTS_NAME}"] = collected.requirements().encode()
    parts["model.tflite"] = content
    parts["install.sh"] = _installer(platform, hashlib.sha256(content).hexdigest())
    return parts


def write_bundle(files: Mapping[str, bytes], output: Path, sign: Callable[[bytes], bytes] | None = None) -> None:
    """Write the ``files`` of :func:`pack_bundle` to the archive ``output`` (tar.gz); equal parts give equal bytes.

    ``sign`` makes a signature of bytes: it is called for the model, and for the list of the sums of all files.

    Raises :class:`~edge.errors.StorageError` if ``output`` cannot be written, and what ``sign`` raises.
    """
    parts = dict(files)
    if sign:
        parts["model.tflite.sig"] = sign(parts["model.tflite"])
    sums = "".join(f"{hashlib.sha256(parts[name]).hexdigest()}  {name}\n" for name in sorted(parts)).encode()
    parts["SHA256SUMS"] = sums
    if sign:
        parts["SHA256SUMS.sig"] = sign(sums)
    write_output(output, _archive(parts))


def _installer(platform: DevicePlatform, sha256: str) -> bytes:
    text = files("trainer.flash").joinpath("install.sh").read_text("utf-8")
    values = {
        "PROCESSOR": platform.processor,
        "PYTHON": platform.python,
        "SHA256": sha256,
        "SIGNERS": SYSTEM_SIGNERS.as_posix(),
        "NAMESPACE": NAMESPACE,
        "FUNCTIONS": shell_functions(),
    }
    for name, value in values.items():
        text = text.replace(f"@{name}@", value)
    return text.encode()


def _archive(parts: dict[str, bytes]) -> bytes:
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w", format=tarfile.USTAR_FORMAT) as archive:
        for name in sorted(parts):
            entry = tarfile.TarInfo(f"{_FOLDER}/{name}")
            entry.size = len(parts[name])
            entry.mode = 0o755 if name.endswith(".sh") else 0o644
            archive.addfile(entry, io.BytesIO(parts[name]))
    return gzip.compress(packed.getvalue(), mtime=0)
