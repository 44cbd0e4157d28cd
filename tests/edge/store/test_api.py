"""What a program of one's own imports from ``edge.store``."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest

import edge.store
from edge.store.layout import Store
from edge.store.state import read_state
from support.paths import REPOSITORY

DOCS = REPOSITORY / "docs" / "flashing.md"
(EXAMPLE,) = re.findall(r"^```python\n(.*?)^```$", DOCS.read_text(encoding="utf-8"), re.MULTILINE | re.DOTALL)


def test_the_example_of_the_docs_starts_and_confirms_a_model(
    store: Store, put: Callable[..., str], python: Callable[..., object], trusting: None
) -> None:
    """Run as it stands, it finds the pending model in $EDGE_STORE and takes the pending mark off."""
    sha256 = put(0, confirmed=False)
    assert read_state(store).pending
    done = python("-c", f"{EXAMPLE}\nprint(path)")
    assert (done.stdout, done.stderr) == (f"{store.model(sha256)}\n", "")
    assert not read_state(store).pending


def test_the_example_imports_public_names_only() -> None:
    """Everything that it uses is in ``__all__``, and all that is there can be imported."""
    names = re.findall(r"^from edge\.store import (.+)$", EXAMPLE, re.MULTILINE)[0].split(", ")
    assert sorted(names) == sorted(edge.store.__all__)
    assert [getattr(edge.store, name).__name__ for name in edge.store.__all__] == edge.store.__all__
    with pytest.raises(AttributeError, match="has no attribute 'nothing'"):
        _ = edge.store.nothing  # type: ignore[attr-defined]


def test_the_names_are_imported_when_they_are_used(python: Callable[..., object]) -> None:
    """``import edge.store`` alone loads none of its modules, so that ``edge label`` loads only what it needs."""
    done = python("-c", "import edge.store, sys; print([name for name in sys.modules if 'edge.store.' in name])")
    assert (done.stdout, done.stderr) == ("[]\n", "")
