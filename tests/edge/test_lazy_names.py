"""Names that are imported when they are first used."""

from __future__ import annotations

import sys
import types

import pytest

from edge.lazy_names import lazy_names


def test_a_name_is_imported_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """The first use imports the module and puts the value into the package; a later one finds it there."""
    package = types.ModuleType("poems")
    monkeypatch.setitem(sys.modules, "poems", package)
    package.__getattr__ = lazy_names("poems", {"sqrt": "math"})  # type: ignore[method-assign]
    import math

    assert package.sqrt is math.sqrt
    assert vars(package)["sqrt"] is math.sqrt


def test_an_unknown_name(monkeypatch: pytest.MonkeyPatch) -> None:
    """It is the error that Python raises for any module, with the name of the package."""
    with pytest.raises(AttributeError, match="module 'poems' has no attribute 'prose'"):
        lazy_names("poems", {"sqrt": "math"})("prose")
