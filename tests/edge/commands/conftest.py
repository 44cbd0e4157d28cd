"""What the tests of the commands share."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from support.stream_server import StreamServer


@pytest.fixture
def server() -> Iterator[StreamServer]:
    """A camera on the network."""
    with StreamServer(20) as running:
        yield running
