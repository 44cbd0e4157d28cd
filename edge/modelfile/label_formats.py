"""Label files in JSON, CSV and YAML, as other tools write them."""

from __future__ import annotations

import ast
import csv
import json
from collections.abc import Iterable, Sequence
from typing import Any

from edge.errors import ModelError
from edge.modelfile.label_yaml import yaml_names

_LISTS = ("labels", "names", "classes", "class_names", "id2label", "label2id", "class_indices", "Label")
"""Keys under which JSON and YAML files of other tools have their labels."""

_LABEL_COLUMNS = ("label", "labels", "name", "names", "class", "class_name", "classname", "display_name", "category")
_INDEX_COLUMNS = ("index", "id", "idx", "class_id", "class_index", "label_id", "number")


def parse_format(text: str, ending: str) -> tuple[str, ...] | None:
    """The labels in ``text``, in the format that the file's ``ending`` names (``".csv"``), else JSON.

    None if the file only began like JSON.

    JSON: a list of labels; an object of index and label, or of label and index; an object that has one of these as
    ``labels``, ``names``, ``classes``, ``class_names``, ``id2label``, ``label2id`` or ``class_indices``. CSV: see
    :func:`_parse_csv`. YAML: ``names``, a list or a map, as in Ultralytics' ``data.yaml``.

    Raises :class:`~edge.errors.ModelError` if it is damaged, or has no labels.
    """
    if ending in (".yaml", ".yml"):
        labels = _labels_of(yaml_names(text))
    elif ending in (".csv", ".tsv"):
        labels = _parse_csv(text)
    else:
        value = _json_value(text)
        if value is None and ending == ".json":
            raise ModelError("not JSON; give a file with one label a line, or a JSON list of labels")
        if value is None:
            return None
        labels = _labels_of(value)
    if labels is None or not any(labels):
        raise ModelError("no labels found in the label file; give a file with one label a line")
    return labels


def _json_value(text: str) -> Any:
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        pass
    try:  # Ultralytics wrote the text of a Python dict into its first TFLite files
        value = ast.literal_eval(text.strip())
    except (ValueError, SyntaxError, RecursionError, MemoryError):
        return None
    return value if isinstance(value, (dict, list)) else None


def _labels_of(value: Any) -> tuple[str, ...] | None:
    """The labels in a parsed JSON or YAML ``value``, None if there are none in it.

    Raises :class:`~edge.errors.ModelError` if the labels are numbered and numbers are missing.
    """
    if isinstance(value, list):
        names = [_name(item) for item in value]
        return tuple(name for name in names if name is not None) if names and None not in names else None
    if not isinstance(value, dict):
        return None
    for key in _LISTS:
        if isinstance(value.get(key), (list, dict)):
            return _labels_of(value[key])
    if value and all(_index(key) is not None for key in value):
        names = [_name(item) for item in value.values()]
        return None if None in names else _in_order(zip(map(_index, value), names, strict=True))
    if value and all(_index(item) is not None for item in value.values()):
        return _in_order((_index(item), str(key)) for key, item in value.items())
    return None


def _name(item: Any) -> str | None:
    if isinstance(item, (list, tuple)) and item:  # ["n02123045", "tabby"], as Keras writes ImageNet's
        item = item[-1]
    if isinstance(item, dict):
        item = next((item[key] for key in _LABEL_COLUMNS if key in item), None)
    if isinstance(item, (dict, list, tuple)) or item is None:
        return None
    return _one_line(str(item))


def _index(value: Any) -> int | None:
    if isinstance(value, bool):
        return None
    if isinstance(value, int):
        return value
    return int(value) if isinstance(value, str) and value.strip().isdecimal() and len(value) < 20 else None


def _in_order(numbered: Iterable[tuple[int | None, str | None]]) -> tuple[str, ...]:
    pairs = sorted((index, name) for index, name in numbered if index is not None and name is not None)
    indices = [index for index, _ in pairs]
    first = indices[0] if indices else 0
    if first not in (0, 1) or indices != list(range(first, first + len(indices))):
        raise ModelError(
            f"the labels are numbered, and the numbers are not 0 to {len(indices) - 1}, each once; correct the numbers"
        )
    return tuple(name for _, name in pairs)


def _parse_csv(text: str) -> tuple[str, ...]:
    """The labels in the CSV ``text``: a column of labels, and if there is one, a column of their numbers.

    A first line may name the columns. Columns are separated by commas, semicolons or tabs.

    Raises :class:`~edge.errors.ModelError` if it is not clear which column has the labels.
    """
    lines = text.lstrip("\ufeff").splitlines()
    first = next((line for line in lines if line.strip()), "")
    delimiter = next((mark for mark in ("\t", ";", ",") if mark in first), ",")
    try:
        read = csv.reader(lines, delimiter=delimiter, skipinitialspace=True, strict=True)
        rows = [[cell.strip() for cell in row] for row in read if any(cell.strip() for cell in row)]
    except csv.Error as error:
        raise ModelError(f"damaged CSV ({error}); give a file with one label a line") from None
    if not rows or len({len(row) for row in rows}) != 1:
        raise ModelError("the lines of the CSV have different numbers of columns; quote labels that have a comma")
    named = [cell.lower() for cell in rows[0]]
    header = any(cell in _LABEL_COLUMNS + _INDEX_COLUMNS for cell in named) and not any(map(_is_count, named))
    body = rows[1:] if header else rows
    if not body:
        raise ModelError("the label file has no labels in it: write one label a line")
    columns = list(zip(*body, strict=True))
    numbers = _number_column(columns, named if header else None)
    column = _label_column(columns, named if header else None, numbers)
    if numbers is None:
        return tuple(columns[column])
    return _in_order(zip(map(_index, columns[numbers]), columns[column], strict=True))


def _number_column(columns: Sequence[Sequence[str]], named: list[str] | None) -> int | None:
    """The index of the column of numbers, None if there is none."""
    whole = [index for index, column in enumerate(columns) if len(columns) > 1 and all(map(_is_count, column))]
    by_name = [index for index in whole if named and named[index] in _INDEX_COLUMNS]
    return next(iter([*by_name, *whole]), None)


def _label_column(columns: Sequence[Sequence[str]], named: list[str] | None, numbers: int | None) -> int:
    rest = [index for index in range(len(columns)) if index != numbers]
    by_name = [index for index in rest if named and named[index] in _LABEL_COLUMNS]
    by_name = [index for index in by_name if not all(map(_is_count, columns[index]))] or by_name
    if by_name or len(rest) == 1:
        return (by_name or rest)[0]
    raise ModelError("which column of the CSV has the labels? name the columns in a first line: index,label")


def _is_count(text: str) -> bool:
    return _index(text) is not None


def _one_line(text: str) -> str:
    return " ".join(part.strip() for part in text.splitlines()).strip()
