"""The files of the teaching page, as they are installed."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

import edge.sinks.web
import trainer.teach.web

PARTS = Path(trainer.teach.web.__file__).parent / "page"
PREVIEW = Path(edge.sinks.web.__file__).parent
FILES = sorted(path.name for path in PARTS.iterdir())
SCRIPTS = [name for name in FILES if name.endswith(".js")]


def test_names_are_not_those_of_the_preview() -> None:
    """All files of both pages are served in one folder."""
    assert {"teach.html", "teach.css", "teach.js"} < set(FILES)
    assert not set(FILES) & {path.name for path in PREVIEW.iterdir()}


@pytest.mark.parametrize("name", FILES)
def test_nothing_comes_from_elsewhere(name: str) -> None:
    """No file names another host; no text is ever made HTML; no file has more than 250 lines."""
    text = (PARTS / name).read_text(encoding="utf-8").replace("http://www.w3.org/2000/svg", "")
    assert "http:" not in text and "https:" not in text and "url(" not in text and "@import" not in text
    assert "innerHTML" not in text and "insertAdjacent" not in text and "document.write" not in text
    assert len(text.splitlines()) <= 250


@pytest.mark.parametrize("name", SCRIPTS)
def test_imports(name: str) -> None:
    """Every script imports scripts that are served, and names that they export."""
    text = (PARTS / name).read_text(encoding="utf-8")
    for names, module in re.findall(r'import (?:\{ ([^}]*) \} from )?"\./([^"]+)"', text):
        folder = PARTS if module in FILES else PREVIEW
        exported = (folder / module).read_text(encoding="utf-8")
        for one in filter(None, names.split(", ")):
            assert re.search(rf"export (async )?(function|const|class) {one}\b", exported), (module, one)
            assert len(re.findall(rf"\b{one}\b", text)) > 1, f"{one} is not used"


def test_no_inline_styles_or_scripts() -> None:
    """The policy of the page allows styles and scripts of files alone."""
    page = (PARTS / "teach.html").read_text(encoding="utf-8")
    assert "style=" not in page and "<style" not in page
    assert re.findall(r"<script[^>]*>", page) == ['<script src="teach.js" type="module">']
    assert not re.search(r"\son[a-z]+=", page)
