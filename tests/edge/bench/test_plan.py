"""Which models and measurements a benchmark is made of, and their order."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge.bench.models import ModelFacts, examine_models, find_models
from edge.bench.plan import Configuration, all_configurations, choose_settings, interleave
from edge.errors import ConfigurationError, DataError, UsageError
from edge.inference.interpreter import installed_runtimes
from support import surgery
from support.paths import DATA
from support.surgery import Patient


def _configurations(count: int) -> list[Configuration]:
    return [Configuration(ModelFacts(Path(str(n)), str(n), str(n), n), "litert", 1) for n in range(count)]


def _order(configurations: int, rounds: int) -> list[str]:
    """The names of the models, one string a round."""
    tasks = interleave(_configurations(configurations), rounds)
    return [
        "".join(task.configuration.model.name for task in tasks if task.round == number) for number in range(rounds)
    ]


def test_rounds_go_there_and_back_and_begin_further_on() -> None:
    """Every second round runs backwards, every pair of rounds begins at another configuration."""
    assert _order(4, 2) == ["0123", "3210"]
    assert _order(4, 4) == ["0123", "3210", "2301", "1032"]
    assert _order(3, 5) == ["012", "210", "120", "021", "201"]
    assert _order(1, 2) == ["0", "0"]
    assert interleave([], 3) == []


@given(st.integers(1, 9), st.integers(2, 8))
def test_every_round_measures_every_configuration_once(configurations: int, rounds: int) -> None:
    """Rounds follow one another and each is a permutation of the configurations."""
    tasks = interleave(_configurations(configurations), rounds)
    assert [task.round for task in tasks] == [number for number in range(rounds) for _ in range(configurations)]
    assert all(sorted(order) == sorted(map(str, range(configurations))) for order in _order(configurations, rounds))


@given(st.integers(1, 9), st.integers(1, 4))
def test_a_steady_drift_hits_all_configurations_alike(configurations: int, pairs: int) -> None:
    """With an even number of rounds every configuration has the same mean position in time."""
    tasks = interleave(_configurations(configurations), 2 * pairs)
    times: dict[str, int] = {}
    for position, task in enumerate(tasks):
        times[task.configuration.model.name] = times.get(task.configuration.model.name, 0) + position
    assert len(set(times.values())) == 1


def test_models_change_fastest(monkeypatch: pytest.MonkeyPatch) -> None:
    """Inside a round the models of one runtime and number of threads lie side by side."""
    monkeypatch.setattr("edge.bench.plan.available_cores", lambda: 4)
    runtime = installed_runtimes()[0]
    settings = choose_settings(rounds=2, seconds=1.0, threads=[4, 1], runtimes=[runtime])
    models = [configuration.model for configuration in _configurations(2)]
    configurations = all_configurations(models, settings)
    assert [(configuration.model.name, configuration.threads) for configuration in configurations] == [
        ("0", 4),
        ("1", 4),
        ("0", 1),
        ("1", 1),
    ]
    assert len({configuration.key for configuration in configurations}) == 4


def test_default_settings(monkeypatch: pytest.MonkeyPatch) -> None:
    """By default one thread and all cores are measured, on every runtime that is installed."""
    for cores, threads in ((4, (1, 4)), (1, (1,))):
        monkeypatch.setattr("edge.bench.plan.available_cores", lambda cores=cores: cores)
        settings = choose_settings(rounds=5, seconds=1.0)
        assert (settings.threads, settings.runtimes) == (threads, tuple(installed_runtimes()))


@pytest.mark.parametrize(
    ("rounds", "seconds", "threads", "words"),
    [
        (2, 1.0, [1, 3], "3 threads: this machine has 2 cores"),
        (2, 1.0, [0], "0 threads"),
        (1, 1.0, None, "1 rounds: give 2 to 1000; the noise cannot be estimated from one"),
        (1001, 1.0, None, "1001 rounds"),
        (2, 0.0, None, "0 seconds: give more than 0"),
        (2, float("nan"), None, "nan seconds"),
        (2, float("inf"), None, "inf seconds"),
    ],
)
def test_settings_that_make_no_sense(
    rounds: int, seconds: float, threads: list[int] | None, words: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Impossible settings are a mistake in usage, in one line with the number that is wrong."""
    monkeypatch.setattr("edge.bench.plan.available_cores", lambda: 2)
    with pytest.raises(UsageError, match=words):
        choose_settings(rounds=rounds, seconds=seconds, threads=threads)


