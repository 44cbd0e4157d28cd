"""Every Python block of README and docs runs as it stands."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from sybil import Sybil
from sybil.example import Example
from sybil.parsers.markdown import PythonCodeBlockParser

import edge.store
from edge.store.layout import Store
from edge.store.state import read_state
from support.paths import REPOSITORY

PAGES = sorted([*REPOSITORY.glob("*.md"), *(REPOSITORY / "docs").rglob("*.md")])
BLOCKS = {
    f"{page.relative_to(REPOSITORY)}:{block.line}": block
    for page in PAGES
    for block in Sybil([PythonCodeBlockParser()]).parse(page).examples()
}


def in_page(name: str) -> Example:
    """The only block of a page."""
    (block,) = [block for key, block in BLOCKS.items() if key.startswith(f"{name}:")]
    return block


def test_every_block_is_found() -> None:
    """Sybil finds as many blocks as the pages have lines that begin one."""
    begun = [line for page in PAGES for line in page.read_text("utf-8").splitlines() if line.startswith("```py")]
    assert len(BLOCKS) == len(begun) > 0


@pytest.mark.parametrize("block", BLOCKS.values(), ids=BLOCKS)
def test_a_block_runs(block: Example, example_folder: Path, capfd: pytest.CaptureFixture[str]) -> None:
    """It needs no other block of its page, raises nothing and writes nothing to stderr."""
    block.namespace.clear()
    block.evaluate()
    assert capfd.readouterr().err == ""


def test_the_example_of_the_store_confirms_the_model(example_folder: Path) -> None:
    """It finds the pending model in $EDGE_STORE and takes the pending mark off; it uses public names only."""
    store = Store(example_folder / "store")
    assert read_state(store).pending
    block = in_page("docs/flashing.md")
    block.namespace.clear()
    block.evaluate()
    assert block.namespace["path"] == store.model(read_state(store).current)
    assert not read_state(store).pending
    names = re.findall(r"^from edge\.store import (.+)$", block.parsed, re.MULTILINE)[0].split(", ")
    assert sorted(names) == sorted(edge.store.__all__)
