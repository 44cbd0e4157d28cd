"""Label files as they are found in the wild."""

from __future__ import annotations

import random
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge.errors import ModelError
from edge.modelfile.labels import parse_labels, read_labels

WORDS = st.text(st.characters(categories=("L", "Nd", "P", "S")), min_size=1, max_size=12)
NAMES = st.lists(WORDS, min_size=1, max_size=3).map(" ".join)


@pytest.mark.parametrize(
    ("text", "labels"),
    [
        ("daisy\nrose\n", ("daisy", "rose")),
        ("daisy\nrose", ("daisy", "rose")),
        ("daisy\r\nrose\r\n", ("daisy", "rose")),
        ("\ufeffdaisy\nrose\n", ("daisy", "rose")),
        ("  daisy \n\trose\n\n\n", ("daisy", "rose")),
        ("daisy\n\nrose\n", ("daisy", "", "rose")),
        ("0 daisy\n1 rose\n", ("daisy", "rose")),
        ("1: daisy\n2: rose\n", ("daisy", "rose")),
        ("1, daisy\n0, rose\n", ("rose", "daisy")),
        ("0  tench, Tinca tinca\n1  goldfish\n", ("tench, Tinca tinca", "goldfish")),
        ("7 up\ncola\n", ("7 up", "cola")),
        ("7 up\n8 ball\n", ("7 up", "8 ball")),
        ("0 daisy\n0 rose\n", ("0 daisy", "0 rose")),
        ("2 daisy\n3 rose\n", ("2 daisy", "3 rose")),
        ("1 euro\n2 euro\n3 euro\n", ("1 euro", "2 euro", "3 euro")),
        ("0 crane\n1 heron\n2 crane\n", ("0 crane", "1 heron", "2 crane")),
        ("  0  crane\n  1  heron\n  2  crane\n", ("crane", "heron", "crane")),
        ("0: crane\n1: heron\n2: crane\n", ("crane", "heron", "crane")),
        ("daisy:0\nroses:1\n", ("daisy:0", "roses:1")),
        ("0\n1\n", ("0", "1")),
        ("gänseblümchen\n薔薇\n", ("gänseblümchen", "薔薇")),
    ],
)
def test_lines(text: str, labels: tuple[str, ...]) -> None:
    """One label a line; an index in front counts only if the lines number 0..n-1 or 1..n."""
    assert parse_labels(text) == labels


@given(st.lists(NAMES.filter(lambda name: not name[0].isnumeric()), min_size=1, max_size=20))
def test_round_trip(labels: list[str]) -> None:
    """Labels written one a line are read back as they were."""
    assert parse_labels("".join(f"{label}\n" for label in labels)) == tuple(labels)


@given(
    st.lists(NAMES.filter(lambda name: name[0].isalpha()), min_size=1, max_size=20, unique=True),
    st.sampled_from([0, 1]),
    st.sampled_from([" ", ": ", "\t", ","]),
    st.randoms(use_true_random=False),
)
def test_numbered_lines_in_any_order(labels: list[str], first: int, gap: str, order: random.Random) -> None:
    """If every line is numbered, the numbers decide, not the order of the lines."""
    lines = [f"{index}{gap}{label}" for index, label in enumerate(labels, first)]
    order.shuffle(lines)
    assert parse_labels("\n".join(lines)) == tuple(labels)


@given(st.text())
def test_any_text(text: str) -> None:
    """Any text is labels or a ModelError, and blank lines at the end are never labels."""
    try:
        labels = parse_labels(text)
    except ModelError:
        assert not text.replace("\ufeff", "").strip()
    else:
        assert labels[-1]
        assert all(label == label.strip() for label in labels)


@pytest.mark.parametrize("text", ["", "\n\n", "  \t\r\n", "\ufeff"])
def test_no_label_at_all(text: str) -> None:
    """A file without labels is refused, and the message says what belongs into it."""
    with pytest.raises(ModelError, match="write one label a line"):
        parse_labels(text)


def test_reading_a_file(tmp_path: Path) -> None:
    """The file is read as UTF-8 whatever the locale."""
    (tmp_path / "labels.txt").write_bytes("rosé\n".encode())
    assert read_labels(tmp_path / "labels.txt") == ("rosé",)


def test_files_that_are_none(tmp_path: Path) -> None:
    """A missing file, a folder and a picture are each refused by name."""
    (tmp_path / "rose.png").write_bytes(b"\x89PNG\r\n\xff\xfe")
    with pytest.raises(ModelError, match=r"gone\.txt: cannot read the label file \(No such file or directory\)"):
        read_labels(tmp_path / "gone.txt")
    with pytest.raises(ModelError, match=r"cannot read the label file \(Is a directory\)"):
        read_labels(tmp_path)
    with pytest.raises(ModelError, match=r"rose\.png: not a text file"):
        read_labels(tmp_path / "rose.png")
