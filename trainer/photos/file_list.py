"""A file that lists photos and their classes: CSV, or one JSON object a line."""

from __future__ import annotations

import csv
import io
import json
import os
import stat
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

from edge.errors import DatasetError
from edge.file_kinds import HEAD_BYTES, kind_of
from edge.shorten import list_names, shorten
from edge.system.drives import asking
from trainer.photos.layout import class_name, split_of
from trainer.photos.layout_messages import taken_from_training
from trainer.photos.photo_files import PhotoFile, Skipped

MAX_LIST_BYTES = 256 << 20
"""A larger file is refused: it is not a list of photos."""

PATH_NAMES = ("path", "file", "filename", "file_name", "filepath", "file_path", "image", "image_path")
LABEL_NAMES = ("label", "class", "class_name", "category")
SPLIT_COLUMN_NAMES = ("split", "subset", "set")
"""What the three columns of a list, or the keys of its objects, may be called; upper and lower case are the same."""

_DELIMITERS = "\t;,"
_FORM = "give lines of path,label or path,label,split, or JSON objects with path and label"


class FileList(NamedTuple):
    """The photos of a list, what is skipped, and lines that say how the list was understood.

    Paths are relative to the list's folder.
    """

    files: list[PhotoFile]
    skipped: list[Skipped]
    messages: list[str]


class _Row(NamedTuple):
    """A line of a list; ``number`` counts from 1."""

    number: int
    path: str
    label: str
    split: str


def read_file_list(path: Path, *, use_splits: bool = True) -> FileList:
    """The photos that the file at ``path`` lists, with their classes and, if it gives them, their splits.

    It is CSV (comma, semicolon or tab; UTF-8 or UTF-16) with the columns path, label and perhaps split, or has one JSON
    object a line with these keys. A first line with the names of the columns may give another order. Paths are relative
    to the folder of ``path``. A photo without a file or a label is skipped, and so is one with two labels or splits.
    Without ``use_splits`` the splits are read and not used.

    Raises :class:`~edge.errors.DatasetError` if it is not such a list, names an unknown split, or if no file of it is
    there.
    """
    text = _read_text(path)
    rows = list(_json_rows(path, text) if text.lstrip()[:1] == "{" else _csv_rows(path, text))
    listed: dict[str, list[PhotoFile]] = defaultdict(list)
    skipped: list[Skipped] = []
    for row in rows:
        file = _find(path, row)
        reason = _why_missing(file.path) if row.label else "the list has no label for it"
        if reason:
            skipped.append(Skipped(file.relative, reason))
        else:
            listed[file.relative].append(file)
    files = []
    for relative, found in listed.items():
        labels, splits = ({file.label for file in found}, {file.split for file in found})
        if len(labels) > 1:
            skipped.append(Skipped(relative, f"listed as {list_names(sorted(labels))}; keep one line of it"))
        elif len(splits) > 1:
            named = list_names(sorted(split or "no split" for split in splits))
            skipped.append(Skipped(relative, f"listed for {named}; keep one line of it"))
        else:
            files.append(found[0])
    if not files:
        why = f": {shorten(skipped[0].path)}: {skipped[0].reason}" if skipped else ""
        raise DatasetError(
            f"{path}: none of the {len(rows)} photos in this list can be used{why}; paths are relative to its folder"
        )
    if not use_splits:
        return FileList([file._replace(split=None) for file in files], sorted(set(skipped)), [])
    return FileList(files, sorted(set(skipped)), _split_messages(files))


def _split_messages(files: Sequence[PhotoFile]) -> list[str]:
    given = {file.split for file in files} - {None}
    if not given:
        return []
    return [f"the list gives the split{taken_from_training(given)}; --layout classes does not use it"]


def _read_text(path: Path) -> str:
    try:
        with asking(path), path.open("rb") as file:
            content = file.read(MAX_LIST_BYTES + 1)
    except OSError as error:
        raise DatasetError(f"{path}: cannot be read: {error.strerror}") from None
    if len(content) > MAX_LIST_BYTES:
        raise DatasetError(f"{path}: too large for a list of photos; give a folder of photos, or {_FORM}")
    kind = kind_of(content[:HEAD_BYTES])
    if kind is not None:
        fix = kind.fetch or "give a folder that has one folder of photos for each class, or a list of photos"
        raise DatasetError(f"{path}: {kind.name}, not a folder of photos; {fix}")
    encoding = "utf-16" if content[:2] in (b"\xff\xfe", b"\xfe\xff") else "utf-8-sig"
    try:
        text = content.decode(encoding)
    except UnicodeDecodeError:
        text = "\0"
    if "\0" in text:
        raise DatasetError(f"{path}: not a folder, and not a list of photos in UTF-8; {_FORM}")
    if not text.strip():
        raise DatasetError(f"{path}: an empty list; {_FORM}")
    return text


