"""The ``names`` in a YAML file: the two shapes that data sets of Ultralytics and others have, and no more of YAML.

::

    names: [daisy, 'roses']      names:           names:
                                   0: daisy         - daisy
                                   1: roses         - roses
"""

from __future__ import annotations

import re
from typing import Any, NoReturn

from edge.errors import ModelError

_KEY = re.compile(r"(?:names|labels|classes|class_names):(?:[ \t]+(.*))?")
_BEFORE_QUOTE = " \t[{,:-\"'"  # a quote after another character is an apostrophe
_SPECIAL = ("&", "*", "!", "|", ">", "@", "`", "%", "{", "[", "?")


def yaml_names(text: str) -> list[Any] | dict[str, Any]:
    """What stands under ``names``, ``labels`` or ``classes`` in the YAML ``text``: a list, or a map by number.

    Raises :class:`~edge.errors.ModelError` if there is nothing, or it is written in another way.
    """
    lines = [_without_comment(line) for line in text.lstrip("\ufeff").splitlines()]
    for number, line in enumerate(lines):
        found = _KEY.fullmatch(line)
        if found and found[1]:
            return _flow(" ".join([found[1], *lines[number + 1 :]]))
        if found:
            return _block(lines[number + 1 :])
    return _block(lines) if any(line.startswith("- ") for line in lines) else _unreadable()


def _without_comment(line: str) -> str:
    quote, before = "", " "
    for position, character in enumerate(line):
        if quote:
            if character == quote and not (quote == '"' and before == "\\"):
                quote = ""
        elif character in "\"'" and before in _BEFORE_QUOTE:
            quote = character
        elif character == "#" and before.isspace():
            return line[:position].rstrip()
        before = character
    return line.rstrip()


def _flow(text: str) -> list[Any] | dict[str, Any]:
    """``[a, b]`` or ``{0: a, 1: b}`` at the start of ``text``."""
    closing = {"[": "]", "{": "}"}.get(text[0]) or _unreadable()
    entries: list[tuple[str, str]] = []
    position = 1
    while True:
        position = _skip_blanks(text, position)
        if text[position] == closing:
            break
        name, position = _flow_scalar(text, position)
        value = ""
        if closing == "}":
            if text[position] != ":":
                _unreadable()
            value, position = _flow_scalar(text, _skip_blanks(text, position + 1))
        entries.append((name, value))
        if text[position] == ",":
            position += 1
        elif text[position] != closing:
            _unreadable()
    return [name for name, _ in entries] if closing == "]" else _as_map(entries)


def _flow_scalar(text: str, position: int) -> tuple[str, int]:
    """The scalar at ``position``, and the position of the character that ends it."""
    end = position
    if text[position] in "\"'":
        quote, end = text[position], position + 1
        while end < len(text) and (text[end] != quote or text[end : end + 2] == "''"):
            end += 2 if (text[end] == "\\" and quote == '"') or text[end : end + 2] == "''" else 1
        end += 1
    else:
        while end < len(text) and text[end] not in ",]}" and not re.match(r":(\s|$)", text[end : end + 2]):
            end += 1
    value = _scalar(text[position:end])
    return value, _skip_blanks(text, end)


def _skip_blanks(text: str, position: int) -> int:
    while position < len(text) and text[position].isspace():
        position += 1
    return position if position < len(text) else _unreadable()


def _block(lines: list[str]) -> list[Any] | dict[str, Any]:
    """The list or map of ``lines`` up to the next key at the left margin."""
    items: list[str] = []
    pairs: list[tuple[str, str]] = []
    for line in lines:
        content = line.strip()
        if not content or line.startswith(("---", "...")):
            continue
        if not (line[0].isspace() or content.startswith("- ")):
            break
        if content.startswith("- "):
            items.append(_scalar(content[2:]))
        else:
            name, position = _flow_scalar(content + " ", 0) if ": " in content else _unreadable()
            if (content + " ")[position] != ":":
                _unreadable()
            pairs.append((name, _scalar(content[position + 1 :])))
    if bool(items) == bool(pairs):
        _unreadable()
    return items or _as_map(pairs)


def _as_map(pairs: list[tuple[str, str]]) -> dict[str, Any]:
    made = dict(pairs)
    return made if len(made) == len(pairs) else _unreadable()


def _scalar(text: str) -> str:
    text = text.strip()
    if text[:1] in ("'", '"'):
        inner, quote = text[1:-1], text[0]
        if len(text) < 2 or text[-1] != quote:
            _unreadable()
        if quote == "'":
            return inner.replace("''", "'") if "'" not in inner.replace("''", "") else _unreadable()
        if re.search(r'\\[^"\\]|(?<!\\)"', inner.replace("\\\\", "")):  # escapes of other characters
            _unreadable()
        return re.sub(r"\\(.)", r"\1", inner)
    if not text or text.startswith((*_SPECIAL, "- ")) or ": " in text or text.endswith(":"):
        _unreadable()
    return text


def _unreadable() -> NoReturn:
    raise ModelError("cannot read the names in this YAML file; give a file with one label a line")
