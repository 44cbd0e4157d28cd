"""The tree of expected errors."""

from __future__ import annotations

import inspect

import pytest

from edge import errors
from edge.errors import EdgeError

CODES = {
    "EdgeError": 1,
    "UsageError": 2,
    "DataError": 65,
    "ImageError": 65,
    "NotReadError": 65,
    "ModelError": 65,
    "DatasetError": 65,
    "UnavailableError": 69,
    "StorageError": 74,
    "ConfigurationError": 78,
}


@pytest.mark.parametrize(("name", "code"), CODES.items())
def test_exit_codes(name: str, code: int) -> None:
    """Each kind of error ends a program with the code of sysexits.h that its docstring promises."""
    assert getattr(errors, name).exit_code == code


def test_the_tree_is_complete() -> None:
    """Every error of the module is an EdgeError, is in the drawing, and no bug's exception is among them."""
    kinds = {name: kind for name, kind in vars(errors).items() if inspect.isclass(kind)}
    assert set(kinds) == set(CODES)
    assert all(issubclass(kind, EdgeError) for kind in kinds.values())
    assert all(name in (errors.__doc__ or "") for name in kinds)
    assert not issubclass(EdgeError, (OSError, ValueError))


@pytest.mark.parametrize("name", ["ImageError", "ModelError", "DatasetError"])
def test_bad_input_is_data_error(name: str) -> None:
    """A bad photo, model or data set can be caught as bad data."""
    assert getattr(errors, name).__base__ is errors.DataError
