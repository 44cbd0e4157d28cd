"""``--report`` of ``trainer retrain`` and ``trainer evaluate``."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from support import surgery


@pytest.fixture
def model(tmp_path: Path) -> Path:
    """The tiny int8 model in a folder of its own."""
    path = tmp_path / "models" / "tiny.tflite"
    path.parent.mkdir()
    path.write_bytes(surgery.tiny())
    return path


def test_retrain_writes_page_and_card_beside_the_model(trainer, tiny_arguments: list[object], tmp_path: Path) -> None:
    """Each model has its page and card; the pages are the last lines of stdout, and the run is cross-validated.

    A learning curve is tried too, and one message says that there are too few photos.
    """
    output = tmp_path / "out" / "m.tflite"
    quantizations = ("--quantization", "int8", "--quantization", "float32")
    done = trainer("retrain", *tiny_arguments, *quantizations, "--output", output, "--report")
    assert done.returncode == 0
    assert done.stderr == ("trainer: too few independent photos for a learning curve: it needs 20 a class on average\n")
    stems = ("m-float32", "m-int8")
    assert sorted(path.name for path in output.parent.iterdir()) == [
        f"{stem}{suffix}" for stem in stems for suffix in (".html", ".md", ".tflite")
    ]
    assert done.stdout.splitlines()[-2:] == [str(output.with_name(f"{stem}.html")) for stem in stems[::-1]]
    assert "cross-validated on all 36 photos" in done.stdout
    page = output.with_name("m-int8.html").read_text(encoding="utf-8")
    assert "the float32 file of this run" in page
    assert "Too few independent photos for a learning curve" in page


def test_retrain_json_stays_one_object(trainer, tiny_arguments: list[object], tmp_path: Path) -> None:
    """With --json stdout is the record alone, with the counts of the cross-validation."""
    done = trainer("retrain", *tiny_arguments, "--output", tmp_path / "m.tflite", "--report", "--json")
    (model,) = json.loads(done.stdout)["models"]
    assert set(model["cross_validation"]) == {"right", "independent", "photos", "folds"}
    assert (tmp_path / "m.html").is_file() and (tmp_path / "m.md").is_file()


def test_report_that_cannot_be_written_is_an_error_before_the_work(
    trainer, tiny_arguments: list[object], model: Path, tmp_path: Path
) -> None:
    """A folder in the place of the page or the card is an error with code 74; nothing is trained or evaluated."""
    (tmp_path / "m.html").mkdir()
    done = trainer("retrain", *tiny_arguments, "--output", tmp_path / "m.tflite", "--report")
    assert done.returncode == 74 and done.stderr.startswith(f"trainer: {tmp_path / 'm.html'}: is a folder")
    assert not (tmp_path / "m.tflite").exists()
    (model.parent / "tiny-on-photos.md").mkdir()
    done = trainer("evaluate", model, tiny_arguments[0], "--report")
    assert done.returncode == 74 and done.stdout == ""


def test_evaluate_reports_on_a_file(trainer, model: Path, photos: Path) -> None:
    """Page and card are named after model and folder, so the report of the training is not overwritten."""
    done = trainer("evaluate", model, photos, "--report")
    assert done.returncode == 0, done.stderr
    page, card = model.with_name("tiny-on-photos.html"), model.with_name("tiny-on-photos.md")
    assert done.stdout.splitlines()[-1] == str(page)
    assert "tiny.tflite" in page.read_text(encoding="utf-8")
    assert card.read_text(encoding="utf-8").startswith("# tiny.tflite\n")


def test_evaluate_reports_on_a_foreign_file(trainer, model: Path, photos: Path, tmp_path: Path) -> None:
    """A model without a manifest and without labels has a report too."""
    model.write_bytes(surgery.Patient(surgery.tiny()).foreign(None, metadata=False).content)
    (tmp_path / "labels.txt").write_text("blue\ngreen\nred\n")
    done = trainer("evaluate", model, photos, "--labels", tmp_path / "labels.txt", "--report", "--json")
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["judged"] == 36
    assert "A model of another project with 3 labels" in model.with_name("tiny-on-photos.html").read_text("utf-8")


def test_photo_names_that_are_not_utf8_are_written(trainer, model: Path, photos: Path) -> None:
    """A byte of a file name that is not UTF-8 is written as an escape."""
    wrong = bytes(photos / "red") + b"/caf\xe9.png"
    Path(str(photos / "blue" / "000.png")).rename(wrong.decode("utf-8", "surrogateescape"))
    assert trainer("evaluate", model, photos, "--report", "--split", "all").returncode == 0
    assert "red/caf\\udce9.png" in model.with_name("tiny-on-photos.html").read_text(encoding="utf-8")
