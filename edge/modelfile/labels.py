"""Reading label files, with the differences that other tools make."""

from __future__ import annotations

import re
from pathlib import Path

from edge.errors import ModelError

_INDEXED = re.compile(r"(\d+)[\s:,]+(\S.*)")


def parse_labels(text: str) -> tuple[str, ...]:
    """The labels in ``text``, one a line, in the order of the model's outputs.

    Lines may begin with their index (``0 daisy``, ``0: daisy``), as pycoral and Teachable Machine write them. It is
    removed only if every line has one and together they are 0..n-1 or 1..n: so a class named ``7 up`` keeps its name.
    Blank lines at the end are ignored.

    Raises :class:`~edge.errors.ModelError` if there is no label.
    """
    lines = [line.strip() for line in text.lstrip("\ufeff").splitlines()]
    while lines and not lines[-1]:
        lines.pop()
    if not any(lines):
        raise ModelError("the label file has no labels in it: write one label a line")
    matches = [_INDEXED.fullmatch(line) for line in lines]
    if all(matches):
        numbered = {int(match[1]): match[2].strip() for match in matches if match}
        first = min(numbered)
        if first in (0, 1) and sorted(numbered) == list(range(first, first + len(lines))):
            return tuple(numbered[index] for index in sorted(numbered))
    return tuple(lines)


def read_labels(path: Path) -> tuple[str, ...]:
    """The labels in the file at ``path``; see :func:`parse_labels`.

    Raises :class:`~edge.errors.ModelError` if the file is missing, not UTF-8 text, or empty.
    """
    try:
        return parse_labels(path.read_text(encoding="utf-8"))
    except UnicodeDecodeError:
        raise ModelError(f"{path}: not a text file; give a file with one label a line") from None
    except OSError as error:
        raise ModelError(f"{path}: cannot read the label file ({error.strerror})") from None
