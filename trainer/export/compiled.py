"""The model file for an Edge TPU: the head of a finished file, behind the same network as it was compiled."""

from __future__ import annotations

import dataclasses
import hashlib
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from edge.modelfile.manifest import KNOWN_PHOTOS_NAME, MAX_TOLERANCE
from edge.modelfile.metadata import unpack_files
from edge.modelfile.model_file import ModelFile
from trainer.backbones.cut_head import FACTORS
from trainer.backbones.foreign.compiled import CompiledNetwork
from trainer.export.metadata import add_description, classifier_metadata, label_lines, pack_files
from trainer.export.quantized_head import QuantizedHead
from trainer.export.splice import splice_head
from trainer.tflite import noted_runtime, read_model, write_model

SUFFIX = "_edgetpu"
"""What stands at the end of the name of a file for an Edge TPU, as Google's compiler writes it."""


def compiled_path(path: Path) -> Path:
    """The file for an Edge TPU beside the model file ``path``."""
    return path.with_name(f"{path.stem}{SUFFIX}{path.suffix or '.tflite'}")


def export_compiled(content: bytes, compiled: CompiledNetwork) -> bytes:
    """The bytes of the model file with the int8 head of ``content``, a finished model file, behind ``compiled``.

    It could not be run: its manifest has no accuracy and no gate. Its self-test has the scores of ``content``, and
    allows them to differ as much as any self-test may.
    """
    model = ModelFile.from_bytes(content)
    assert model.manifest is not None
    tree = read_model(compiled.model.content)
    splice_head(tree, read_head(read_model(content[: unpack_files(content).flatbuffer_bytes])))
    name = f"{model.manifest.architecture} ({model.manifest.quantization}, Edge TPU)"
    description = "Image classifier retrained with Edge for Poets"
    grey = model.image.channels == 1
    add_description(tree, classifier_metadata(name, description, model.mean, model.std, grey=grey))
    flatbuffer = write_model(tree)
    note = (
        f"for an Edge TPU, on {compiled.name} (sha256 {compiled.sha256}): it was not run when it was made, and its "
        "self-test has the scores of the file for the processor"
    )
    training = {**model.manifest.training, "note": "; ".join(filter(None, [model.manifest.provenance.note, note]))}
    manifest = dataclasses.replace(
        model.manifest,
        model_sha256=hashlib.sha256(flatbuffer).hexdigest(),
        minimum_runtime=noted_runtime(tree) or "",
        accuracy=None,
        test_photos=0,
        training=training,
        self_test=model.manifest.self_test._replace(tolerance=MAX_TOLERANCE, other_tolerance=MAX_TOLERANCE),
        gate=None,
        distance=None,
        remembered=None,
    )
    return pack_files(flatbuffer, label_lines(model.labels), manifest, None, model.packed.get(KNOWN_PHOTOS_NAME))


def read_head(tree: Any) -> QuantizedHead:
    """The int8 head that :func:`~trainer.export.splice.splice_head` has appended to ``tree``."""
    named = {tensor.name: tensor for tensor in tree.subgraphs[0].tensors}

    def values(name: bytes, dtype: str) -> npt.NDArray[Any]:
        tensor = named[name]
        return np.frombuffer(bytes(tree.buffers[tensor.buffer].data), dtype).reshape(
            [int(size) for size in tensor.shape]
        )

    weights, logits = named[b"head/weights"].quantization, named[b"logits"].quantization
    factors = values(FACTORS, "i1")[0] // 2 if FACTORS in named else None  # they are written in halves
    return QuantizedHead(
        weights=values(b"head/weights", "i1"),
        weight_scale=float(weights.scale[0]),
        bias=values(b"head/bias", "<i4"),
        logit_scale=float(logits.scale[0]),
        logit_zero_point=int(logits.zeroPoint[0]),
        factors=factors,
    )
