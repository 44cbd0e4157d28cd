"""A served session of an empty folder."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from support.teach_server import Client, Teaching, teaching


@pytest.fixture
def served(tmp_path: Path) -> Iterator[Teaching]:
    """A session of the folder ``photos``, served without a token."""
    with teaching(tmp_path / "photos") as made:
        yield made


@pytest.fixture
def client(served: Teaching) -> Client:
    """A client of it."""
    return served.client
