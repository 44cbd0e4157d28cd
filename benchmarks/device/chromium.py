"""A headless Chromium for measurements."""

from __future__ import annotations

import contextlib
import shutil
from collections.abc import Iterator
from typing import Any

from edge.errors import ConfigurationError

_FLAGS = ["--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run"]
_FLAGS += ["--disable-background-networking", "--disable-component-update", "--disable-sync"]


@contextlib.contextmanager
def chromium(*flags: str) -> Iterator[Any]:
    """A browser of playwright, with more ``flags``.

    Raises :class:`~edge.errors.ConfigurationError` if Chromium or playwright is not installed.
    """
    program = shutil.which("chromium")
    if program is None:
        raise ConfigurationError("this needs a browser: sudo apt install -y chromium")
    try:
        from playwright.sync_api import sync_playwright
    except ModuleNotFoundError:
        raise ConfigurationError("this needs playwright: pip install playwright") from None
    with sync_playwright() as playwright:
        started = playwright.chromium.launch(executable_path=program, args=[*_FLAGS, *flags])
        yield started
        started.close()
