"""``trainer evaluate`` as its users meet it: figures, messages and JSON."""

from __future__ import annotations

import dataclasses
import json
import shutil
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from edge.modelfile.model_file import ModelFile
from support import tiny
from support.complaint import complaint
from support.evaluations import evaluation_with
from support.gated import GATED, grey
from support.paths import DATA
from support.surgery import without_known_photos
from trainer.commands.evaluate import _print_evaluation


def test_evaluate_on_the_test_split_gives_the_manifests_accuracy(
    trainer, tiny_arguments: list[object], photos: Path, tmp_path: Path
) -> None:
    """The split is that of the training, even with broken files, duplicates and another seed in play."""
    (photos / "red" / "broken.png").write_bytes((photos / "red" / "001.png").read_bytes()[:300])
    (photos / "thumbs").mkdir()
    (photos / "thumbs" / "Thumbs.db").write_bytes(b"no photo at all")
    shutil.copyfile(photos / "red" / "002.png", photos / "red" / "copy.png")
    output = tmp_path / "m.tflite"
    shares = ("--testing-percentage", 30, "--validation-percentage", 15, "--seed", 5)
    assert trainer("retrain", *tiny_arguments, "--output", output, *shares).returncode == 0
    manifest = ModelFile.load(output).manifest
    assert manifest is not None
    done = trainer("evaluate", output, photos, "--split", "test", "--json")
    assert done.returncode == 0, done.stderr
    printed = json.loads(done.stdout)
    assert (printed["accuracy"], printed["judged"]) == (manifest.accuracy, manifest.test_photos)
    assert printed["split"] == "test"
    assert {entry["path"] for entry in printed["skipped"]} == {
        *("red/broken.png", "red/copy.png", "thumbs", "thumbs/Thumbs.db")
    }


def test_evaluate_json_is_consistent(trainer, photos: Path) -> None:
    """Confusion, accuracy and the list of photos agree."""
    printed = json.loads(trainer("evaluate", DATA / "tiny-int8.tflite", photos, "--split", "all", "--json").stdout)
    assert set(printed) == {
        *("split", "accuracy", "accuracy_interval", "judged", "independent", "seen", "classes_not_evaluated"),
        *("labels_without_photos", "labels", "confusion", "photos", "skipped", "strangers", "unknown"),
    }
    assert printed["strangers"] is None
    assert printed["unknown"] is None
    assert (printed["classes_not_evaluated"], printed["labels_without_photos"]) == ({}, [])
    assert printed["accuracy_interval"][0] < printed["accuracy"] <= printed["accuracy_interval"][1] <= 1
    right = sum(photo["class"] == photo["label"] for photo in printed["photos"])
    assert printed["judged"] == printed["independent"] == len(printed["photos"]) == 36
    assert printed["accuracy"] == round(right / 36, 6)
    assert sum(printed["confusion"][i][i] for i in range(3)) == right
    assert [Path(photo["path"]).parent.name for photo in printed["photos"]] == [p["class"] for p in printed["photos"]]
    assert all(0 <= photo["score"] <= 1 for photo in printed["photos"])


def test_evaluate_prints_the_confusion_matrix(trainer, photos: Path) -> None:
    """One row a class, one column an answer, then the accuracy and its interval."""
    arguments = ("evaluate", DATA / "tiny-int8.tflite", photos, "--split", "all")
    printed = json.loads(trainer(*arguments, "--json").stdout)
    done = trainer(*arguments)
    rows = [line.split() for line in done.stdout.splitlines() if line.strip()]
    assert rows[0] == ["class", "\\", "answer", "blue", "green", "red"]
    assert [row[1:] for row in rows[2:5]] == [[str(count) for count in row] for row in printed["confusion"]]
    assert rows[-2] == f"accuracy {100 * printed['accuracy']:.2f} % of 36 photos (all)".split()
    low, high = (f"{100 * end:.1f} %" for end in printed["accuracy_interval"])
    assert rows[-1] == f"the accuracy lies between {low} and {high} with 95 % confidence".split()


def test_evaluate_warns_where_the_model_was_trained_on_the_photos(
    trainer, photos: Path, tiny_arguments: list[object], tmp_path: Path
) -> None:
    """The figure for all photos of the training folder is too good, and a message says so; another folder is fine.

    A file of an older release knows its data set, but not its photos.
    """
    output = tmp_path / "m.tflite"
    assert trainer("retrain", *tiny_arguments, "--output", output).returncode == 0
    old = tmp_path / "old.tflite"
    old.write_bytes(without_known_photos(output.read_bytes()))
    done = trainer("evaluate", old, photos)
    assert "use --split test for photos that it was not trained on" in done.stderr
    assert "of 36 photos (all)" in done.stdout
    assert trainer("evaluate", output, photos, "--split", "all").stderr == (
        "trainer: 26 of these 36 photos trained the model, 7 chose its settings: the figures are too good; "
        "--split unseen evaluates the other 3\n"
    )
    fresh = tiny.paint_folder(tmp_path / "fresh", 4, seed=55)
    assert trainer("evaluate", output, fresh).stderr == ""


