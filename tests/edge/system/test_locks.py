"""A lock that only one process has."""

from __future__ import annotations

import json
import os
from pathlib import Path

from edge.system.locks import try_lock
from support.other_systems import WINDOWS, seen


def test_the_second_one_does_not_get_it(tmp_path: Path) -> None:
    """Until the first one closes the file; a folder can be locked too."""
    (tmp_path / "file").touch()
    for path in (tmp_path / "file", tmp_path):
        first, second = os.open(path, os.O_RDONLY), os.open(path, os.O_RDONLY)
        assert (try_lock(first), try_lock(second)) == (True, False)
        os.close(first)
        assert try_lock(second)
        os.close(second)


_ON_WINDOWS = """
import os
from edge.system.locks import try_lock
first, second = (os.open("file", os.O_RDWR | os.O_CREAT) for _ in range(2))
os.write(first, b"one")
locked = [try_lock(first), try_lock(second)]
os.write(first, b" two")
os.close(first)
print([*locked, try_lock(second)])

from edge.bench.journal import Journal
with Journal(Path("part"), {}, {}):
    try:
        Journal(Path("part"), {}, {})
    except UsageError as error:
        print(error)
"""


def test_on_windows(python, tmp_path: Path) -> None:
    """It locks a byte, and the place in the file stays; so two runs of a benchmark into one file are told apart."""
    program = f"from pathlib import Path\nfrom edge.errors import UsageError\n{_ON_WINDOWS}"
    lines = python("-c", program, env={**os.environ, **seen(WINDOWS)}).stdout.splitlines()
    assert json.loads(lines[0].lower()) == [True, False, True]
    assert (tmp_path / "file").read_text() == "one two"
    assert lines[1].startswith("part: another edge bench writes it now")
