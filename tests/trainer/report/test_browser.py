"""The page in a real browser: no complaint, no request, no sideways scroll on a phone, dark where it is dark."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from trainer.report.content import ReportContent
from trainer.report.write import report_paths, write_report

CHROMIUM = Path("/usr/bin/chromium")
QUIET = (
    *("--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run"),
    *("--disable-background-networking", "--disable-component-update", "--disable-sync"),
)


@pytest.fixture(scope="module")
def page(content: ReportContent, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The report of the tiny int8 model, as a file."""
    paths = report_paths(tmp_path_factory.mktemp("browser") / "tiny.tflite")
    write_report(content, paths)
    return paths[0]


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    """A headless Chromium."""
    playwright = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
    if not CHROMIUM.exists():
        pytest.skip("no Chromium at /usr/bin/chromium")
    with playwright.sync_playwright() as started:
        opened = started.chromium.launch(executable_path=str(CHROMIUM), args=list(QUIET))
        yield opened
        opened.close()


def background(view: Any) -> int:
    """How light the page's background is, 0 to 765."""
    colour = view.evaluate("getComputedStyle(document.body).backgroundColor")
    return sum(int(part) for part in colour.removeprefix("rgb(").removesuffix(")").split(","))


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [390, 1280])
def test_page_is_quiet_fits_and_takes_the_theme(browser: Any, page: Path, scheme: str, width: int) -> None:
    """Every picture is shown, nothing else is asked for, nothing runs, and nothing is wider than the screen."""
    view = browser.new_page(viewport={"width": width, "height": 800}, color_scheme=scheme)
    complaints: list[str] = []
    asked: list[str] = []
    view.on("console", lambda message: complaints.append(message.text))
    view.on("pageerror", lambda error: complaints.append(str(error)))
    view.on("dialog", lambda dialog: complaints.append(dialog.message))
    view.on("request", lambda request: asked.append(request.url))
    view.goto(page.as_uri())
    for element in view.query_selector_all("summary"):
        element.click()
    assert complaints == []
    assert [url for url in asked if not url.startswith("data:")] == [page.as_uri()]
    assert view.evaluate("document.documentElement.scrollWidth") == width
    assert view.evaluate("[...document.images].every(image => image.complete && image.naturalWidth > 0)")
    assert (background(view) > 600) == (scheme == "light")
    assert (background(view) < 150) == (scheme == "dark")
    view.close()