def _csv_rows(path: Path, text: str) -> Iterator[_Row]:
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=_delimiter(text), skipinitialspace=True)
    columns: tuple[int, int, int | None] | None = None
    try:
        for cells in reader:
            cells = [cell.strip() for cell in cells]
            if not any(cells):
                continue
            if columns is None:
                columns = _named_columns(cells)
                if columns is not None:
                    continue
                if not 2 <= len(cells) <= 3:
                    raise DatasetError(f"{path}: line {reader.line_num} does not have 2 or 3 columns; {_FORM}")
                columns = (0, 1, 2)
            at_path, at_label, at_split = (
                "" if column is None or column >= len(cells) else cells[column] for column in columns
            )
            if not at_path:
                raise DatasetError(f"{path}: line {reader.line_num} has no path; {_FORM}")
            yield _checked(path, _Row(reader.line_num, at_path, at_label, at_split))
    except csv.Error as error:
        raise DatasetError(f"{path}: line {reader.line_num}: {error}; {_FORM}") from None


def _delimiter(text: str) -> str:
    """The character that separates the columns: the first of tab, semicolon and comma that is in the first line."""
    first = next(line for line in text.splitlines() if line.strip())
    return next((character for character in _DELIMITERS if character in first), ",")


def _named_columns(cells: Sequence[str]) -> tuple[int, int, int | None] | None:
    """Which columns are path, label and split by the names in the first line; None if it has no such names."""
    names = [cell.casefold() for cell in cells]
    path, label, split = (
        next((names.index(name) for name in known if name in names), None)
        for known in (PATH_NAMES, LABEL_NAMES, SPLIT_COLUMN_NAMES)
    )
    return None if path is None or label is None else (path, label, split)


def _json_rows(path: Path, text: str) -> Iterator[_Row]:
    for number, line in enumerate(text.split("\n"), 1):
        if not line.strip():
            continue
        try:
            record = json.loads(line)
        except (ValueError, RecursionError):
            record = None
        if not isinstance(record, dict):
            raise DatasetError(f"{path}: line {number} is not one whole JSON object; {_FORM}")
        keys = {str(key).casefold(): value for key, value in record.items()}
        name = _text(keys, PATH_NAMES)
        if not name:
            raise DatasetError(f"{path}: line {number} has no path; {_FORM}")
        yield _checked(path, _Row(number, name, _text(keys, LABEL_NAMES), _text(keys, SPLIT_COLUMN_NAMES)))


def _text(keys: Mapping[str, object], names: Sequence[str]) -> str:
    value = next((keys[name] for name in names if name in keys), None)
    known = isinstance(value, (str, int, float)) and not isinstance(value, bool)
    return str(value).strip() if known else ""


def _checked(path: Path, row: _Row) -> _Row:
    if row.split and split_of(row.split) is None:
        raise DatasetError(
            f"{path}: line {row.number}: unknown split {shorten(row.split)!r}; give train, validation or test"
        )
    return row


def _find(path: Path, row: _Row) -> PhotoFile:
    """The file that ``row`` means; backslashes are slashes if there is no file with backslashes in its name."""
    name = row.path
    if "\\" in name:
        with asking(path.parent / name):
            there = os.path.lexists(path.parent / name)
        name = name if there else name.replace("\\", "/")
    relative = Path(os.path.relpath(path.parent / name, path.parent)).as_posix()
    return PhotoFile(path.parent / name, relative, class_name(row.label), split_of(row.split))


def _why_missing(file: Path) -> str:
    """Why ``file`` cannot be read; empty if it is a regular file."""
    try:
        with asking(file):
            return "" if stat.S_ISREG(file.stat().st_mode) else "not a regular file"
    except (OSError, ValueError) as error:  # ValueError: a zero byte in the path
        return f"cannot be read: {getattr(error, 'strerror', None) or 'no such file'}"
