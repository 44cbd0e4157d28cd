"""A sink of the web preview, and its page in a browser."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import pytest

from edge.sinks.web.sink import WebSink
from edge.statistics import StreamStatistics

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

    from support.web_page import OpenPage


@pytest.fixture
def statistics() -> StreamStatistics:
    """The counts that the page shows."""
    return StreamStatistics()


@pytest.fixture
def sink(statistics: StreamStatistics) -> Iterator[WebSink]:
    """An open sink on a free port, without a token."""
    made = WebSink("127.0.0.1", 0, statistics, token=None)
    made.open()
    yield made
    made.close()


@pytest.fixture
def open_page(browser: Browser, sink: WebSink) -> Iterator[OpenPage]:
    """Open the page in a window of 1280 x 800; it must request nothing from other hosts, and have no error."""
    contexts, troubles = [], []

    def open_page(query: str = "", url: str = "", **settings: object) -> Page:
        context = browser.new_context(**{"viewport": {"width": 1280, "height": 800}, **settings})  # type: ignore[arg-type]
        contexts.append(context)
        page = context.new_page()
        page.set_default_timeout(20_000)
        page.on("pageerror", lambda error: troubles.append(str(error)))
        page.on("request", lambda request: request.url.startswith(url or sink.url) or troubles.append(request.url))
        page.goto((url or sink.url) + query)
        return page

    yield open_page
    for context in contexts:
        context.close()
    assert troubles == []
