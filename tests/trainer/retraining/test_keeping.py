"""Fits that are kept: the same run takes them and gives the same bytes, any other run does not."""

from __future__ import annotations

import contextlib
import dataclasses
import os
import shutil
import sqlite3
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from support import tiny
from trainer.bottlenecks.cache import BottleneckCache
from trainer.bottlenecks.cache_database import FILE_NAME
from trainer.photos.split import SplitRatios
from trainer.progress import SILENT
from trainer.retraining import arithmetic as arithmetic_module
from trainer.retraining import keeping
from trainer.retraining.arithmetic import Arithmetic, arithmetic_of_new_process
from trainer.retraining.keeping import digest_of
from trainer.retraining.options import RetrainOptions
from trainer.retraining.retrain_all import retrain_all
from trainer.retraining.retrained import Retrained

ALL = ["head", "rest of the world", "cross-validation", "learning curve", "final head"]
MADE_BY_REPORT = {"cross_validate": True, "learning_curve": True}


def old(folder: Path) -> Path:
    """``folder`` with time stamps that the cache trusts."""
    for path in folder.rglob("*.png"):
        os.utime(path, (1_500_000_000, 1_500_000_000))
    return folder


@pytest.fixture(scope="module")
def arithmetic() -> Arithmetic:
    """What this process computes with; its source files are those that it has loaded."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(arithmetic_module, "SETTLED_S", 0.0)
        found = arithmetic_of_new_process()
    assert found is not None
    return found


@pytest.fixture(scope="module")
def first(tmp_path_factory: pytest.TempPathFactory, arithmetic: Arithmetic) -> RetrainOptions:
    """The options of a run that has kept its fits: enough photos for a gate, and a class for the rest of the world."""
    root = tmp_path_factory.mktemp("kept")
    tiny.write_backbone(root / "cache", "int8")
    tiny.write_backbone(root / "cache", "float32")
    made = RetrainOptions(
        folder=old(tiny.paint_folder(root / "photos", per_class=30)),
        output=root / "first.tflite",
        bottleneck_dir=root / "cache",
        architecture=tiny.ARCHITECTURE,
        weights="random",
        ratios=SplitRatios(20, 20),
    )
    retrain_all(made, SILENT, arithmetic=arithmetic)
    return made


@pytest.fixture
def options(first: RetrainOptions, tmp_path: Path) -> RetrainOptions:
    """The same photos, elsewhere, with a cache that has the fits of the first run; another output."""
    shutil.copytree(first.folder, tmp_path / "photos")
    shutil.copytree(first.bottleneck_dir, tmp_path / "cache")
    output = tmp_path / "model.tflite"
    return dataclasses.replace(first, folder=tmp_path / "photos", output=output, bottleneck_dir=tmp_path / "cache")


@pytest.fixture
def fitted(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Gets the name of each fit that is new, of runs that keep fits."""
    found: list[str] = []
    kept = keeping.Keeping.kept

    def noted(self: keeping.Keeping, stage: str, fit: Callable[[], Any], *beside: Any) -> Any:
        def note() -> Any:
            found.extend([stage] * (self.arithmetic is not None))
            return fit()

        return kept(self, stage, note, *beside)

    monkeypatch.setattr(keeping.Keeping, "kept", noted)
    return found


def run(options: RetrainOptions, arithmetic: Arithmetic | None) -> list[Retrained]:
    """A run that says nothing."""
    return retrain_all(options, SILENT, arithmetic=arithmetic)


def check_new(options: RetrainOptions, arithmetic: Arithmetic, fitted: list[str], stages: list[str]) -> None:
    """A run with kept fits fits the ``stages`` anew; if it takes others, its file is that of a run that takes none."""
    fitted.clear()
    run(options, arithmetic)
    assert fitted == stages
    if stages == ALL[:2]:
        return
    alone = dataclasses.replace(options, output=options.output.with_name("alone.tflite"))
    run(alone, None)
    assert options.output.read_bytes() == alone.output.read_bytes()


def test_the_same_again(
    first: RetrainOptions, options: RetrainOptions, arithmetic: Arithmetic, fitted: list[str]
) -> None:
    """Nothing is fitted, in another folder too, and the file has the same bytes."""
    check_new(options, arithmetic, fitted, [])
    assert options.output.read_bytes() == first.output.read_bytes()


def test_what_changes_no_fit(options: RetrainOptions, arithmetic: Arithmetic, fitted: list[str]) -> None:
    """A report, ``--final``, remembered bottlenecks and another quantization beside take what is there, and add theirs.

    The second of two such runs fits nothing, and has the figures of a run that looks nothing up.
    """
    more = dataclasses.replace(options, final=True, remember=3, **MADE_BY_REPORT)
    check_new(more, arithmetic, fitted, ALL[2:])
    fitted.clear()
    (again,), (alone,) = run(more, arithmetic), run(more, None)
    assert fitted == []
    assert repr(again.cross_validation) == repr(alone.cross_validation)
    assert np.array_equal(again.cross_validation.scores, alone.cross_validation.scores)
    assert repr(again.learning_curve) == repr(alone.learning_curve)
    assert again.fit.steps == alone.fit.steps
    assert again.other_things == alone.other_things
    both = dataclasses.replace(options, quantizations=("float32", "int8"))
    fitted.clear()
    run(both, arithmetic)
    assert fitted == ALL[:2]  # of float32


def rename_class(folder: Path) -> None:
    """The first class becomes the last one."""
    (folder / "blue").rename(folder / "violet")


def move_photo(folder: Path) -> None:
    """One photo gets another label."""
    (folder / "blue" / "003.png").rename(folder / "red" / "b003.png")


