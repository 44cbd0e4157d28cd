"""Which certificates a camera may have; the connections themselves are tested with the client."""

from __future__ import annotations

import ssl

import pytest

from edge.sources.tls import Certificates


def test_authorities_are_read_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """A camera is asked again for every picture; the authorities of the system are read for the first one only."""
    made: list[ssl.SSLContext] = []
    create = ssl.create_default_context
    monkeypatch.setattr(ssl, "create_default_context", lambda **options: made.append(create(**options)) or made[-1])
    certificates = Certificates(None)
    assert made == []
    assert certificates._verifying is certificates._verifying
    assert len(made) == 1
