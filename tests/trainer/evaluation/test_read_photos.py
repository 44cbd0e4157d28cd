"""The photos of an evaluation, in groups."""

from __future__ import annotations

import json
import subprocess
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from support import tiny
from trainer.evaluation.evaluate import evaluate
from trainer.evaluation.read_photos import read_photos
from trainer.groups import find_groups
from trainer.photos.dataset import Dataset
from trainer.photos.drawn_flowers import draw_flower_folder
from trainer.photos.split import SplitRatios
from trainer.progress import SILENT
from trainer.retraining.options import RetrainOptions
from trainer.retraining.retrain_all import retrain_all

Command = Callable[..., "subprocess.CompletedProcess[str]"]


@pytest.fixture(scope="module")
def scenes(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Drawn flowers, 3 scenes of each of 5 classes, in 4 shots that differ by noise, and one altered copy of a name."""
    root = tmp_path_factory.mktemp("scenes")
    noise = np.random.default_rng(7)
    for number, path in enumerate(sorted(draw_flower_folder(root, 3))):
        pixels = np.asarray(Image.open(path).convert("RGB"), np.int16)
        for shot in range(4):
            shown = (pixels + noise.normal(0, 4, pixels.shape)).clip(0, 255).astype(np.uint8)
            Image.fromarray(shown).save(path.with_name(f"{'kvbzqx'[shot]}{number * 10 + 100}.jpg"), quality=90)
        path.unlink()
    return root


def test_shots_of_a_scene_are_one_group(scenes: Path) -> None:
    """Names that say nothing do not hide that four photos show one scene; by names and with off they are four."""
    photos = read_photos(scenes, SplitRatios(), SILENT).photos
    assert len(photos) == 60
    assert Counter(Counter(photo.group for photo in photos).values()) == {4: 15}
    for photo in photos:
        assert photo.group.split("/")[0] == photo.label
        assert photo.group[-7:-4] == photo.relative[-7:-4]
    for groups in ("names", "off"):
        assert all(
            photo.group == photo.relative for photo in read_photos(scenes, SplitRatios(), SILENT, groups=groups)[2]
        )


def test_names_alone(photos: Path) -> None:
    """Copies are told by their names with names, and not with off."""
    tiny.paint("red", 99).save(photos / "red" / "000 copy.png")
    named = {photo.relative: photo.group for photo in read_photos(photos, SplitRatios(), SILENT, groups="names").photos}
    assert named["red/000 copy.png"] == named["red/000.png"]
    alone = read_photos(photos, SplitRatios(), SILENT, groups="off").photos
    assert all(photo.group == photo.relative for photo in alone)


def test_groups_do_not_change_the_split(scenes: Path) -> None:
    """A model of an older release was trained on a split that knew no groups: its test photos stay the same."""
    ratios = SplitRatios(20, 20)
    splits = [
        [photo.split for photo in read_photos(scenes, ratios, SILENT, groups=groups).photos]
        for groups in ("off", "names", "auto")
    ]
    assert splits[0] == splits[1] == splits[2]


def test_groups_of_very_many_photos_are_the_same(scenes: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Above the limit the looks are in a file and neighbours are searched in cells."""
    few = read_photos(scenes, SplitRatios(), SILENT)
    monkeypatch.setattr(find_groups, "MOST_COMPARED", 59)
    assert read_photos(scenes, SplitRatios(), SILENT) == few
    assert few.independent < len(few.photos)


def test_a_data_set_stays_as_it_is(photos: Path) -> None:
    """Its groups are its own."""
    dataset = Dataset.from_folder(photos)
    assert read_photos(dataset, SplitRatios(1, 1, 5), SILENT) is dataset


def test_a_copy_of_a_training_photo_is_not_evaluated(options: RetrainOptions, trainer: Command) -> None:
    """Saved again under another name, a photo has another hash, but looks like the one that was seen."""
    [model] = retrain_all(options, tiny.SILENT)
    training = next(photo for photo in model.dataset.of("training") if photo.label == "red")
    with Image.open(training.path) as picture:
        picture.convert("RGB").save(options.folder / "red" / "forwarded.jpg", quality=95)
    fresh = evaluate(model.path, options.folder, groups="names")
    assert (fresh.count, fresh.seen) == (5, (37, 24, 8, 0))
    found = evaluate(model.path, options.folder)
    assert (found.count, found.seen) == (4, (37, 24, 8, 1))
    done = trainer("evaluate", model.path, options.folder, "--json")
    assert json.loads(done.stdout)["seen"]["dependent"] == 1
    assert "1 depend on these (copies, or shots of one scene)" in done.stderr
    off = trainer("compare", model.path, model.path, options.folder, "--groups", "off", "--json")
    assert json.loads(off.stdout)["photos"] == 5
