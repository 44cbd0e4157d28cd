"""What a terminal could take for a command is never printed."""

from __future__ import annotations

import contextlib
import io
import sys
import unicodedata
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge.commands.inspect_table import _names_and_values
from edge.commands.label_output import TextWriter
from edge.errors import DataError
from edge.messages import print_message
from edge.printable import printable
from edge.run_command import run_command
from edge.text_table import aligned
from edge.types import Category, Classification, LabelledPhoto

CONTROLS = [chr(code) for code in range(sys.maxunicode + 1) if unicodedata.category(chr(code)) in ("Cc", "Zl", "Zp")]
BIDI = [chr(code) for code in range(sys.maxunicode + 1) if unicodedata.bidirectional(chr(code)) in
        ("LRE", "RLE", "LRO", "RLO", "PDF", "LRI", "RLI", "FSI", "PDI")]  # fmt: skip


def _written(text: str) -> dict[str, list[str]]:
    """The lines that each place that prints makes of a name ``text``."""
    places = {}
    for place in ("message", "error", "label", "rejected", "path", "table", "facts"):
        out, err = io.StringIO(), io.StringIO()
        with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
            if place == "message":
                print_message(text)
            elif place == "error":
                run_command("edge", lambda: _fail(text))
            elif place in ("table", "facts"):
                lines = aligned([[text, "1"]]) if place == "table" else _names_and_values({text: text})
                out.write("".join(line + "\n" for line in lines))
            else:
                label = "daisy" if place == "path" else text
                found = Classification((Category(0, label, 0.5),), 0.0, True if place == "rejected" else None)
                photo = LabelledPhoto(Path(text.replace("\0", "") if place == "path" else "p"), found)
                TextWriter(out, with_paths=place == "path").write(photo)
        places[place] = (out.getvalue() + err.getvalue()).split("\n")
    return places


def _fail(text: str) -> None:
    raise DataError(text)


@pytest.mark.parametrize("character", [*CONTROLS, *BIDI], ids=lambda character: f"{ord(character):04x}")
def test_every_control_character(character: str) -> None:
    """No control character, line separator or override of the direction comes out of any place that prints."""
    assert printable(f"a{character}b") == "a?b"
    for place, lines in _written(f"a{character}b").items():
        assert len(lines) == (4 if place == "path" else 2), place
        assert not any(control in line for line in lines for control in (*CONTROLS, *BIDI)), place


@given(st.text())
def test_everything_else_stays(text: str) -> None:
    """Letters of every script, emoji, joiners and blanks of any width stay as they are."""
    shown = printable(text)
    assert len(shown) == len(text)
    marks = "\u061c\u200e\u200f"
    changed = {before for before, after in zip(text, shown, strict=True) if before != after}
    assert changed <= {*CONTROLS, *BIDI, *marks}


def test_names_that_are_used() -> None:
    """Names that people give are printed as they are, with the blanks that macOS puts into them, and emoji."""
    for name in (
        "Gänseblümchen",
        "ひなぎく",
        "Screenshot 3.45\u202fPM.png",
        "👩\u200d🌾.jpg",
        "a\u00a0b",
        "\udcff.jpg",
    ):
        assert printable(name) == name
