"""The places that can have the pretrained weights of an architecture."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

from edge.distribution import install_command
from edge.errors import ConfigurationError, EdgeError
from edge.files import write_whole
from trainer.backbones import frozen_graph
from trainer.backbones.architectures import Architecture

OFFLINE = "offline"
"""Value of ``--weights`` that means the graph of the ``offline`` extra."""

RANDOM = "random"
"""Value for weights that were never trained: for measuring size and latency; the accuracy is useless."""

_KERAS_WEIGHTS = "https://storage.googleapis.com/tensorflow/keras-applications/mobilenet/"
_TIMEOUT_S = 20.0  # without any byte; a silent firewall would hang for ever
_LARGEST_BYTES = 100_000_000  # the largest file has 17 MB
_HDF5 = b"\x89HDF\r\n\x1a\n"

_ALPHA_TEXT = {1.0: "1_0", 0.75: "7_5", 0.50: "5_0", 0.25: "2_5"}  # Keras' own spelling


class Weights(NamedTuple):
    """Weights on this machine: ``origin`` describes them, ``path`` is a Keras file or a frozen graph.

    ``sha256`` is that of the file. Without a ``path`` the weights are random.
    """

    origin: str
    path: Path | None
    sha256: str


def keras_cache_file(architecture: Architecture) -> Path:
    """The file in which Keras itself keeps the ImageNet weights of ``architecture``, after it has downloaded them."""
    home = os.environ.get("KERAS_HOME") or Path.home() / ".keras"
    alpha = _ALPHA_TEXT[architecture.alpha]
    return Path(home) / "models" / f"mobilenet_{alpha}_{architecture.input_size}_tf_no_top.h5"


def weights_at_hand(architecture: Architecture) -> str | None:
    """Which weights of ``architecture`` need no download: ``"keras cache"``, ``"offline extra"`` or None."""
    if keras_cache_file(architecture).is_file():
        return "keras cache"
    if architecture.alpha == 1.0 and frozen_graph.installed_graph():
        return "offline extra"
    return None


def download(architecture: Architecture) -> None:
    """Download the ImageNet weights of ``architecture`` into Keras' cache, from where Keras itself takes them.

    Raises :class:`~edge.errors.ConfigurationError` if that fails.
    """
    import http.client  # with TLS, slow to load: a cached run needs neither
    import urllib.request

    target = keras_cache_file(architecture)
    try:
        with urllib.request.urlopen(_KERAS_WEIGHTS + target.name, timeout=_TIMEOUT_S) as answer:
            content = answer.read(_LARGEST_BYTES)
            promised = int(answer.headers.get("Content-Length", len(content)))
        if len(content) < promised:  # the library does not say so if a number of bytes is asked for
            raise ConfigurationError("the download failed: the connection was cut; run the same command again")
        if not content.startswith(_HDF5) or len(content) == _LARGEST_BYTES:
            raise ConfigurationError("the download failed: what came is no file of weights; is there a login page?")
        write_whole(target, content)
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
    for width 1.0, the graph of the ``offline`` extra. ``settled`` says whether an earlier run used that graph already;
    then the download is not tried again. ``download`` downloads into Keras' cache.

    Raises :class:`~edge.errors.ConfigurationError` if they are in none of these places.
    """
    if choice == RANDOM:
        return Weights("random", None, "")
    if choice == OFFLINE:
        reason = "the offline extra " + ("is not installed" if architecture.alpha == 1.0 else "has only width 1.0")
        return _offline(architecture) or _unavailable(architecture, reason)
    if choice is not None:
        return _from_file(Path(choice), str(Path(choice).name))
    cached = keras_cache_file(architecture)
    if cached.is_file():
        return _from_file(cached, "imagenet")
    offline = _offline(architecture)
    if offline and settled(offline):
        return offline
    try:
        download(architecture)
        return _from_file(cached, "imagenet")
    except ConfigurationError as error:
        return offline or _unavailable(architecture, str(error))


def _offline(architecture: Architecture) -> Weights | None:
    path = frozen_graph.installed_graph() if architecture.alpha == 1.0 else None
    return Weights("imagenet (1.0_224, offline extra)", path, frozen_graph.GRAPH_SHA256) if path else None


def _from_file(path: Path, origin: str) -> Weights:
    try:
        return Weights(origin, path, hashlib.sha256(path.read_bytes()).hexdigest())
    except OSError as error:
        raise ConfigurationError(f"{path}: cannot read the weights ({error.strerror})") from None


def _unavailable(architecture: Architecture, reason: str) -> Weights:
    raise ConfigurationError(
        f"no pretrained weights for {architecture.name} ({reason}): give --weights FILE, or connect once so that "
        "they are downloaded (or set KERAS_HOME to a folder that has them), or for width 1.0 "
        f"{install_command('offline')}"
    )
