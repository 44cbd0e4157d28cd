"""Addresses without their secrets."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge.errors import UsageError
from edge.sources.address import check_address, without_secrets


@pytest.mark.parametrize(
    ("address", "expected"),
    [
        ("rtsp://user:secret@host:554/path", "rtsp://***@host:554/path"),
        ("http://host/stream", "http://host/stream"),
        ("http://host/cgi?user=me&pwd=secret", "http://host/cgi?***"),
        ("http://host/#secret", "http://host/?***"),
        ("rtsp://user:se@cret@host/", "rtsp://***@host/"),
        ("rtsp://user:se/cret@host/", "rtsp://***@host/"),
        ("rtsp://user:se?cret@host/", "rtsp://***"),
        ("http://host/cgi?user=me@secret.org&pwd=secret", "http://***"),
        ("/dev/video0", "/dev/video0"),
    ],
)
def test_without_secrets(address: str, expected: str) -> None:
    """User, password and query are not part of the address that is shown, with or without a path."""
    assert without_secrets(address) == expected


@given(st.text(min_size=1), st.text(), st.sampled_from(["rtsp", "http", "https", "gopher"]))
def test_no_password_is_ever_shown(user: str, rest: str, scheme: str) -> None:
    """A password in an address is never printed, whatever characters are around it."""
    assert "XsecretX" not in without_secrets(f"{scheme}://{user}:XsecretX{rest}@host/path")


@pytest.mark.parametrize(
    "address", ["http://", "http:///path", "rtsp://host:port/", "http://host:99999/", "http://a b/", "http://[::1/"]
)
def test_what_is_no_address(address: str) -> None:
    """An address without a host or with an impossible port is refused before anything is opened."""
    with pytest.raises(UsageError, match="not an address such as"):
        check_address(address)


def test_a_refusal_keeps_the_secret() -> None:
    """If a password makes an address invalid, the message hides it and says how to write it."""
    with pytest.raises(UsageError) as refused:
        check_address("rtsp://user:sec#ret@host/")
    assert "sec" not in str(refused.value).replace("such as", "")
    assert "# as %23" in str(refused.value)


@pytest.mark.parametrize("address", ["http://host", "rtsp://u:p%40ss@192.168.1.2:554/a?b=c", "https://[::1]:8080/"])
def test_addresses(address: str) -> None:
    """An address with a host alone is valid."""
    check_address(address)
