"""Which addresses of streams are refused."""

from __future__ import annotations

import pytest

from edge.errors import UsageError
from edge.sources.address import check_address


@pytest.mark.parametrize(
    "address",
    [
        "http://",
        "http:///path",
        "rtsp://host:port/",
        "http://host:99999/",
        "http://a b/",
        "http://[::1/",
        "http://host:0/",
    ],
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
