"""An address where a path is wanted."""

from __future__ import annotations

from argparse import ArgumentTypeError
from pathlib import Path

import pytest

from edge.local_path import address_problem, local_path


@pytest.mark.parametrize(
    "address",
    ["s3://bucket/a/m.tflite", "gs://b", "abfs://c@a.dfs.core.windows.net/f", "https://h/m", "file:///tmp/x", "S3://B"],
)
def test_an_address_is_named_as_it_was_given(address: str) -> None:
    """Also if a path has lost one of its slashes."""
    for given in (address, Path(address)):
        problem = address_problem(given)
        assert problem == f"{address.replace(':///', '://')} is an address; give a path on this machine"
    with pytest.raises(ArgumentTypeError, match="is an address"):
        local_path(address)


@pytest.mark.parametrize("path", ["models/a.tflite", "C:/models/a.tflite", "s3", "a/s3://b", "s3:", "tulips:/x", ""])
def test_a_path_is_a_path(path: str) -> None:
    """A drive of Windows too, and a folder whose name only begins like an address."""
    assert address_problem(path) is None
    assert local_path(path) == Path(path)
