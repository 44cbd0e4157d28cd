"""The process of a systemd unit, started as systemd starts it, without systemd."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path

_ESCAPES = {"n": "\n", "t": "\t", "s": " ", '"': '"', "'": "'", "\\": "\\"}
_VARIABLE = re.compile(r"\$\$|\$\{(\w+)\}")


def settings(text: str) -> list[tuple[str, str]]:
    """Name and value of every setting in the text of a unit."""
    lines = [line for line in text.replace("\\\n", " ").split("\n") if line and line[0] not in "#;["]
    return [(name, value.strip()) for name, _, value in (line.partition("=") for line in lines)]


def command(text: str, variables: Mapping[str, str]) -> list[str]:
    """The words of ``ExecStart`` of a unit, with specifiers and ``variables`` replaced (``systemd.service(5)``)."""
    (value,) = [value for name, value in settings(text) if name == "ExecStart"]
    words = []
    for word in _words(value):
        plain = re.sub("%(.)", lambda pair: "%" if pair[1] == "%" else _refuse(pair[0]), word)
        if re.fullmatch(r"\$\w+", plain):  # a variable alone is split into words
            words += variables.get(plain[1:], "").split()
        else:
            words.append(_VARIABLE.sub(lambda name: variables.get(name[1], "") if name[1] else "$", plain))
    return words


def _refuse(specifier: str) -> str:
    """No unit of ours has a specifier."""
    raise AssertionError(f"the specifier {specifier} in a unit")


def _words(value: str) -> list[str]:
    words, word, quote, place = [], "", "", 0
    within = False
    while place < len(value):
        character = value[place]
        place += 1
        if character == "\\":
            escape = value[place]
            place += 1
            if escape == "x":
                word += chr(int(value[place : place + 2], 16))
                place += 2
            else:
                word += _ESCAPES[escape]
        elif quote:
            if character == quote:
                quote = ""
            else:
                word += character
        elif character in "\"'" and not within:
            quote = character
        elif character == " ":
            if within:
                words.append(word)
            word, within = "", False
            continue
        else:
            word += character
        within = True
    return [*words, word] if within else words


def command_lines(pid: int) -> list[str]:
    """The command lines of the process ``pid`` and of all processes below it, as every user sees them."""
    own = Path(f"/proc/{pid}")
    try:
        lines = [own.joinpath("cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace")]
        children = [path.read_text().split() for path in own.glob("task/*/children")]
    except OSError:  # it has ended
        return []
    return lines + [line for some in children for child in some for line in command_lines(int(child))]
