"""Training from Python: four verbs, imported when they are used."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

import trainer
from edge.errors import UsageError
from support import tiny
from support.paths import REPOSITORY
from support.surgery import without_known_photos
from trainer import Dataset, Progress, Stage, compare, evaluate, retrain

ARCHITECTURE = tiny.ARCHITECTURE.name


def test_the_four_verbs(photos: Path, tmp_path: Path) -> None:
    """Data set, retraining, evaluation and comparison work together, and agree on the figures."""
    tiny.write_backbone(tmp_path / "cache")
    tiny.write_backbone(tmp_path / "cache", "float32")
    dataset = Dataset.from_folder(photos, testing_percentage=30, seed=3)
    assert dataset.labels == ("blue", "green", "red")
    assert len(dataset.photos) == 36
    model = retrain(
        dataset,
        architecture=ARCHITECTURE,
        weights="random",
        output=tmp_path / "m.tflite",
        bottleneck_dir=tmp_path / "cache",
    )
    assert model.path == tmp_path / "m.tflite"
    assert (model.dataset.photos, model.dataset.ratios) == (dataset.photos, dataset.ratios)
    found = evaluate(model.path, dataset, split="test")
    assert (found.accuracy, found.count) == (model.accuracy, len(dataset.of("test")))
    assert (model.evaluation.split, model.evaluation.skipped) == (found.split, found.skipped) == ("test", [])
    assert found.interval == model.interval
    assert found.trained_on_these
    assert evaluate(str(model.path), str(photos), split="test").accuracy == model.accuracy
    other = retrain(
        str(photos),
        architecture=tiny.ARCHITECTURE,
        quantization="float32",
        weights="random",
        output=str(tmp_path / "f.tflite"),
        bottleneck_dir=str(tmp_path / "cache"),
    )
    comparison = compare(other.path, model.path, dataset, split="all")
    assert comparison.photos == 36
    assert not comparison.is_significant


def test_what_is_not_one_of_the_choices_is_refused_before_the_work(photos: Path, tmp_path: Path) -> None:
    """An unknown quantization or split is an error that names the choices; no model and no photo is read first."""
    with pytest.raises(UsageError, match="--quantization int4: give one of int8, float32, float16, dynamic"):
        retrain(photos, quantization="int4", output=tmp_path / "m.tflite", bottleneck_dir=tmp_path)
    gone = tmp_path / "gone.tflite"
    for ask in (lambda: evaluate(gone, photos, split="tset"), lambda: compare(gone, gone, photos, split="tset")):
        with pytest.raises(
            UsageError, match="unknown split 'tset'; give one of unseen, all, training, validation, test"
        ):
            ask()


def test_another_split_than_that_of_the_training_is_told(
    photos: Path, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """A data set with another split may hold training photos among its test photos; all photos need no message."""
    tiny.write_backbone(tmp_path)
    output = tmp_path / "m.tflite"
    retrain(photos, architecture=ARCHITECTURE, weights="random", output=output, bottleneck_dir=tmp_path)
    output.write_bytes(without_known_photos(output.read_bytes()))  # one that knows its photos needs no split
    other = Dataset.from_folder(photos, seed=7)
    evaluate(output, other)
    assert caplog.messages == []
    evaluate(output, other, split="test")
    compare(output, output, other)
    subjects = [message.partition("; ")[2].partition(" may")[0] for message in caplog.messages]
    assert subjects == ["the model", "the first", "the second"]


def test_progress_comes_to_a_function(photos: Path, tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    """Every stage reaches the function and ends complete; nothing is printed."""
    tiny.write_backbone(tmp_path)
    seen: list[Stage] = []
    retrain(
        photos,
        architecture=ARCHITECTURE,
        weights="random",
        output=tmp_path / "m.tflite",
        bottleneck_dir=tmp_path,
        progress=seen.append,
    )
    names = list(dict.fromkeys(stage.name for stage in seen))
    assert names == ["backbone", "bottlenecks int8", "groups", "head", "rest of the world", "evaluation"]
    assert [s for s in seen if s.name == "bottlenecks int8"][-1] == Stage("bottlenecks int8", 36, 36)
    assert capfd.readouterr() == ("", "")


def test_all_names_are_there_and_no_others() -> None:
    """``__all__`` names what the lazy table and the imports for type checkers name, in order."""
    tree = ast.parse((REPOSITORY / "trainer" / "__init__.py").read_text(encoding="utf-8"))
    (checked,) = [node for node in tree.body if isinstance(node, ast.If)]
    typed = {alias.name for node in checked.body if isinstance(node, ast.ImportFrom) for alias in node.names}
    (table,) = [node for node in ast.walk(tree) if isinstance(node, ast.Dict)]
    lazy = {ast.literal_eval(key) for key in table.keys if key is not None}
    assert trainer.__all__ == sorted(trainer.__all__) == sorted(typed) == sorted(lazy)
    assert all(getattr(trainer, name) is not None for name in trainer.__all__)
    assert Progress is trainer.Progress
    with pytest.raises(AttributeError, match="no attribute 'retrian'"):
        trainer.retrian  # noqa: B018


def test_importing_the_api_loads_nothing_heavy(run_python) -> None:
    """The verbs can be imported without TensorFlow, Rich, Typer or SciPy; a bare import loads no module of ours."""
    heavy = "[m for m in ('tensorflow', 'rich', 'typer', 'scipy', 'tensorboard') if m in sys.modules]"
    bare = "print([m for m in sys.modules if m.startswith('trainer.')])"
    done = run_python("-c", f"import sys, trainer; {bare}; from trainer import *; print({heavy})")
    assert (done.stdout, done.stderr) == ("[]\n[]\n", "")
