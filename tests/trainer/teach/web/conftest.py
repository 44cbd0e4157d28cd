"""A served session of an empty folder; and one with a camera, whose page is open in a browser."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from support.teach_server import Client, Teaching, teaching
from support.teach_stream import TeachingStream, teaching_stream

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

    from support.web_page import OpenPage


@pytest.fixture
def served(tmp_path: Path) -> Iterator[Teaching]:
    """A session of the folder ``photos``, served without a token."""
    with teaching(tmp_path / "photos") as made:
        yield made


@pytest.fixture
def client(served: Teaching) -> Client:
    """A client of it."""
    return served.client


@pytest.fixture
def taught(tmp_path: Path) -> Iterator[TeachingStream]:
    """A session of the folder ``photos`` with a camera, served without a token."""
    with teaching_stream(tmp_path / "photos") as made:
        yield made


@pytest.fixture
def open_page(browser: Browser, request: pytest.FixtureRequest) -> Iterator[OpenPage]:
    """Open the page in a window of 1280 x 800; it must request nothing from other hosts, and have no error."""
    contexts, troubles = [], []

    def open_page(query: str = "", url: str = "", **settings: object) -> Page:
        address = url or request.getfixturevalue("taught").url
        context = browser.new_context(**{"viewport": {"width": 1280, "height": 800}, **settings})  # type: ignore[arg-type]
        contexts.append(context)
        page = context.new_page()
        page.set_default_timeout(20_000)
        page.on("pageerror", lambda error: troubles.append(str(error)))
        page.on("request", lambda request: request.url.startswith((address, "about:")) or troubles.append(request.url))
        page.goto(address + query)
        return page

    yield open_page
    for context in contexts:
        context.close()
    assert troubles == []