def test_without_a_runtime(monkeypatch: pytest.MonkeyPatch) -> None:
    """If no interpreter is installed, or not the one asked for, nothing can be planned."""
    monkeypatch.setattr("edge.inference.interpreter.installed_runtimes", list)
    monkeypatch.setattr("edge.bench.plan.installed_runtimes", list)
    with pytest.raises(ConfigurationError, match="no TFLite interpreter is installed"):
        choose_settings(rounds=2, seconds=1.0)
    with pytest.raises(ConfigurationError, match="litert is not installed here"):
        choose_settings(rounds=2, seconds=1.0, runtimes=["litert"])


def test_models_of_files_and_folders(tmp_path: Path) -> None:
    """A folder stands for its sorted .tflite files, a file for itself whatever its name."""
    for name in ("b.tflite", "a.tflite", "notes.txt", "model"):
        (tmp_path / name).touch()
    (tmp_path / "folder.tflite").mkdir()
    found = find_models([str(tmp_path / "model"), str(tmp_path)])
    assert [path.name for path in found] == ["model", "a.tflite", "b.tflite"]


def test_models_that_are_not_there(tmp_path: Path) -> None:
    """A folder without models, a missing path and a runtime given as a model are one line each."""
    with pytest.raises(DataError, match="no models in this folder"):
        find_models([str(tmp_path)])
    with pytest.raises(DataError, match=r"gone\.tflite: no such file or folder"):
        find_models([str(tmp_path / "gone.tflite")])
    with pytest.raises(DataError, match="to give several runtimes, write --runtime litert,tflite-runtime"):
        find_models(["tflite-runtime"])


def test_what_is_known_of_a_model() -> None:
    """The facts come from the file and its manifest."""
    (model,) = examine_models([DATA / "tiny-int8.tflite"])
    assert (model.name, model.architecture, model.quantization) == ("tiny-int8.tflite", "mobilenet_0.25_128", "int8")
    assert (model.size_bytes, model.input_size) == (len(surgery.tiny("int8")), 32)
    assert (model.accuracy, model.accuracy_photos, model.error) == (1.0, 4, None)


def test_the_same_model_twice_counts_once(tmp_path: Path) -> None:
    """One name with one content is one model, whatever its folder is; another name is another model."""
    tiny = DATA / "tiny-int8.tflite"
    (tmp_path / "copy").mkdir()
    shutil.copy(tiny, tmp_path / "copy")
    shutil.copy(tiny, tmp_path / "other.tflite")
    models = examine_models([tiny, tiny, tmp_path / "copy" / tiny.name, tmp_path / "other.tflite"])
    assert [model.name for model in models] == ["tiny-int8.tflite", "other.tflite"]


def test_models_that_no_runtime_should_see(tmp_path: Path) -> None:
    """A damaged file becomes facts with an error that names no folder; an unreadable one ends the run."""
    bad = tmp_path / "bad.tflite"
    bad.write_bytes(surgery.tiny("int8")[:2000])
    (model,) = examine_models([bad])
    assert model.error is not None and str(tmp_path) not in model.error
    assert (model.architecture, model.input_size, model.size_bytes) == (None, None, 2000)
    os.unlink(bad)
    with pytest.raises(DataError, match=r"bad\.tflite: cannot read the model"):
        examine_models([bad])


def test_a_model_without_labels_can_be_measured(tmp_path: Path) -> None:
    """Labels make no difference to the speed: a model without any needs none, but given ones must fit."""
    (tmp_path / "foreign.tflite").write_bytes(Patient(surgery.tiny()).foreign(None, metadata=False).content)
    (tmp_path / "two.txt").write_text("a\nb\n")
    (model,) = examine_models([tmp_path / "foreign.tflite"])
    assert (model.error, model.input_size, model.accuracy, model.accuracy_photos) == (None, 32, None, 0)
    (model,) = examine_models([tmp_path / "foreign.tflite"], str(tmp_path / "two.txt"))
    assert model.error is not None and "2 labels for 3 outputs" in model.error
