"""The signature of the exported files: programs ask for tensors by the names "image" and "scores"."""

from __future__ import annotations

import importlib
import json
from pathlib import Path

import numpy as np
import pytest
from ai_edge_litert import schema_py_generated as schema

from edge.inference.interpreter import RUNTIMES, ImageInterpreter, installed_runtimes
from edge.inference.self_test import make_patterns
from edge.modelfile.hidden_output import reveal
from edge.modelfile.model_file import ModelFile
from support import tiny
from support.gated import GATED
from support.paths import DATA
from trainer.backbones.architectures import QUANTIZATIONS
from trainer.backbones.backbone import as_model
from trainer.export.splice import splice_head
from trainer.head.linear import Head
from trainer.retraining.retrained import Retrained
from trainer.tflite import read_model, set_signature, write_model

SIGNATURES = {"serving_default": {"inputs": ["image"], "outputs": ["scores"]}}
FILES = [DATA / "tiny-int8.tflite", DATA / "tiny-float32.tflite", GATED]

RUN_BY_NAME = """
import importlib, json, sys
import numpy as np
interpreter = importlib.import_module(sys.argv[1]).Interpreter(sys.argv[2])
signatures = interpreter.get_signature_list()
scores = interpreter.get_signature_runner()(image=np.load(sys.argv[3]))["scores"]
print(json.dumps([signatures, scores.tolist()]))
"""


def run_by_name(run_python, folder: Path, runtime: str, content: bytes) -> tuple[object, list[float], list[float]]:
    """The signatures, the scores that the only one gives, and those of the model as ``edge`` runs it."""
    model = ModelFile.from_bytes(content)
    interpreter = ImageInterpreter(model, runtime="litert")
    pattern = make_patterns(5, model.input_size)[0]
    values = pattern if model.input.dtype == np.uint8 else (pattern.astype(np.float32) - 127.5) / 127.5
    np.save(folder / "image.npy", values[np.newaxis].astype(model.input.dtype))
    (folder / "model.tflite").write_bytes(content)
    done = run_python("-c", RUN_BY_NAME, RUNTIMES[runtime], folder / "model.tflite", folder / "image.npy")
    assert done.returncode == 0, done.stderr
    signatures, scores = json.loads(done.stdout)
    return signatures, scores[0], interpreter.raw_outputs(pattern).astype(float).tolist()


@pytest.mark.parametrize("runtime", installed_runtimes())
@pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)
def test_both_interpreters_run_the_file_by_names(run_python, tmp_path: Path, file: Path, runtime: str) -> None:
    """The only signature takes ``image`` and gives ``scores``, with and without a gate, as a call by position does."""
    signatures, scores, expected = run_by_name(run_python, tmp_path, runtime, file.read_bytes())
    assert signatures == SIGNATURES
    np.testing.assert_allclose(scores, expected, atol=1 if "float32" not in file.stem else 1e-5)
    assert max(scores) > 0


@pytest.mark.xdist_group("tensorflow")
@pytest.mark.parametrize("runtime", installed_runtimes())
@pytest.mark.parametrize("quantization", QUANTIZATIONS)
def test_every_quantization_has_the_signature(
    trained: dict[str, Retrained], run_python, tmp_path: Path, quantization: str, runtime: str
) -> None:
    """Real models of all four quantizations are run by names on both interpreters."""
    content = trained[quantization].path.read_bytes()
    signatures, scores, expected = run_by_name(run_python, tmp_path, runtime, content)
    assert signatures == SIGNATURES
    atol = {"int8": 15, "dynamic": 0.06}.get(quantization, 1e-4)  # what other interpreters' 8-bit arithmetic differs by
    np.testing.assert_allclose(scores, expected, atol=1e-6 if runtime == "litert" else atol)


@pytest.mark.parametrize("runtime", installed_runtimes())
def test_a_revealed_second_output_leaves_the_signature_alone(runtime: str) -> None:
    """The copy in memory with two outputs still has one signature, of the scores."""
    module = importlib.import_module(RUNTIMES[runtime])
    interpreter = module.Interpreter(model_content=reveal(ModelFile.load(GATED)).content)
    interpreter.allocate_tensors()
    assert interpreter.get_signature_list() == SIGNATURES
    assert len(interpreter.get_output_details()) == 2


def test_the_signature_of_a_backbone_is_replaced() -> None:
    """A backbone's signature names its bottleneck as the output, which the whole model does not have."""
    model = read_model(tiny.backbone_bytes("float32"))
    set_signature(model, "of_the_backbone")
    random = np.random.default_rng(0)
    splice_head(model, Head(random.normal(size=(tiny.FEATURES, 3)), random.normal(size=3)))
    (signature,) = schema.ModelT.InitFromPackedBuf(write_model(model), 0).signatureDefs
    graph = read_model(write_model(model)).subgraphs[0]
    assert signature.signatureKey == b"serving_default"
    assert signature.subgraphIndex == 0
    assert [(entry.name, entry.tensorIndex) for entry in signature.inputs] == [(b"image", graph.inputs[0])]
    assert [(entry.name, entry.tensorIndex) for entry in signature.outputs] == [(b"scores", graph.outputs[0])]


def test_a_backbone_is_read_and_written_without_a_signature() -> None:
    """The artifact in the cache stays as it is: reading and writing it adds nothing."""
    content = tiny.backbone_bytes("int8")
    assert write_model(read_model(content)) == content
    assert not read_model(content).signatureDefs
    assert as_model(content).output.shape == (1, tiny.FEATURES)
