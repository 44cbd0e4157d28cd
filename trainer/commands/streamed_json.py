"""JSON with a long list in it, printed as it is made: a million photos must not be one text in memory."""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any


def print_streamed(before: dict[str, Any], name: str, rows: Iterable[Any], after: dict[str, Any]) -> None:
    """Print, on one line, what ``json.dumps({**before, name: [*rows], **after})`` gives; neither dict is empty."""
    print(f"{json.dumps(before)[:-1]}, {json.dumps(name)}: [", end="")
    separator = ""
    for row in rows:
        print(f"{separator}{json.dumps(row)}", end="")
        separator = ", "
    print(f"], {json.dumps(after)[1:]}")
