"""The files of the web preview's page, as they are installed."""

from __future__ import annotations

from pathlib import Path

import pytest

import edge.sinks.web

PARTS = Path(edge.sinks.web.__file__).parent
SCRIPTS = ["bars.js", "connection.js", "details.js", "live_picture.js", "page.js", "timeline.js"]
FILES = sorted([*SCRIPTS, "icon.svg", "page.css", "page.html", "token.html"])


def test_the_package_has_them_all() -> None:
    """Every file that is not Python is listed here, and comes with the package."""
    assert sorted(path.name for path in PARTS.iterdir() if path.suffix not in {".py", ""}) == FILES


@pytest.mark.parametrize("name", FILES)
def test_nothing_comes_from_elsewhere(name: str) -> None:
    """No file names another host, except for the name space of SVG; no text is ever made HTML."""
    text = (PARTS / name).read_text(encoding="utf-8").replace("http://www.w3.org/2000/svg", "")
    assert "http:" not in text and "https:" not in text and "url(" not in text and "@import" not in text
    assert "innerHTML" not in text and "insertAdjacent" not in text and "document.write" not in text
