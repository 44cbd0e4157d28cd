"""Weights in a file of Keras 1 to 3, read as data: ``.h5``, ``.weights.h5`` or ``.keras``."""

from __future__ import annotations

import io
import itertools
import re
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import numpy as np

from edge.errors import DataError
from edge.shorten import shorten
from trainer.backbones.frozen_graph import Arrays
from trainer.backbones.network_graph import NetworkGraph
from trainer.backbones.tuned_weights import DAMAGED, Floats
from trainer.backbones.weights_file import check_zip, other_form

_LARGEST = 2 * 1024 * 1024  # values of an array of these networks: a classifier has 1,280 x 1,000
_MOST_ARRAYS = 4  # of one layer: gamma, beta, mean and variance
_MOST_LINKS = 20_000  # names of groups and arrays: a network with what its optimizer keeps has about 1,500
_CLASSIFIERS = ("conv_preds", "predictions", "Logits")
"""The last layer's name in Keras' old form: of MobileNet v1, of MobileNetV2 since Keras 2.3, and before."""

Result = TypeVar("Result")


def read_keras_weights(path: Path, graph: NetworkGraph) -> dict[str, Arrays]:
    """The weights of each layer of ``graph`` in the file ``path``, by the layer's name.

    Raises :class:`~edge.errors.DataError` if it is no file of Keras.
    """
    return _read(path, lambda file: _by_class(file["layers"], graph) if "layers" in file else _by_name(file, graph))


def read_keras_classifier(path: Path, graph: NetworkGraph) -> Floats | None:
    """The kernel of the layer behind the mean of ``graph``: (values of the bottleneck, classes), or (1, 1, ...).

    None if the file ``path`` has none ("no top"). Raises :class:`~edge.errors.DataError` if it is no file of Keras.
    """
    return _read(path, lambda file: _classifier(file, graph))


def _read(path: Path, read: Callable[[Any], Result]) -> Result:
    import h5py

    try:
        content: Any = path
        with path.open("rb") as start:
            is_zip = start.read(2) == b"PK" and zipfile.is_zipfile(start)  # a TFLite model may have a zip behind it
        if is_zip:
            with zipfile.ZipFile(path) as archive:
                check_zip(archive)
                content = io.BytesIO(archive.read("model.weights.h5"))
        with h5py.File(content) as file:
            _check_links(file)
            return read(file)
    except DataError:
        raise
    except (OSError, *DAMAGED) as error:  # h5py checks little: a changed byte can raise any of these
        words = str(error) or type(error).__name__
        other = other_form(path) if isinstance(error, OSError) else None
        reason = "it is cut short; delete it" if "truncated" in words else other or words
        raise DataError(f"no file of Keras' weights: {reason}") from None


def _check_links(file: Any) -> None:
    """Refuse a file that refers to others: what is read may be a pipe or a device."""
    import h5py

    links = itertools.count()

    def other(name: bytes, link: Any) -> bytes | None:
        return name if link.type != h5py.h5l.TYPE_HARD or next(links) > _MOST_LINKS else None

    found = file.id.links.visit(other, info=True)  # follows no link
    if found is not None:
        raise DataError(f"{found[:80].decode('utf-8', 'replace')} is no part of a file of weights")


def _classifier(file: Any, graph: NetworkGraph) -> Floats | None:
    if "layers" not in file:
        groups = file.get("model_weights", file)
        group = next((groups[name] for name in _CLASSIFIERS if name in groups), None)
        names = [] if group is None else list(_weight_names(group))
        return None if group is None or not names else _array(group[names[0]])
    # Layers are counted for each class: the classifier is a dense one, or the convolution behind those of the network.
    count = sum(not layer.depthwise for layer in graph.convolutions)
    group = next((file["layers"][name] for name in ("dense", f"conv2d_{count}") if name in file["layers"]), None)
    return None if group is None else _array(group["vars"]["0"])


def _by_name(file: Any, graph: NetworkGraph) -> dict[str, Arrays]:
    """Keras' old form: a group for each layer, with the names of its arrays in their order."""
    groups, weights = file.get("model_weights", file), {}
    for name in [name for layer in graph.convolutions for name in (layer.name, layer.norm) if name]:
        group = next((groups[spelt] for spelt in (name, _older_name(name)) if spelt in groups), None)
        if group is not None:
            weights[name] = [_array(group[key]) for key in _weight_names(group)]
    if not weights:
        found = ", ".join(shorten(name, 40) for name in itertools.islice(groups, 3))
        raise DataError(f"it has no layer {graph.convolutions[0].name}; its layers are called {found or 'nothing'}")
    return weights


def _weight_names(group: Any) -> Any:
    """The names of the arrays of the layer ``group``; what a damaged list of them claims can crash the HDF5 library."""
    import h5py

    stored = group.attrs.get_id("weight_names")
    if stored.shape == (0,):
        return ()
    if len(stored.shape) != 1 or stored.shape[0] > _MOST_ARRAYS or h5py.check_string_dtype(stored.dtype) is None:
        raise DataError(f"the names of the arrays of {group.name} are damaged")
    return group.attrs["weight_names"]


def _older_name(name: str) -> str:
    """How Keras 2 spelt ``name``, a layer of MobileNetV3: ``expanded_conv_3/squeeze_excite/Conv_1``."""
    name = re.sub(r"(?<=conv)((?:_\d+)?)_(?=expand|depthwise|project|squeeze)", r"\1/", name)
    name = re.sub(r"_bn$", "/BatchNorm", name)
    return re.sub(r"(^|squeeze_excite_)conv", lambda match: match[1].replace("excite_", "excite/") + "Conv", name)


def _by_class(groups: Any, graph: NetworkGraph) -> dict[str, Arrays]:
    """Keras 3's own form: layers are counted for each class; here, in the order of the network."""
    counts = {"conv2d": 0, "depthwise_conv2d": 0, "batch_normalization": 0}

    def arrays(kind: str) -> Arrays:
        number, counts[kind] = counts[kind], counts[kind] + 1
        group = groups[f"{kind}_{number}" if number else kind]["vars"]
        return [_array(group[key]) for key in sorted(group, key=int)[:_MOST_ARRAYS]]

    weights: dict[str, Arrays] = {}
    for layer in graph.convolutions:
        weights[layer.name] = arrays("depthwise_conv2d" if layer.depthwise else "conv2d")
        if layer.norm:
            weights[layer.norm] = arrays("batch_normalization")
    return weights


def _array(dataset: Any) -> Floats:
    """The floats of ``dataset``; what a file claims is checked before it takes memory."""
    if dataset.dtype.kind != "f" or dataset.size > _LARGEST:
        raise DataError(f"{dataset.name} is no array of floats that such a network has")
    # Keras writes none of these: chunks may be packed, and the others are read from other files.
    if dataset.chunks is not None or dataset.external or dataset.is_virtual:
        raise DataError(f"{dataset.name} is not stored as Keras stores arrays; save the weights with Keras again")
    return np.asarray(dataset, np.float32)
