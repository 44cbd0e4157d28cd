"""Writing the hidden output that :mod:`edge.modelfile.hidden_output` reads."""

from __future__ import annotations

from typing import Any

import numpy as np

from edge.modelfile.hidden_output import with_declared_outputs
from trainer.tflite import write_model


def write_with_hidden_output(model: Any, tensor: int) -> bytes:
    """The object tree ``model`` as a flatbuffer that declares one output and has a place for ``tensor`` behind it."""
    graph = model.subgraphs[0]
    declared = graph.outputs
    graph.outputs = np.array([*declared, tensor], np.int32)
    content = write_model(model)
    graph.outputs = declared
    return with_declared_outputs(content, len(declared))
