"""The commands that README and guides show exist, with the options that they show."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from docs.tools.command_reference import programs
from support.paths import REPOSITORY

PAGES = [
    *(REPOSITORY / name for name in ("README.md", "CONTRIBUTING.md", "SECURITY.md")),
    *sorted((REPOSITORY / "docs").glob("*.md")),
    *sorted((REPOSITORY / "docs" / "adr").glob("*.md")),
]

_BLOCK = re.compile(r"^```(\w*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
_INLINE = re.compile(r"(?<!`)`([^`\n]+)`(?!`)")
_COMMAND = re.compile(r"(?:^|(?<=[ (/]))(?:edge|trainer|python -m benchmarks) (?!import )[a-z][^|;&)]*")
_OPTION = re.compile(r"--[a-z][a-z0-9-]*")


def _shown(text: str) -> list[str]:
    """The commands in the blocks and in the inline code of a page."""
    joined = text.replace("\\\n", " ")
    blocks = [block for language, block in _BLOCK.findall(joined) if language in ("", "sh")]
    lines = [line.partition(" #")[0] for block in blocks for line in block.splitlines()]
    lines += _INLINE.findall(_BLOCK.sub("", joined))
    return [shown for line in lines for shown in _COMMAND.findall(line)]


def _unknown(shown: str, known: dict[str, set[str]]) -> set[str]:
    """What is wrong with a command: options that it does not have, or the command itself."""
    words = shown.split()
    names = [name for name in (" ".join(words[:count]) for count in (4, 3, 2)) if name in known]
    return set(_OPTION.findall(shown)) - known[names[0]] if names else {shown}


@pytest.fixture(scope="module")
def known() -> dict[str, set[str]]:
    """The options of each command, by its name; a group of commands counts too."""
    found: dict[str, set[str]] = {"trainer grid": set()}
    for program in programs():
        for command in program.commands:
            found[command.name] = {"--help"} | {option.name for option in command.options if not option.is_argument}
    for name in found:
        if name.startswith("edge store "):
            found[name] |= found["edge store"]
    found["edge service"] |= found["edge watch"] | found["trainer teach"]
    return found


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.relative_to(REPOSITORY).as_posix())
def test_commands_of_a_page_exist(page: Path, known: dict[str, set[str]]) -> None:
    """Each command is one of ours, and so is each of its options."""
    shown = _shown(page.read_text("utf-8"))
    assert [(command, unknown) for command in shown if (unknown := _unknown(command, known))] == []


def test_commands_are_found_in_pages(known: dict[str, set[str]]) -> None:
    """Blocks and inline code are read; a command and an option that do not exist are named."""
    text = "```python\n1\n```\n```sh\nedge label --model m x.jpg  # edge x\nsudo edge fly\n```\n"
    text += "`trainer retrain --magic photos`\n"
    shown = _shown(text)
    assert shown == ["edge label --model m x.jpg ", "edge fly", "trainer retrain --magic photos"]
    assert [_unknown(command, known) for command in shown] == [set(), {"edge fly"}, {"--magic"}]
