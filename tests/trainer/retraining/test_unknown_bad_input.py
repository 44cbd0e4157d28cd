"""The class for the rest of the world, and photos, folders and options that do not go with it."""

from __future__ import annotations

import dataclasses
import unicodedata
from pathlib import Path

import pytest
from PIL import Image

from edge.errors import DatasetError, UsageError
from edge.modelfile.model_file import ModelFile
from support import tiny
from support.rest_of_world import other_things, retrained
from trainer.bottlenecks.remembered import read_remembered
from trainer.photos.drawn_flowers import KINDS, draw_flower
from trainer.photos.photo_files import PhotoFile, PhotoFolder
from trainer.progress import SILENT, Progress
from trainer.retraining.options import RetrainOptions
from trainer.retraining.rest_of_world import set_apart

CLASSES = ("blue", "green", "red")


@pytest.fixture
def options(options: RetrainOptions) -> RetrainOptions:
    """The tiny photos and the tiny backbone, with the class for the rest of the world as by default."""
    return dataclasses.replace(options, unknown="unknown")


def test_photos_that_look_like_a_class_are_left_out(options: RetrainOptions, tmp_path: Path) -> None:
    """New photos of red in the background are named, most of them; those of other things are not."""
    background = other_things(tmp_path / "things", 30)
    for index in range(6):
        tiny.paint("red", 900 + index).save(background / f"red{index}.png")
    model = retrained(options, background=background)
    named = [
        entry.path for entry in model.dataset.skipped if entry.reason == "it looks like the photos of the class red"
    ]
    assert len([path for path in named if "/red" in path]) >= 2


def test_copies_of_photos_of_the_classes_are_left_out(options: RetrainOptions, tmp_path: Path) -> None:
    """A smaller one and one that was saved again are named with the photo that they are of."""
    folder, background = tmp_path / "flowers", tmp_path / "things"
    background.mkdir()
    for kind in KINDS[:2]:
        (folder / kind).mkdir(parents=True)
        for index in range(6):
            draw_flower(kind, index, 256).save(folder / kind / f"{index}.png")
    for index in range(4):
        tiny.paint(CLASSES[index % 3], index).save(background / f"{index}.png")
    photo = Image.open(folder / KINDS[0] / "3.png")
    photo.resize((180, 180)).save(background / "smaller.png")
    photo.convert("RGB").save(background / "again.jpg", quality=60)
    model = retrained(dataclasses.replace(options, folder=folder), background=background)
    reasons = {Path(entry.path).name: entry.reason for entry in model.dataset.skipped}
    assert {name: reasons.get(name) for name in ("smaller.png", "again.jpg")} == dict.fromkeys(
        ("smaller.png", "again.jpg"), f"a copy of a photo of the class {KINDS[0]}: {KINDS[0]}/3.png"
    )


def test_a_background_of_which_nothing_is_left(options: RetrainOptions, tmp_path: Path) -> None:
    """A line says so; the class is taught by the rest."""
    (tmp_path / "things").mkdir()
    (tmp_path / "things" / "broken.png").write_bytes(b"\x89PNG\r\n\x1a\n")
    messages: list[str] = []
    model = retrained(options, messages, background=tmp_path / "things")
    assert any("things: none of its photos is used" in line for line in messages)
    assert model.unknown is not None and model.unknown.photos == 0


def test_a_remembered_class_of_a_decomposed_name_is_refused(options: RetrainOptions) -> None:
    """It looks like the name of the class for the rest of the world."""
    names = [unicodedata.normalize(form, "übrige") for form in ("NFC", "NFD")]
    remembered = read_remembered(ModelFile.load(retrained(options, unknown=None, remember=2).path))
    assert remembered is not None
    remembered = remembered._replace(labels=("blue", "green", names[0]))
    listed = PhotoFolder(options.folder, CLASSES, [], [])
    with pytest.raises(UsageError, match="--unknown NAME"):
        set_apart(listed, dataclasses.replace(options, unknown=names[1]), remembered, SILENT)


@pytest.mark.parametrize("name", ["Unknown", "other", "Nothing there", "_background_noise_"])
def test_a_class_folder_of_nearly_that_name(options: RetrainOptions, name: str) -> None:
    """It stays a class; one line says how to make it the class for the rest of the world."""
    messages: list[str] = []
    listed = PhotoFolder(options.folder, (name, "blue", "green", "northern", "notebook"), [], [])
    folder, rest = set_apart(listed, options, None, Progress(None, messages.append))
    assert folder == listed
    assert rest is not None
    (line,) = messages
    assert f"{name} is a class beside unknown, the class for the rest of the world" in line
    assert line.endswith(f"give --unknown {name}")


@pytest.mark.parametrize(("labels", "found"), [(("red", "unknown"), "only red"), (("unknown",), "none")])
def test_one_class_beside_it(options: RetrainOptions, labels: tuple[str, ...], found: str) -> None:
    """Two folders are one class then; the error says what makes them two."""
    files = [PhotoFile(options.folder / label / "1.png", f"{label}/1.png", label) for label in labels]
    listed = PhotoFolder(options.folder, labels, files, [])
    with pytest.raises(DatasetError, match=f"two classes, found {found} beside unknown, .*--no-unknown makes that"):
        set_apart(listed, options, None, SILENT)


def test_a_remembered_class_of_that_name_is_refused(options: RetrainOptions) -> None:
    """A model of an older release may have a class of that name; its photos are gone."""
    other_things(options.folder / "unknown", 12)
    old = retrained(options, unknown=None, remember=2)
    with pytest.raises(UsageError, match="--unknown NAME"):
        retrained(options, weights=None, backbone=old.path, keep_classes=True)


def test_options_that_exclude_each_other(options: RetrainOptions, tmp_path: Path) -> None:
    """A background without the class, and a name that cannot be a label."""
    with pytest.raises(UsageError, match="--no-unknown"):
        dataclasses.replace(options, unknown=None, background=tmp_path).check()
    with pytest.raises(UsageError, match="--unknown"):
        dataclasses.replace(options, unknown="two\nlines").check()
    for blank in ("", "  ", "\t", "\u3000", "\u200b"):
        with pytest.raises(UsageError, match=r"--unknown '.*' is blank; a class needs a name"):
            dataclasses.replace(options, unknown=blank).check()
