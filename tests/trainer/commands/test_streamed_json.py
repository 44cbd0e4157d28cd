"""A long list in JSON, printed row by row."""

from __future__ import annotations

import json
from collections.abc import Iterator

import pytest

from trainer.commands.streamed_json import print_streamed

BEFORE, AFTER = {"name": 'a "b"', "values": [1, 2.5]}, {"last": None}


@pytest.mark.parametrize("rows", [[], [{"path": "é"}], [{"a": 1}, [2], "c"]])
def test_it_is_what_dumps_gives(rows: list[object], capsys: pytest.CaptureFixture[str]) -> None:
    """The same text on one line, however many rows there are."""
    print_streamed(BEFORE, "rows", iter(rows), AFTER)
    assert capsys.readouterr().out == json.dumps({**BEFORE, "rows": rows, **AFTER}) + "\n"


def test_a_row_is_printed_before_the_next_one_is_made(capsys: pytest.CaptureFixture[str]) -> None:
    """So no row needs memory longer than it takes to print it."""
    seen: list[str] = []

    def rows() -> Iterator[int]:
        for number in range(3):
            seen.append(capsys.readouterr().out)
            yield number

    print_streamed(BEFORE, "rows", rows(), AFTER)
    assert seen[1:] == ["0", ", 1"]
