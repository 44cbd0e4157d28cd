"""Reading label files, with the differences that other tools make."""

from __future__ import annotations

import re
from pathlib import Path

from edge.errors import ModelError
from edge.modelfile.reading import MAX_LABEL_BYTES, ZIP_START, read_bounded

_INDEXED = re.compile(r"(\d+)([\s:,]+)(\S.*)")
_MARKS = (  # byte order marks; UTF-32's begins with UTF-16's
    (b"\xff\xfe\x00\x00", "utf-32"),
    (b"\x00\x00\xfe\xff", "utf-32"),
    (b"\xff\xfe", "utf-16"),
    (b"\xfe\xff", "utf-16"),
)
_FORMATS = (".json", ".yaml", ".yml", ".csv", ".tsv")


def parse_labels(text: str) -> tuple[str, ...]:
    """The labels in ``text``, one a line, in the order of the model's outputs.

    Lines may begin with their index (``0 daisy``, ``0: daisy``), as pycoral and Teachable Machine write them. It is
    removed only if every line has one, and together they are 0..n-1 or 1..n: so a class named ``7 up`` keeps its name.
    Where a single space follows it, the labels without it must differ from each other too: ``1 euro``, ``2 euro`` stay
    two classes, and ImageNet's two cranes in Coral's file, with two spaces, are both ``crane``. Blank lines at the end
    are ignored.

    Raises :class:`~edge.errors.ModelError` if there is no label.
    """
    lines = [line.strip() for line in text.lstrip("\ufeff").splitlines()]
    while lines and not lines[-1]:
        lines.pop()
    if not any(lines):
        raise ModelError("the label file has no labels in it: write one label a line")
    matches = [_INDEXED.fullmatch(line) for line in lines]
    if all(matches):
        numbered = {int(match[1]): match[3].strip() for match in matches if match}
        set_apart = all(match[2] != " " for match in matches if match)
        first = min(numbered)
        in_order = tuple(numbered[index] for index in sorted(numbered))
        whole = first in (0, 1) and sorted(numbered) == list(range(first, first + len(lines)))
        if whole and (set_apart or len(set(in_order)) == len(in_order)):
            return in_order
    return tuple(lines)


def parse_label_file(content: bytes, name: str) -> tuple[str, ...]:
    """The labels in the ``content`` of a label file called ``name``, whose ending may tell its format.

    The file is one of these, as text in UTF-8, or in UTF-16 or UTF-32 with its mark in front: lines
    (:func:`parse_labels`), CSV, JSON or YAML (:mod:`edge.modelfile.label_formats`), or a zip with one text file in it,
    as Teachable Machine makes it.

    Raises :class:`~edge.errors.ModelError` if it is none of these, or has no labels.
    """
    if content.startswith(ZIP_START):
        from edge.modelfile.model_zip import labels_of_zip  # only a few files are zips

        return parse_label_file(*labels_of_zip(content))
    text = _decode(content)
    ending = Path(name).suffix.lower()
    if ending in _FORMATS or text.lstrip()[:1] in ("{", "["):
        from edge.modelfile.label_formats import parse_format  # most files are lines

        labels = parse_format(text, ending)
        if labels is not None:
            return labels
    return parse_labels(text)


def read_labels(path: Path) -> tuple[str, ...]:
    """The labels in the file at ``path``; see :func:`parse_label_file`.

    Raises :class:`~edge.errors.ModelError` if the file is missing, too large, of no known format, or empty.
    """
    content = read_bounded(path, MAX_LABEL_BYTES, "the label file")
    try:
        return parse_label_file(content, path.name)
    except ModelError as error:
        raise ModelError(f"{path}: {error}") from None


def _decode(content: bytes) -> str:
    encoding = next((name for mark, name in _MARKS if content.startswith(mark)), "utf-8-sig")
    try:
        text = content.decode(encoding)
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        raise ModelError(
            f"not a text file in UTF-8 (line {line}); give a file with one label a line, saved as UTF-8"
        ) from None
    if "\0" in text:
        raise ModelError("not a text file, or UTF-16 without its mark; give one with one label a line, saved as UTF-8")
    return text
