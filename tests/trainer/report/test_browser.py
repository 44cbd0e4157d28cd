"""The page in a real browser: no error, no request, no horizontal scroll on a phone, a light and a dark theme."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from support.chromium import CHROMIUM, FLAGS
from support.reporting import with_other_things
from trainer.report.content import ReportContent
from trainer.report.write import report_paths, write_report


@pytest.fixture(scope="module")
def page(content: ReportContent, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The report of the tiny int8 model, with photos of other things, as a file."""
    content = with_other_things(content, content.evaluation.photos[:3])
    paths = report_paths(tmp_path_factory.mktemp("browser") / "tiny.tflite")
    write_report(content, paths)
    return paths[0]


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    """A headless Chromium."""
    playwright = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
    with playwright.sync_playwright() as started:
        opened = started.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        yield opened
        opened.close()


def background(view: Any) -> int:
    """The brightness of the background of the page, 0 to 765."""
    colour = view.evaluate("getComputedStyle(document.body).backgroundColor")
    return sum(int(part) for part in colour.removeprefix("rgb(").removesuffix(")").split(","))


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [390, 1280])
def test_page_has_no_errors_fits_and_follows_the_theme(browser: Any, page: Path, scheme: str, width: int) -> None:
    """Every picture is shown, nothing else is requested, no script runs, and nothing is wider than the screen."""
    view = browser.new_page(viewport={"width": width, "height": 800}, color_scheme=scheme)
    errors: list[str] = []
    requested: list[str] = []
    view.on("console", lambda message: errors.append(message.text))
    view.on("pageerror", lambda error: errors.append(str(error)))
    view.on("dialog", lambda dialog: errors.append(dialog.message))
    view.on("request", lambda request: requested.append(request.url))
    view.goto(page.as_uri())
    for element in view.query_selector_all("summary"):
        element.click()
    assert errors == []
    assert [url for url in requested if not url.startswith("data:")] == [page.as_uri()]
    assert view.evaluate("document.documentElement.scrollWidth") == width
    assert view.evaluate("[...document.images].every(image => image.complete && image.naturalWidth > 0)")
    assert (background(view) > 600) == (scheme == "light")
    assert (background(view) < 150) == (scheme == "dark")
    view.close()
