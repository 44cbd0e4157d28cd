"""Figures of result files as series over dates: one for each machine, benchmark, row and figure."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator
from pathlib import Path
from statistics import median
from typing import Any, NamedTuple

from edge.bench.results import MAX_RESULTS_BYTES
from edge.errors import DataError
from edge.regular_file import read_regular

NOTABLE = 0.05
"""A figure that changes by 5 % or more between two dates stands out."""

_NAME = re.compile(r"(?P<machine>.+)-(?P<date>\d{4}-\d\d-\d\d)-(?P<benchmark>.+)\.json")
_NOT_WHO = {"sha256", "error", "runtime_version", "command", "counter"}  # texts that say nothing of which row it is
_MOST_TEXT = 80


class Key(NamedTuple):
    """What a series is of. ``row`` names the row of the file, ``figure`` the number in it."""

    machine: str
    benchmark: str
    row: str
    figure: str


class Series(NamedTuple):
    """``points`` are (date, value), the oldest first; the date is ISO."""

    key: Key
    points: list[tuple[str, float]]

    @property
    def change(self) -> float:
        """By which share the last value differs from the one before it; 0 if there is one date or a zero."""
        if len(self.points) < 2 or not self.points[-2][1]:
            return 0.0
        return self.points[-1][1] / self.points[-2][1] - 1

    @property
    def notable(self) -> bool:
        """Whether the last change is 5 % or more."""
        return abs(self.change) >= NOTABLE


def read_series(files: Iterable[Path]) -> list[Series]:
    """The series of ``files``, those with the largest last change first within each benchmark.

    Machine, date and benchmark are those of the name: ``MACHINE-DATE-BENCHMARK.json``. Files with other names are left
    out. A list of numbers counts as its median.

    Raises :class:`~edge.errors.DataError` if a file cannot be read or is no result file, or if there is none.
    """
    found: dict[Key, list[tuple[str, float]]] = {}
    for path in sorted(files, key=lambda path: path.name):
        name = _NAME.fullmatch(path.name)
        if name is None:
            continue
        for row, figures in _rows(path):
            for figure, value in figures.items():
                key = Key(name["machine"], name["benchmark"], row, figure)
                found.setdefault(key, []).append((name["date"], value))
    if not found:
        raise DataError("no result files; give files named MACHINE-DATE-BENCHMARK.json, or their folder")
    made = [Series(key, sorted(points)) for key, points in found.items()]
    return sorted(made, key=lambda one: (one.key.benchmark, one.key.machine, -abs(one.change), one.key))


def _rows(path: Path) -> Iterator[tuple[str, dict[str, float]]]:
    """Each row's name and its figures. Rows of one name get numbers, so that none is lost."""
    try:
        rows = json.loads(read_regular(path, MAX_RESULTS_BYTES).decode())["rows"]
        named = [(_who(row), dict(_figures(row))) for row in rows]
    except OSError as error:
        raise DataError(f"{path}: cannot read the results ({error.strerror})") from None
    except (ValueError, KeyError, TypeError, AttributeError, OverflowError, RecursionError):
        raise DataError(f"{path}: not a result file; remove it, or copy it again") from None
    seen: dict[str, int] = {}
    for name, figures in named:
        seen[name] = seen.get(name, 0) + 1
        yield (name if seen[name] == 1 else f"{name} #{seen[name]}"), figures


def _who(row: dict[str, Any]) -> str:
    """The short texts of a row, and its number of threads: by these a reader knows it again."""
    texts = [
        value
        for name, value in row.items()
        if isinstance(value, str) and name not in _NOT_WHO and len(value) <= _MOST_TEXT
    ]
    threads = row.get("threads")
    return ", ".join([*texts, *([f"threads {threads}"] if threads is not None else [])]) or "all"


def _figures(row: dict[str, Any], before: str = "") -> Iterator[tuple[str, float]]:
    for name, value in row.items():
        if isinstance(value, dict):
            yield from _figures(value, f"{before}{name}.")
        elif isinstance(value, (int, float)) and not isinstance(value, bool):
            yield f"{before}{name}", float(value)
        elif isinstance(value, list) and value and all(type(each) in (int, float) for each in value):
            yield f"{before}{name}", float(median(value))
