"""Tests of the demo: it draws photos, and a picture with labels."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from PIL import Image

from edge.errors import DatasetError
from trainer import demo
from trainer.photos.drawn_flowers import KINDS
from trainer.progress import Progress


@pytest.fixture(scope="module")
def drawn(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A demo folder after its first step."""
    folder = tmp_path_factory.mktemp("demo")
    demo.draw_photos(folder, Progress())
    return folder


def write_labels(folder: Path, photos: list[Path], label: str) -> None:
    """The output of ``edge label --json`` that calls every photo ``label``."""
    entries = [{"path": str(path), "labels": [label], "scores": [0.875]} for path in photos]
    (folder / "labels.jsonl").write_text("".join(json.dumps(entry) + "\n" for entry in entries))


def test_drawing_gives_training_photos_and_new_flowers(drawn: Path) -> None:
    """A few dozen photos a kind to train on, and some of each that training never sees."""
    for kind in KINDS:
        photos = sorted((drawn / "photos" / kind).iterdir())
        assert len(photos) == demo.PER_KIND >= 24
        new = sorted((drawn / "new").glob(f"*{kind}*"))
        assert len(new) == demo.NEW_PER_KIND
        assert not {path.read_bytes() for path in photos} & {path.read_bytes() for path in new}


def test_picture_shows_what_the_model_said(drawn: Path, tmp_path: Path) -> None:
    """One tile a flower, and another answer gives another picture."""
    photos = sorted((drawn / "new").iterdir())
    pictures = []
    for label in ("tulips", "daisy"):
        write_labels(tmp_path, photos, label)
        path = demo.draw_labels(tmp_path)
        assert path.parent == tmp_path
        with Image.open(path) as picture:
            pictures.append(picture.convert("RGB"))
    assert pictures[0].size == pictures[1].size
    assert pictures[0].tobytes() != pictures[1].tobytes()
    with_half = photos[: len(photos) // 2]
    write_labels(tmp_path, with_half, "tulips")
    with Image.open(demo.draw_labels(tmp_path)) as picture:
        assert picture.height < pictures[0].height
    assert {entry.name for entry in tmp_path.iterdir()} == {"labels.jsonl", path.name}


def test_no_labels_is_an_error(tmp_path: Path) -> None:
    """Where nothing was labelled there is nothing to draw, and it is said."""
    for content in ("", json.dumps({"path": "x", "error": "broken"}) + "\n"):
        (tmp_path / "labels.jsonl").write_text(content)
        with pytest.raises(DatasetError, match="no labels in it"):
            demo.draw_labels(tmp_path)


def test_program_ends_in_one_line(tmp_path: Path, run_python) -> None:
    """Python -m trainer.demo picture names what is missing: no labels, or no folder at all."""
    (tmp_path / "labels.jsonl").touch()
    done = run_python("-m", "trainer.demo", "picture", tmp_path)
    assert (done.returncode, done.stdout) == (65, "")
    assert done.stderr.count("\n") == 1
    done = run_python("-m", "trainer.demo", "picture", tmp_path / "gone")
    assert done.returncode == 74
    assert done.stderr.count("\n") == 1
    assert run_python("-m", "trainer.demo", "water", tmp_path).returncode == 2
