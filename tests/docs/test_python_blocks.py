"""Every Python block of README and docs runs as it stands, and so do the blocks with curl."""

from __future__ import annotations

import contextlib
import re
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from sybil import Sybil
from sybil.example import Example
from sybil.parsers.markdown import PythonCodeBlockParser
from sybil.region import Lexeme

import edge.store
from edge.store.layout import Store
from edge.store.state import read_state
from support.paths import REPOSITORY
from support.teach_server import Teaching, teaching

PAGES = sorted([*REPOSITORY.glob("*.md"), *(REPOSITORY / "docs").rglob("*.md")])
BLOCKS = {
    f"{page.relative_to(REPOSITORY)}:{block.line}": block
    for page in PAGES
    for block in Sybil([PythonCodeBlockParser()]).parse(page).examples()
}

SESSION = "localhost:8080"
"""The address of a session of teaching in the docs."""


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
    if SESSION in block.parsed:
        with teaching(example_folder / "taught") as made, asking(block, made):
            block.evaluate()
    else:
        block.evaluate()
    assert capfd.readouterr().err == ""


@contextlib.contextmanager
def asking(block: Example, made: Teaching) -> Iterator[None]:
    """Let a block ask the session ``made``, whose port is another one than that of the page."""
    text = block.parsed
    changed = text.replace(SESSION, f"localhost:{made.client.port}")
    block.parsed = Lexeme(changed, text.offset, text.line_offset)
    try:
        yield
    finally:
        block.parsed = text


def test_the_example_of_a_session_adds_photos(example_folder: Path) -> None:
    """It makes the class folders and adds five photos to each; run again, it adds none."""
    (block,) = [block for key, block in BLOCKS.items() if key.startswith("docs/teaching.md") and "PUT" in block.parsed]
    with teaching(example_folder / "taught") as made, asking(block, made):
        for _ in range(2):
            block.namespace.clear()
            block.evaluate()
        classes = made.client.get("/api/session")["classes"]
    names = sorted(path.name for path in (example_folder / "flower_photos").iterdir())
    assert [(one["name"], one["photos"]) for one in classes] == [(name, 5) for name in names]


@pytest.mark.skipif(shutil.which("curl") is None, reason="curl is not installed")
def test_the_lines_with_curl_run(example_folder: Path) -> None:
    """The lines of the guide add a class and a photo, and download the photos."""
    page = (REPOSITORY / "docs" / "teaching.md").read_text("utf-8")
    (lines,) = [text for text in re.findall(r"^```sh\n(.*?)^```$", page, re.MULTILINE | re.DOTALL) if "curl" in text]
    with teaching(example_folder / "taught") as made:
        script = lines.replace(SESSION, f"127.0.0.1:{made.client.port}")
        done = subprocess.run(["bash", "-euc", script], capture_output=True, text=True)
        assert (done.returncode, done.stderr) == (0, "")
        assert [(one["name"], one["photos"]) for one in made.client.get("/api/session")["classes"]] == [("rose", 1)]
    assert (example_folder / "photos.zip").read_bytes()[:2] == b"PK"


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
