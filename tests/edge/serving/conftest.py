"""One server of labels for all tests of a file that change nothing; workers that wait."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from support.label_server import Blocked, Client


@pytest.fixture(scope="module")
def client() -> Iterator[Client]:
    """A client of a server of both tiny models."""
    from support.label_server import serving

    with serving() as made:
        yield made


@pytest.fixture
def blocked(monkeypatch: pytest.MonkeyPatch) -> Iterator[Blocked]:
    """Workers that wait."""
    from support.label_server import Blocked

    made = Blocked(monkeypatch)
    yield made
    made.go()
