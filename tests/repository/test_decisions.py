"""The index of the decisions names each of them, as it names itself."""

from __future__ import annotations

import re

from support.paths import REPOSITORY

FOLDER = REPOSITORY / "docs" / "adr"
_ROW = re.compile(r"^\| (\d+) \| \[([^]]+)\]\(([^)]+)\) \| ([a-z ]+) \| (.+) \|$", re.MULTILINE)


def test_index_names_every_decision() -> None:
    """Number, title, file and status of each row are those of the page itself."""
    rows = _ROW.findall((FOLDER / "README.md").read_text("utf-8"))
    assert [row[2] for row in rows] == sorted(path.name for path in FOLDER.glob("0*.md"))
    for number, title, name, status, _ in rows:
        text = (FOLDER / name).read_text("utf-8")
        assert text.startswith(f"# {number}. {title}\n")
        assert f"**Status:** {status}\n" in text
        assert name.startswith(f"{int(number):04}-")


def test_numbers_without_a_decision_are_named() -> None:
    """A reader who looks for a number finds out why there is none."""
    numbers = {int(path.name[:4]) for path in FOLDER.glob("0*.md")}
    missing = sorted(set(range(1, max(numbers))) - numbers)
    assert missing == [8, 9]
    assert "The numbers 8 and 9 are unused." in (FOLDER / "README.md").read_text("utf-8")
