"""The web preview's page in headless Chromium. A test module that imports this is skipped if there is no Chromium."""

from __future__ import annotations

from collections.abc import Callable

import pytest

pytest.importorskip("starlette", reason="the extra 'web' is not installed")
pytest.importorskip("uvicorn", reason="the extra 'web' is not installed")
pytest.importorskip("playwright", reason="playwright is not installed")

from playwright.sync_api import Page, expect

import support.chromium  # noqa: F401  # skips the module if there is no Chromium

expect.set_options(timeout=20_000)
OpenPage = Callable[..., Page]


def pixel(page: Page, x: int, y: int) -> list[int]:
    """Red, green and blue of the picture that is shown."""
    script = "([x, y]) => [...document.getElementById('picture').getContext('2d').getImageData(x, y, 1, 1).data]"
    return page.evaluate(script, [x, y])[:3]  # type: ignore[no-any-return]


def wait_for_picture(page: Page, sequence: int) -> None:
    """Wait until the frame of this number is on the page."""
    page.wait_for_selector(f"#picture[data-sequence='{sequence}']")
