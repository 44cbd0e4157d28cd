"""Reading JSON of a stranger: of limited size, without repeated names, and with numbers that JSON has."""

from __future__ import annotations

import json
import math
from pathlib import Path
from typing import Any, NoReturn

from edge.errors import DataError
from edge.modelfile.reading import read_bounded

MAX_BYTES = 8 << 20
"""The largest file. One of four interpreters with two numbers of threads has less than 1 MB."""

_MOST_DIGITS = 20


class _Unusual(ValueError):
    """JSON that Python reads and that no program of ours writes."""


def read_sent(path: Path) -> dict[str, Any]:
    """The JSON object in the file at ``path``.

    Raises :class:`~edge.errors.DataError` if it cannot be read, is too large, is not JSON, or is not one object.
    """
    content = read_bounded(path, MAX_BYTES, "the results")
    try:
        found = json.loads(
            content.decode("utf-8"),
            object_pairs_hook=_without_repetition,
            parse_constant=_constant,
            parse_float=_float,
            parse_int=_integer,
        )
    except _Unusual as error:
        raise DataError(f"{path}: not a results file of edge bench ({error})") from None
    except (ValueError, RecursionError):
        raise DataError(f"{path}: not a results file of edge bench (not JSON)") from None
    if not isinstance(found, dict):
        raise DataError(f"{path}: not a results file of edge bench (not an object)")
    return found


def _without_repetition(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        raise _Unusual("a name stands twice in one object")
    return found


def _constant(text: str) -> NoReturn:
    raise _Unusual(f"{text} is no number of JSON")


def _float(text: str) -> float:
    value = float(text)
    if not math.isfinite(value):
        raise _Unusual("a number is too large")
    return value


def _integer(text: str) -> int:
    if len(text) > _MOST_DIGITS:
        raise _Unusual("a number is too large")
    return int(text)
