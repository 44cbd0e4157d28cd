"""The same network, compiled for an Edge TPU: it cannot run here, but it can carry a head.

Google's compiler makes one custom operator of what the Edge TPU computes. Operators behind it run on the processor, so
a head can be appended. Its features are taken to be those of the file that was compiled, the twin that runs here: the
Edge TPU computes the same 8-bit arithmetic. What can be checked without one is that both have the same borders.
"""

from __future__ import annotations

import hashlib
from typing import NamedTuple

from edge.errors import ModelError
from edge.modelfile.model_file import ModelFile
from edge.modelfile.structure import TensorSpec
from trainer.backbones.backbone import Backbone
from trainer.backbones.foreign.custom_operators import EDGE_TPU
from trainer.backbones.foreign.cut_point import find_cut
from trainer.backbones.foreign.foreign_backbone import cut_artifact
from trainer.backbones.foreign.read_file import read_checked, read_foreign
from trainer.backbones.foreign.tree_view import TreeView


class CompiledNetwork(NamedTuple):
    """A backbone for an Edge TPU: ``model`` has the borders of its twin. ``name`` and ``sha256`` are of its file."""

    name: str
    sha256: str
    model: ModelFile


def compiled_network(content: bytes, name: str, twin: Backbone) -> CompiledNetwork:
    """The network in ``content``, the file ``name`` that was compiled of the network of ``twin``.

    Raises :class:`~edge.errors.ModelError` if it was not compiled for an Edge TPU, if pictures or features are not
    those of ``twin``, or if those are no integers.
    """
    if twin.quantization != "int8":
        raise ModelError(
            f"its twin's features are floats ({twin.quantization}), and a head for an Edge TPU computes in integers; "
            "give a network whose features are 8-bit integers as --backbone"
        )
    file = read_foreign(content)
    view = TreeView(file.tree)
    if EDGE_TPU not in map(view.custom_name, view.graph.operators):
        raise ModelError(f"it was not compiled for an Edge TPU (no {EDGE_TPU} in it); give what edgetpu_compiler wrote")
    cut = read_checked(lambda: find_cut(view))
    model = read_checked(lambda: cut_artifact(file, cut, allowed=EDGE_TPU))
    if model.input != twin.model.input:
        raise ModelError(
            f"it takes {_described(model.input)} and its twin {_described(twin.model.input)}; give the file that it "
            "was compiled from as --backbone"
        )
    if model.output != twin.model.output:
        raise ModelError(
            f"it gives {_described(model.output)} and its twin {_described(twin.model.output)}; a classifier that was "
            "compiled whole cannot be cut: compile the network without its last layer, an embedding extractor"
        )
    return CompiledNetwork(name, hashlib.sha256(content).hexdigest(), model)


def _described(tensor: TensorSpec) -> str:
    return f"{tensor.dtype} {tensor.shape} in steps of {tensor.scale:.6g} from {tensor.zero_point}"
