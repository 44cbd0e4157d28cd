"""The hidden output: a model file has one output; its copy in memory has two."""

from __future__ import annotations

import hashlib
import importlib

import numpy as np
import pytest

from edge.errors import ModelError
from edge.inference.interpreter import RUNTIMES, ImageInterpreter, dequantize, installed_runtimes
from edge.modelfile.hidden_output import outputs_position, reveal, with_declared_outputs
from edge.modelfile.metadata import unpack_files
from edge.modelfile.model_file import ModelFile
from edge.modelfile.structure import examine
from edge.preprocess import preprocess
from support import surgery
from support.gated import GATED, noisy, repacked

pytestmark = pytest.mark.numeric

CONTENT = GATED.read_bytes()


def _hash_of(gate: bytes) -> dict[str, object]:
    return {"sha256": hashlib.sha256(gate).hexdigest()}


@pytest.mark.parametrize("runtime", installed_runtimes())
def test_a_bare_interpreter_sees_one_output(runtime: str) -> None:
    """The file as it lies there has one output, the scores; the revealed copy has two."""
    module = importlib.import_module(RUNTIMES[runtime])
    model = ModelFile.from_bytes(CONTENT)
    for content, names in ((CONTENT, ["scores"]), (reveal(model).content, ["scores", "bottleneck"])):
        interpreter = module.Interpreter(model_content=content)
        interpreter.allocate_tensors()
        assert [detail["name"] for detail in interpreter.get_output_details()] == names


def test_one_byte_differs() -> None:
    """Nothing but the length of the vector of outputs is another in the revealed copy."""
    revealed = reveal(ModelFile.from_bytes(CONTENT)).content
    differing = [at for at, (one, other) in enumerate(zip(CONTENT, revealed, strict=True)) if one != other]
    assert differing == [outputs_position(CONTENT)]
    assert with_declared_outputs(revealed, 1) == CONTENT


def test_structure_of_both_is_examined() -> None:
    """The file passes the check of its structure; the copy is refused, because a file must not have two outputs."""
    flatbuffer = CONTENT[: unpack_files(CONTENT).flatbuffer_bytes]
    assert examine(flatbuffer).output.name == "scores"
    with pytest.raises(ModelError, match="2 outputs instead of one"):
        examine(with_declared_outputs(flatbuffer, 2))


@pytest.mark.parametrize("runtime", installed_runtimes())
def test_bottleneck_and_scores(runtime: str) -> None:
    """The bottleneck of the tiny model is the mean colour of each cell; the scores are those of the plain file."""
    model = ModelFile.from_bytes(CONTENT)
    pixels = preprocess(noisy("green", 1), (32, 32))
    interpreter = ImageInterpreter(model, runtime=runtime, with_bottleneck=True)
    scores = interpreter.scores(pixels)
    cells = pixels.reshape(4, 8, 4, 8, 3).mean(axis=(1, 3)).reshape(-1) / 127.5 - 1
    bottleneck = dequantize(interpreter.read_bottleneck(), interpreter.bottleneck)
    np.testing.assert_allclose(bottleneck[0], cells, atol=0.02)
    assert scores.tolist() == ImageInterpreter(model, runtime=runtime).scores(pixels).tolist()


@pytest.mark.parametrize("tensor", [0, 4, 99])
def test_hidden_entry_must_be_the_one_that_the_manifest_names(tensor: int) -> None:
    """A manifest that names another tensor than the file hides is refused."""
    with pytest.raises(ModelError, match="not where its manifest says"):
        reveal(repacked({"tensor": tensor}))


def test_hidden_tensor_must_be_a_row_of_features() -> None:
    """A hidden tensor of another width than the gate's features is refused."""
    gate = bytes(47 * 28)
    with pytest.raises(ModelError, match=r"is int8 \(1, 48\), not one row of 47 features"):
        reveal(repacked({"features": 47, **_hash_of(gate)}, gate, distance=False))


def test_model_without_a_gate_has_nothing_to_reveal() -> None:
    """If the manifest names no gate, the hidden output is refused."""
    with pytest.raises(ModelError, match="no hidden output"):
        reveal(ModelFile.from_bytes(surgery.tiny()))
