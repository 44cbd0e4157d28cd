"""The site of the docs: built strictly, read without a network and without a server."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from html.parser import HTMLParser
from pathlib import Path

import pytest

from support.paths import REPOSITORY

pytest.importorskip("mkdocs", reason="the extra 'docs' is not installed")
pytestmark = pytest.mark.xdist_group("site")

LOADED = {"script": "src", "img": "src", "iframe": "src", "link": "href", "source": "src", "video": "src"}
"""Which attribute of a tag makes a browser load something; ``<a href>`` waits for a click."""


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The site, built strictly as ``make docs`` builds it."""
    folder = tmp_path_factory.mktemp("site")
    command = [sys.executable, "-m", "mkdocs", "build", "--strict", "--quiet", "--site-dir", str(folder)]
    environment = {**os.environ, "NO_MKDOCS_2_WARNING": "1"}
    done = subprocess.run(command, cwd=REPOSITORY, env=environment, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return folder


class Page(HTMLParser):
    """What a page loads by itself, and where its links lead."""

    def __init__(self, path: Path) -> None:
        super().__init__()
        self.loaded: list[str] = []
        self.links: list[str] = []
        self.feed(path.read_text("utf-8"))

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        values = dict(attrs)
        address = values.get(LOADED.get(tag, ""))
        if address and values.get("rel") != "canonical":
            self.loaded.append(address)
        if tag == "a" and values.get("href"):
            self.links.append(values["href"] or "")


def test_pages_load_nothing_from_a_network(site: Path) -> None:
    """Scripts, pictures, styles and fonts of all pages lie in the site itself."""
    pages = {path: Page(path) for path in site.rglob("*.html")}
    assert len(pages) > 15
    for path, page in pages.items():
        assert page.loaded, path
        assert [address for address in page.loaded if "//" in address] == [], path
        if path.name != "404.html":  # whose addresses begin at the root of a server
            assert [address for address in page.loaded if not (path.parent / address).is_file()] == [], path
    for path in site.rglob("*.css"):
        text = path.read_text("utf-8")
        assert re.findall(r"url\(\s*[\"']?(?:https?:)?//|@import", text) == [], path


def test_links_lead_to_files_of_the_site(site: Path) -> None:
    """Links out of ``docs/`` too: to the changelog, the security policy and result files."""
    targets = set()
    for path in site.rglob("*.html"):
        for link in Page(path).links if path.name != "404.html" else []:
            address = link.partition("#")[0].partition("?")[0]
            if address and "://" not in address and not address.startswith("mailto:"):
                target = (path.parent / address).resolve()
                assert target.exists(), f"{path.relative_to(site)}: {link}"
                targets.add(target.relative_to(site.resolve()).as_posix())
    assert {"CHANGELOG.html", "SECURITY.html", "adr/0010-the-store.html"} <= targets
    assert any(target.startswith("benchmarks/results/") for target in targets)


def test_docstrings_are_rendered(site: Path) -> None:
    """The API reference has the public classes, with links to each other instead of roles."""
    text = (site / "api" / "edge.html").read_text("utf-8")
    assert 'id="edge.Classifier.classify"' in text
    assert "<code>&gt;&gt;&gt;" not in text
    assert "blockquote" not in text
    assert not re.search(r":(class|func|mod|data|meth|exc|attr):`|:(class|func)::?<code>", text)


@pytest.fixture
def browser_page() -> Iterator[object]:
    """A page of headless Chromium."""
    chromium = shutil.which("chromium")
    if chromium is None:
        pytest.skip("no chromium: apt-get install chromium")
    playwright = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
    flags = ["--headless", "--no-sandbox", "--disable-gpu", "--disable-background-networking", "--no-first-run"]
    with playwright.sync_playwright() as started:
        browser = started.chromium.launch(executable_path=chromium, args=flags)
        yield browser.new_page()
        browser.close()


def test_search_finds_a_page_without_a_server(site: Path, browser_page) -> None:
    """Opened from its folder, the site's search names the page of the store, and nothing else is asked for."""
    asked: list[str] = []
    browser_page.on("request", lambda request: asked.append(request.url))
    browser_page.goto((site / "index.html").as_uri())
    field = browser_page.locator("input.md-search__input")
    field.click()
    field.press_sequentially("allowed_signers")
    results = browser_page.locator("a.md-search-result__link")
    results.first.wait_for(timeout=20_000)
    assert any("flashing.html" in (link.get_attribute("href") or "") for link in results.all())
    assert [address for address in asked if not address.startswith(("file:", "data:", "blob:", "about:"))] == []
