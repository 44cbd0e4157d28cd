"""What a program of one's own imports from ``edge.store``; tests/docs runs the example of the docs."""

from __future__ import annotations

from collections.abc import Callable

import pytest

import edge.store


def test_the_public_names_can_be_imported() -> None:
    """All names in ``__all__`` are there, and another one is an AttributeError."""
    assert [getattr(edge.store, name).__name__ for name in edge.store.__all__] == edge.store.__all__
    with pytest.raises(AttributeError, match="has no attribute 'nothing'"):
        _ = edge.store.nothing  # type: ignore[attr-defined]


def test_the_names_are_imported_when_they_are_used(python: Callable[..., object]) -> None:
    """``import edge.store`` alone loads none of its modules, so that ``edge label`` loads only what it needs."""
    done = python("-c", "import edge.store, sys; print([name for name in sys.modules if 'edge.store.' in name])")
    assert (done.stdout, done.stderr) == ("[]\n", "")