def test_evaluate_on_unknown_classes_ends_in_65(trainer, photos: Path) -> None:
    """If the model has a label for no class of the folder, both are named."""
    (photos / "red").rename(photos / "violet")
    shutil.rmtree(photos / "green")
    (photos / "blue").rename(photos / "indigo")
    line = complaint(trainer("evaluate", DATA / "tiny-int8.tflite", photos), 65)
    assert line == (
        "the folder and the model share no class: the folder has indigo, violet; the labels are blue, green, red; name "
        "the folders as the labels"
    )


@pytest.mark.parametrize(("classes", "printed"), [(12, True), (13, False)])
def test_rest_of_the_world_is_no_class_of_the_matrix(
    capsys: pytest.CaptureFixture[str], classes: int, printed: bool
) -> None:
    """Twelve classes have a matrix, with one more column; thirteen are too many."""
    labels = (*(f"class {number:02d}" for number in range(classes)), "unknown")
    counts = np.zeros((classes + 1, classes + 1), np.intp)
    counts[np.arange(classes), np.arange(classes)] = 2
    _print_evaluation(dataclasses.replace(evaluation_with(labels, counts), unknown="unknown"))
    assert ("class \\ answer" in capsys.readouterr().out) is printed


def test_evaluate_names_a_class_without_a_label(trainer, photos: Path) -> None:
    """The classes that model and folder share are evaluated; the others are named with their photos."""
    (photos / "red").rename(photos / "violet")
    done = trainer("evaluate", DATA / "tiny-int8.tflite", photos, "--split", "all", "--json")
    printed = json.loads(done.stdout)
    assert (done.returncode, printed["judged"]) == (0, 24)
    assert printed["classes_not_evaluated"] == {"violet": 12}
    assert printed["labels_without_photos"] == ["red"]
    assert (
        "trainer: the model has no label for violet: 12 photos not evaluated; the folder has no photo of red\n"
        in done.stderr
    )


def test_two_independent_photos_have_no_figure(trainer, photos: Path) -> None:
    """Copies of two photos are two witnesses, which is too few for an accuracy; --json has the numbers all the same."""
    for path in photos.rglob("*.png"):
        if path.name not in ("001.png", "002.png") or path.parent.name != "red":
            path.unlink()
    tiny.paint("red", 77).save(photos / "red" / "001 copy.png")
    arguments = ("evaluate", DATA / "tiny-int8.tflite", photos, "--split", "all", "--groups", "names")
    done = trainer(*arguments)
    line = "3 photos, 2 independent (all) are too few to say how good the model is: give photos of other scenes"
    assert (done.returncode, done.stdout.splitlines()[-1]) == (0, line)
    assert "accuracy" not in done.stdout
    printed = json.loads(trainer(*arguments, "--json").stdout)
    assert (printed["judged"], printed["independent"]) == (3, 2)


def test_evaluate_takes_one_class_alone(trainer, photos: Path) -> None:
    """Evaluation needs no second class."""
    shutil.rmtree(photos / "red")
    shutil.rmtree(photos / "blue")
    done = trainer("evaluate", DATA / "tiny-int8.tflite", photos, "--split", "all", "--json")
    assert json.loads(done.stdout)["judged"] == 12


def test_evaluate_strangers(trainer, photos: Path, tmp_path: Path) -> None:
    """The table has a row for each setting; the strangers with the highest scores are named, skipped files too."""
    things = tmp_path / "things"
    things.mkdir()
    for seed in range(3):
        Image.fromarray(grey(seed)).save(things / f"{seed}.png")
    (things / "broken.png").write_bytes(b"oops")
    arguments = ("evaluate", GATED, photos, "--split", "all", "--strangers", things)
    done = trainer(*arguments)
    assert done.returncode == 0, done.stderr
    assert "trainer: skipped broken.png: " in done.stderr
    printed = json.loads(trainer(*arguments, "--json").stdout)["strangers"]
    assert (printed["strangers"], printed["known"], len(printed["taken"])) == (3, 36, 3)
    assert [entry["path"] for entry in printed["skipped"]] == ["broken.png"]
    for entry in printed["accepted"]:
        row = f"{entry['setting']} {100 * entry['strangers']:.1f} % {100 * entry['known']:.1f} %"
        assert row.split() in [line.split() for line in done.stdout.splitlines()]
    assert done.stdout.splitlines()[-3].startswith(f"  {printed['taken'][0]['path']}: ")
    refused = trainer(*arguments[:-1], photos)
    line = f"trainer: {photos} is the folder of the classes; give a folder with pictures of other things"
    assert (refused.returncode, refused.stdout, refused.stderr.splitlines()[-1]) == (2, "", line)