def rename_photo(folder: Path) -> None:
    """A photo gets a name with which it is in another split."""
    for number in range(30):
        (folder / "blue" / f"{number:03d}.png").rename(folder / "blue" / f"other{number}.png")


def replace_photo(folder: Path) -> None:
    """A photo is another one now, with the same name and size of the picture."""
    tiny.paint("blue", 777).save(folder / "blue" / "003.png")


def add_photo(folder: Path) -> None:
    """One photo is new."""
    tiny.paint("red", 778).save(folder / "red" / "new.png")


@pytest.mark.parametrize("change", [rename_class, move_photo, rename_photo, replace_photo, add_photo])
def test_other_photos(
    options: RetrainOptions, arithmetic: Arithmetic, fitted: list[str], change: Callable[[Path], None]
) -> None:
    """Other labels, another order of the classes, another split, and other pictures are fitted anew."""
    change(options.folder)
    old(options.folder)
    check_new(options, arithmetic, fitted, ALL[:2])


@pytest.mark.parametrize(
    "change",
    [
        {"ratios": SplitRatios(20, 20, 1)},
        {"ratios": SplitRatios(25, 20)},
        {"ratios": SplitRatios(20, 25)},
        {"class_weights": "auto"},
        {"training_steps": 4},
        {"precision": 0.8},
        {"augment": 1},
        {"groups": "off"},
    ],
)
def test_other_settings(
    options: RetrainOptions, arithmetic: Arithmetic, fitted: list[str], change: dict[str, Any]
) -> None:
    """Each setting that a fit depends on is part of its name."""
    check_new(dataclasses.replace(options, **change), arithmetic, fitted, ALL[:2])


def test_rest_of_the_world(options: RetrainOptions, arithmetic: Arithmetic, fitted: list[str], tmp_path: Path) -> None:
    """Photos of other things make the column new, and not the head; so does one of them that is another one."""
    other = tmp_path / "other"
    other.mkdir()
    for number in range(3):
        tiny.paint("green", 900 + number).transpose(2).save(other / f"{number}.png")
    old(other)
    with_photos = dataclasses.replace(options, background=other)
    check_new(with_photos, arithmetic, fitted, ["rest of the world"])
    check_new(with_photos, arithmetic, fitted, [])
    tiny.paint("red", 955).save(other / "1.png")
    old(other)
    check_new(with_photos, arithmetic, fitted, ["rest of the world"])
    check_new(dataclasses.replace(options, unknown=None), arithmetic, fitted, [])


def test_other_bottlenecks(options: RetrainOptions, arithmetic: Arithmetic, fitted: list[str]) -> None:
    """Not the name of a bottleneck counts, but its bits: one that another processor has computed makes the fit new."""
    (model,) = run(options, None)
    photo, extractor = model.dataset.photos[0], tiny.extractor(options.bottleneck_dir)
    with BottleneckCache(options.bottleneck_dir) as cache:
        row = cache.load(extractor.key, [photo.sha256], tiny.FEATURES, np.int8)
        row[0, 0] ^= 1
        cache.store(extractor.key, [(photo.sha256, row.tobytes())], [])
    check_new(options, arithmetic, fitted, ALL[:2])


def test_other_arithmetic(options: RetrainOptions, arithmetic: Arithmetic, fitted: list[str]) -> None:
    """What other code, other libraries or another processor has fitted is not taken."""
    for other in (arithmetic._replace(code=b"other"), arithmetic._replace(rest=b"other")):
        check_new(options, other, fitted, ALL[:2])
    fitted.clear()
    run(options, arithmetic._replace(code=b"other"))  # its source files are no more what it has loaded
    assert fitted == ALL[:2]
    fitted.clear()
    run(options, arithmetic._replace(rest=b"other"))
    assert fitted == []


def test_damaged_fits(
    first: RetrainOptions, options: RetrainOptions, arithmetic: Arithmetic, fitted: list[str]
) -> None:
    """A fit that was changed, cut, or put in the place of another one is new, and replaces it."""
    for change in ("zeroblob(length(content))", "substr(content, 1, 900)", "(SELECT content FROM fits ORDER BY key)"):
        with contextlib.closing(sqlite3.connect(options.bottleneck_dir / FILE_NAME)) as database, database:
            database.execute(f"UPDATE fits SET content = {change}")
        fitted.clear()
        run(options, arithmetic)
        assert fitted and set(fitted) <= set(ALL[:2])
        assert options.output.read_bytes() == first.output.read_bytes()
        fitted.clear()
        run(options, arithmetic)
        assert fitted == []


def test_a_fit_of_another_form(
    options: RetrainOptions, arithmetic: Arithmetic, fitted: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """What is found but is no fit is fitted anew."""
    monkeypatch.setattr(keeping, "load_fit", lambda folder, key: b"no fit")
    check_new(options, arithmetic, fitted, ALL[:2])


def test_digests_differ() -> None:
    """Values that are not the same have other digests: types, shapes, borders between values, and all bits count."""
    values = [
        *(1, 1.0, True, "1", b"1", None, (1,), [1], (1, None), ((1,), None), ("1", "23"), ("12", "3"), (), ((), ())),
        *(np.zeros(2), np.zeros(2, np.float32), np.zeros((1, 2)), np.zeros((2, 1)), np.array([0.0, -0.0])),
        *(np.zeros(0), np.zeros((0, 3)), Path("a"), "a", SplitRatios(), SplitRatios(seed=1), float("nan")),
    ]
    assert len({digest_of(value) for value in values}) == len(values)
    assert digest_of(np.arange(6).reshape(2, 3)) == digest_of(np.asfortranarray(np.arange(6).reshape(2, 3)))
    for value in ({}, object(), np.array([None]), np.float32(1)):
        with pytest.raises(TypeError, match="cannot name"):
            digest_of(value)
