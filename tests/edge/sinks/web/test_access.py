"""Which requests the web preview answers."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge.sinks.web.access import Access, host_of, is_loopback


@pytest.mark.parametrize("host", ["localhost", "LOCALHOST", "127.0.0.1", "127.8.8.8", "::1", "[::1]"])
def test_this_machine(host: str) -> None:
    """These names and addresses mean this machine, with any port."""
    assert is_loopback(host)
    assert Access(None, 80).admits_host(f"[{host}]:8080" if host == "::1" else f"{host}:8080")


@pytest.mark.parametrize("host", ["", "0.0.0.0", "::", "192.168.1.5", "pi", "localhost.example", "127.0.0.1.example"])
def test_not_only_this_machine(host: str) -> None:
    """These may mean other machines; without a token a request for them is refused."""
    assert not is_loopback(host)
    assert not Access(None, 80).admits_host(f"{host}:8080")
    assert Access("secret", 80).admits_host(f"{host}:8080")


def test_host_without_its_port() -> None:
    """The port is removed, and an IPv6 address stays whole."""
    assert [host_of(header) for header in ("pi:80", "pi", "[::1]:80", "[::1]")] == ["pi", "pi", "[::1]", "[::1]"]


def test_the_token_opens() -> None:
    """The token is accepted as a query, as a bearer and as its cookie; nothing else is."""
    access = Access("secret", 8080)
    name, cookie = access.cookie_name, access.cookie
    assert access.admits({}, {"token": "secret"}, {})
    assert access.admits({"authorization": "Bearer secret"}, {}, {})
    assert access.admits({"authorization": "bearer  secret"}, {}, {})
    assert access.admits({}, {}, {name: cookie})
    for headers, query, cookies in (
        ({}, {}, {}),
        ({}, {"token": "Secret"}, {}),
        ({"authorization": "Basic secret"}, {}, {}),
        ({"authorization": "Bearer"}, {}, {}),
        ({}, {}, {name: "secret"}),
        ({}, {}, {"edge_web_8081": cookie}),
    ):
        assert not access.admits(headers, query, cookies)


def test_the_cookie() -> None:
    """The cookie does not show the token, and differs for another token or port."""
    assert "secret" not in Access("secret", 80).cookie
    assert Access("secret", 80).cookie == Access("secret", 80).cookie != Access("other", 80).cookie
    assert Access("secret", 80).cookie_name == "edge_web_80"


@given(st.text(min_size=1), st.text())
def test_any_token(token: str, offered: str) -> None:
    """Only the same token is accepted; it may have any characters."""
    assert Access(token, 80).admits({}, {"token": offered}, {}) == (token == offered)


def test_without_a_token() -> None:
    """Without a token every request is allowed, and no text is a token."""
    assert Access(None, 80).admits({}, {}, {})
    assert not Access(None, 80).is_token("")
