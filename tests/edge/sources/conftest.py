"""For the tests of sources: no proxy of this machine."""

from __future__ import annotations

import pytest


@pytest.fixture(autouse=True)
def _no_proxies(monkeypatch: pytest.MonkeyPatch) -> None:
    """Cameras are reached directly, whatever the environment says."""
    for name in ("http_proxy", "https_proxy", "all_proxy"):
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.upper(), raising=False)
    for name in ("no_proxy", "NO_PROXY"):  # not none: urllib keeps the proxies that it has found at first
        monkeypatch.setenv(name, "127.0.0.1,localhost,::1")
