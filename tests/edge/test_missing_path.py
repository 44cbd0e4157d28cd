"""What may be wrong with a path at which nothing is."""

from __future__ import annotations

from pathlib import Path

import pytest

from edge.missing_path import missing_hint, near_name, typing_hint


@pytest.mark.parametrize(
    ("path", "hint"),
    [
        ("https://host/rose.jpg", "; an address is no path: download the file first, for example with curl -LO"),
        (
            "~/rose.jpg",
            "; the shell did not replace ~, as it does at the start of a word without quotes: write the whole path",
        ),
        ("'rose.jpg'", "; quotes are a part of the name here: write it without them"),
        ("“rose.jpg”", "; quotes are a part of the name here: write it without them"),
        ("C:\\photos\\rose.jpg", "; here folders are separated by /, and a drive of Windows has another name"),
        ("photos/rose.jpg", ""),
        ("it's.jpg", ""),
        ("", ""),
        ("a\0b", ""),
    ],
)
def test_a_slip_of_typing(path: str, hint: str) -> None:
    """The usual ones are named; an ordinary path has no hint."""
    assert typing_hint(path) == hint


def test_an_address_that_became_a_path() -> None:
    """A path has lost one of its slashes."""
    assert typing_hint(Path("https://host/rose.jpg")).startswith("; an address is no path")


@pytest.mark.parametrize(
    ("name", "near"),
    [
        ("ROSE.JPG", "rose.jpg"),
        ("rose.jpeg", "rose.jpg"),
        ("sunflower.jpg", "Sunflowers.jpg"),
        ("violet.jpg", ""),
        ("a\0b", ""),
    ],
)
def test_a_name_that_is_nearly_right(name: str, near: str, tmp_path: Path) -> None:
    """Case, suffix and a wrong letter are forgiven; of two with one stem, the one of the same suffix is named."""
    for other in ("rose.jpg", "rose.txt", "Sunflowers.jpg"):
        (tmp_path / other).touch()
    assert near_name(tmp_path / name) == (f"; there is {tmp_path / near}" if near else "")


def test_a_model_in_its_usual_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A model that trainer retrain wrote is found in models/; a folder that is not there is no error."""
    (tmp_path / "models").mkdir()
    (tmp_path / "models" / "flowers.tflite").touch()
    monkeypatch.chdir(tmp_path)
    assert missing_hint("flowers.tflite") == f"; there is {Path('models/flowers.tflite')}"
    assert missing_hint("gone/flower.tflite") == f"; there is {Path('models/flowers.tflite')}"
    assert missing_hint("~/flowers.tflite").startswith("; the shell did not replace ~")
