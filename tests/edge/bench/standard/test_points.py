"""The files of the standard set: their bytes, and that interpreters run them."""

from __future__ import annotations

import hashlib
from pathlib import Path

import numpy as np
import pytest

from edge.bench.models import load_model
from edge.bench.photo import draw_photo
from edge.bench.run import run_worker
from edge.bench.standard import points
from edge.bench.standard.points import POINTS, model_file, standard_content, standard_models
from edge.bench.worker import MeasurementRequest
from edge.errors import ConfigurationError, StorageError
from edge.inference.interpreter import ImageInterpreter, installed_runtimes
from edge.inference.self_test import make_patterns

SMALLEST = [point.name for point in POINTS if (point.alpha, point.input_size) == (0.25, 128)]


def test_every_file_has_its_digest() -> None:
    """All 32 files are written here, and have the known size and SHA-256."""
    assert len({point.name for point in POINTS}) == 32
    for model in standard_models():
        content = standard_content(model.name)
        assert (len(content), hashlib.sha256(content).hexdigest()) == (model.size_bytes, model.sha256), model.name


def test_no_space_for_a_file(tmp_path: Path) -> None:
    """One line names the folder and what to do."""
    model = next(model for model in standard_models() if model.name == SMALLEST[0])
    message = r"missing: cannot hold a model file of 0\.6 MB \(No such file or directory\); free space, or set TMPDIR"
    with pytest.raises(StorageError, match=message), model_file(model, tmp_path / "missing"):
        pass


def test_other_bytes_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    """A machine that writes something else is told so, and measures nothing."""
    monkeypatch.setattr(points, "write_network", lambda *_: b"something else")
    with pytest.raises(ConfigurationError, match="this machine writes other bytes than the standard set has"):
        standard_content(SMALLEST[0])


def test_a_file_lies_there_as_long_as_it_is_measured(tmp_path: Path) -> None:
    """It is deleted at the end; a file of the user is not touched."""
    (model,) = (model for model in standard_models() if model.name == SMALLEST[0])
    with model_file(model, tmp_path) as path:
        assert hashlib.sha256(path.read_bytes()).hexdigest() == model.sha256
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("name", SMALLEST)
def test_scores_of_different_pictures_differ(name: str) -> None:
    """The network computes something: 1,001 scores that add up to about 1 and depend on the picture."""
    model = load_model(standard_content(name))
    assert (model.input_size, len(model.labels)) == ((128, 128), 1001)
    interpreter = ImageInterpreter(model, runtime=installed_runtimes()[0])
    one, other = (interpreter.scores(pattern) for pattern in make_patterns(0, model.input_size)[:2])
    assert one.shape == (1001,) and 0.2 < one.sum() < 1.5
    assert np.abs(one - other).max() > 0


@pytest.mark.parametrize("runtime", installed_runtimes())
def test_each_runtime_measures_an_int8_file(runtime: str, tmp_path: Path) -> None:
    """A real worker takes the file as any other model."""
    (model,) = (model for model in standard_models() if model.name == SMALLEST[0])
    (tmp_path / "photo").write_bytes(draw_photo())
    with model_file(model, tmp_path) as path:
        request = MeasurementRequest(str(path), model.sha256, None, runtime, 1, 0.01, str(tmp_path / "photo"), 60.0)
        answer = run_worker(request)
    assert len(answer["samples_ns"]) >= 10
