"""The output of ``edge label``: lines for people, JSON lines for programs."""

from __future__ import annotations

import io
import json
import os
from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from edge.commands.label_output import JsonLinesWriter, TextWriter
from edge.types import Category, Classification, LabelledPhoto

PATH = Path("photos/rose.jpg")
ROSES = Classification((Category(2, "roses", 0.9923456789), Category(0, "daisy", 0.0)), 12.34567)
NOTHING = Classification((), 1.0)


class Stream(io.StringIO):
    """A stream that remembers what had been written whenever it was flushed."""

    def __init__(self) -> None:
        super().__init__()
        self.flushed: list[str] = []

    def flush(self) -> None:
        self.flushed.append(self.getvalue())


def _text(photo: LabelledPhoto, with_paths: bool) -> str:
    stream = Stream()
    TextWriter(stream, with_paths=with_paths).write(photo)
    assert stream.getvalue() in ("", *stream.flushed)
    return stream.getvalue()


def test_text_of_one_photo() -> None:
    """One photo gives the codelab's lines and nothing else."""
    assert _text(LabelledPhoto(PATH, ROSES), False) == "roses (score=0.99235)\ndaisy (score=0.00000)\n"


def test_text_of_many_photos() -> None:
    """Among many each photo's path stands above its lines, and a blank line below."""
    lines = "photos/rose.jpg\nroses (score=0.99235)\ndaisy (score=0.00000)\n\n"
    assert _text(LabelledPhoto(PATH, ROSES), True) == lines


def test_text_when_nothing_reaches_the_threshold() -> None:
    """A photo without categories says so among many; alone there is nothing to print."""
    assert _text(LabelledPhoto(PATH, NOTHING), True) == "photos/rose.jpg\n(no score reaches the threshold)\n\n"
    assert _text(LabelledPhoto(PATH, NOTHING), False) == ""


def test_text_of_a_skipped_photo() -> None:
    """A skipped photo is left to stderr."""
    assert _text(LabelledPhoto(PATH, None, "damaged"), True) == ""


def test_json_record() -> None:
    """A record has path, labels and scores best first, and the latency, rounded."""
    stream = Stream()
    JsonLinesWriter(stream).write(LabelledPhoto(PATH, ROSES))
    assert json.loads(stream.getvalue()) == {
        "path": "photos/rose.jpg",
        "labels": ["roses", "daisy"],
        "scores": [0.992346, 0.0],
        "latency_ms": 12.346,
    }


def test_json_of_a_skipped_photo() -> None:
    """A photo that was skipped is a record with its error, so that no input goes missing."""
    stream = Stream()
    JsonLinesWriter(stream).write(LabelledPhoto(PATH, None, "damaged: no end"))
    assert json.loads(stream.getvalue()) == {"path": "photos/rose.jpg", "error": "damaged: no end"}


def test_json_without_categories() -> None:
    """Nothing above the threshold is empty lists, not a missing key."""
    stream = Stream()
    JsonLinesWriter(stream).write(LabelledPhoto(PATH, NOTHING))
    assert json.loads(stream.getvalue()) == {"path": "photos/rose.jpg", "labels": [], "scores": [], "latency_ms": 1.0}


def test_json_is_flushed_line_by_line() -> None:
    """A program that reads along sees each record as soon as it is made."""
    stream = Stream()
    writer = JsonLinesWriter(stream)
    writer.write(LabelledPhoto(PATH, ROSES))
    writer.write(LabelledPhoto(PATH, None, "damaged"))
    assert [text.count("\n") for text in stream.flushed] == [1, 2]


@given(st.text(st.characters(exclude_characters="\0"), min_size=1), st.binary(min_size=1), st.floats(0, 1))
def test_any_label_and_path(label: str, name: bytes, score: float) -> None:
    """Label and path may have any characters: a record is one ASCII line, and what is read from it is the same."""
    stream = Stream()
    path = Path(os.fsdecode(name.replace(b"\0", b"x").replace(b"/", b"x")))
    JsonLinesWriter(stream).write(LabelledPhoto(path, Classification((Category(0, label, score),), 0.5)))
    line = stream.getvalue()
    assert line.isascii() and line.count("\n") == 1
    record = json.loads(line)
    assert record["labels"] == [label]
    assert Path(record["path"]) == path
    assert abs(record["scores"][0] - score) <= 5e-7
