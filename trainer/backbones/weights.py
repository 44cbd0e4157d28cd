"""The places that can have the pretrained weights of an architecture."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

from edge.distribution import install_command
from edge.errors import ConfigurationError, EdgeError, ModelError
from edge.files import write_output
from edge.home import home_folder
from edge.modelfile.reading import read_bounded
from trainer.backbones.architectures import (
    EFFICIENTNET_LITE0,
    FAMILIES,
    MOBILENET_V1,
    MOBILENET_V2,
    MOBILENET_V3_SMALL,
    Architecture,
)
from trainer.backbones.packaged_weights import installed, package_of
from trainer.backbones.weights_file import LARGEST_BYTES

OFFLINE = "offline"
"""Value of ``--weights`` that means those of the ``offline`` extra."""

RANDOM = "random"
"""Value for weights that were never trained: for measuring size and latency; the accuracy is useless."""

_KERAS_WEIGHTS = "https://storage.googleapis.com/tensorflow/keras-applications/"
_KERAS_FOLDERS = {MOBILENET_V1: "mobilenet", MOBILENET_V2: "mobilenet_v2", MOBILENET_V3_SMALL: "mobilenet_v3"}
_WHAT_IT_HAS = "has only mobilenet_1.0 and efficientnet_lite0"
_TIMEOUT_S = 20.0  # without any byte; a silent firewall would hang for ever
_HDF5 = b"\x89HDF\r\n\x1a\n"

_ALPHA_TEXT = {1.0: "1_0", 0.75: "7_5", 0.50: "5_0", 0.25: "2_5"}  # Keras' own spelling


IMAGENET = "imagenet"
"""The origin of weights that Keras publishes."""


class Weights(NamedTuple):
    """Weights on this machine: ``origin`` describes them, ``path`` is a Keras file or a frozen graph.

    ``sha256`` is that of the file. Without a ``path`` the weights are random.
    """

    origin: str
    path: Path | None
    sha256: str


def keras_cache_file(architecture: Architecture) -> Path:
    """The file in which Keras itself keeps the ImageNet weights of ``architecture``, after it has downloaded them.

    Raises :class:`~edge.errors.ConfigurationError` if the user has no home folder, and ``KERAS_HOME`` names none.
    """
    home = os.environ.get("KERAS_HOME") or home_folder() / ".keras"
    return Path(home) / "models" / _keras_name(architecture)


def keras_file_with_top(architecture: Architecture) -> Path:
    """The file in which Keras keeps the weights with the ImageNet classifier, if a program has asked for this "top"."""
    path = keras_cache_file(architecture)
    return path.with_name(path.name.replace("_no_top", ""))


def has_keras_weights(architecture: Architecture) -> bool:
    """Whether Keras publishes weights of ``architecture``."""
    return architecture.family != EFFICIENTNET_LITE0


def _keras_name(architecture: Architecture) -> str:
    size, alpha = architecture.input_size, architecture.alpha
    if architecture.family == MOBILENET_V1:
        return f"mobilenet_{_ALPHA_TEXT[alpha]}_{size}_tf_no_top.h5"
    if architecture.family == MOBILENET_V2:
        return f"mobilenet_v2_weights_tf_dim_ordering_tf_kernels_{alpha}_{size}_no_top.h5"
    return f"weights_{architecture.family}_{size}_{alpha}_float_no_top_v2.h5"


def weights_at_hand(architecture: Architecture) -> str | None:
    """Which weights of ``architecture`` need no download: ``"keras cache"``, ``"offline extra"`` or None."""
    if has_keras_weights(architecture) and os.path.isfile(keras_cache_file(architecture)):
        return "keras cache"
    return "offline extra" if _offline(architecture) else None


def download(architecture: Architecture) -> None:
    """Download the ImageNet weights of ``architecture`` into Keras' cache, from where Keras itself takes them.

    Raises :class:`~edge.errors.ConfigurationError` if that fails.
    """
    import http.client  # with TLS, slow to load: a cached run needs neither
    import urllib.request

    target = keras_cache_file(architecture)
    address = f"{_KERAS_WEIGHTS}{_KERAS_FOLDERS[architecture.family]}/{target.name}"
    try:
        with urllib.request.urlopen(address, timeout=_TIMEOUT_S) as answer:
            content = answer.read(LARGEST_BYTES)
            promised = int(answer.headers.get("Content-Length", len(content)))
        if len(content) < promised:  # the library does not say so if a number of bytes is asked for
            raise ConfigurationError("the download failed: the connection was cut; run the same command again")
        if not content.startswith(_HDF5) or len(content) == LARGEST_BYTES:
            raise ConfigurationError("the download failed: what came is no file of weights; is there a login page?")
        write_output(target, content)
    except (OSError, ValueError, http.client.HTTPException, EdgeError) as error:
        if isinstance(error, ConfigurationError):
            raise
        raise ConfigurationError(f"the download failed: {' '.join(str(error).split())[:120]}") from None


def find_weights(
    architecture: Architecture,
    choice: str | None,
    settled: Callable[[Weights], bool],
    download: Callable[[Architecture], None],
) -> Weights:
    """The weights for ``architecture``, from the first place that has them.

    In order: the file that ``choice`` names (or ``"offline"``, ``"random"``); Keras' cache; Keras' download;
    the ``offline`` extra, if it has weights of ``architecture``. ``settled`` says whether an earlier run used those of
    the extra already; then the download is not tried again. ``download`` downloads into Keras' cache.

    Raises :class:`~edge.errors.ConfigurationError` if they are in none of these places.
    """
    if choice == RANDOM:
        return Weights("random", None, "")
    if choice == OFFLINE:
        reason = "the offline extra " + ("is not installed" if package_of(architecture) else _WHAT_IT_HAS)
        return _offline(architecture) or _unavailable(architecture, reason)
    if choice is not None:
        return _from_file(Path(choice), Path(choice).name + _other_size(Path(choice).name, architecture))
    if not has_keras_weights(architecture):
        return _offline(architecture) or _unavailable(architecture, "the offline extra is not installed")
    cached = keras_cache_file(architecture)
    if os.path.isfile(cached):  # unlike pathlib without an error if the folder may not be entered
        return _from_file(cached, IMAGENET)
    offline = _offline(architecture)
    if offline and settled(offline):
        return offline
    try:
        download(architecture)
        return _from_file(cached, IMAGENET)
    except ConfigurationError as error:
        return offline or _unavailable(architecture, str(error))


def _offline(architecture: Architecture) -> Weights | None:
    package = package_of(architecture)
    path = installed(package) if package else None
    return Weights(package.origin, path, package.sha256) if package and path else None


def _other_size(name: str, architecture: Architecture) -> str:
    """What to say of a file that Keras calls ``name``, if its weights were trained at another input size.

    Weights fit all sizes of a width, so that only the name shows it.
    """
    for size in FAMILIES[architecture.family].input_sizes:
        keras_name = _keras_name(architecture._replace(input_size=size)) if has_keras_weights(architecture) else ""
        if size != architecture.input_size and name in (keras_name, keras_name.replace("_no_top", "")):
            return f", trained at {size} pixels"
    return ""


def _from_file(path: Path, origin: str) -> Weights:
    try:
        content = read_bounded(path, LARGEST_BYTES, "the weights")
    except ModelError as error:
        raise ConfigurationError(str(error)) from None
    return Weights(origin, path, hashlib.sha256(content).hexdigest())


def _unavailable(architecture: Architecture, reason: str) -> Weights:
    ways = ["give --weights FILE"]
    if has_keras_weights(architecture):
        ways.append("or connect once so that they are downloaded (or set KERAS_HOME to a folder that has them)")
    if package_of(architecture) or architecture.family == MOBILENET_V1:
        other = "" if package_of(architecture) else "for width 1.0 "
        ways.append(f"or {other}{install_command(OFFLINE)}")
    raise ConfigurationError(f"no pretrained weights for {architecture.name} ({reason}): {', '.join(ways)}")
