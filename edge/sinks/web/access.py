"""Which requests are allowed: by token, or by Host header if only this machine may open the page."""

from __future__ import annotations

import functools
import hashlib
import hmac
import ipaddress
from collections.abc import Mapping

WEB_TOKEN_VARIABLE = "EDGE_WEB_TOKEN"
"""The environment variable with the token of the page, if ``--web-token`` is not given."""

SERVE_TOKEN_VARIABLE = "EDGE_SERVE_TOKEN"
"""The environment variable with the token of ``edge serve``, if ``--token-file`` is not given."""


@functools.lru_cache(maxsize=64)
def is_loopback(host: str) -> bool:
    """Whether ``host``, a name or an address, always means this machine."""
    try:
        return ipaddress.ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return host.lower() == "localhost"


def host_of(header: str) -> str:
    """The host in a Host header, without its port."""
    host, colon, port = header.rpartition(":")
    return host if colon and port.isdigit() else header


class Access:
    """Decides which requests are answered.

    With a token: a request must give it once, as ``?token=`` or as ``Authorization: Bearer``; a browser then gets a
    cookie. Without a token, on loopback: the Host header must mean this machine. A page of another site whose name was
    made to point here (DNS rebinding) is refused; a tunnel on any port works.
    """

    def __init__(self, token: str | None, port: int) -> None:
        """Require ``token``; if it is None, a Host header of this machine.

        ``port`` is in the cookie's name, because browsers send a cookie to every port of a host.
        """
        self._token = token
        self.cookie_name = f"edge_web_{port}"
        # Made from the token, so that an open page works after a restart of the server.
        self.cookie = "" if token is None else hmac.new(token.encode(), b"edge web cookie", hashlib.sha256).hexdigest()

    @property
    def has_token(self) -> bool:
        """Whether requests must give a token."""
        return self._token is not None

    def admits_host(self, header: str) -> bool:
        """Whether requests with this Host header are allowed."""
        return self._token is not None or is_loopback(host_of(header))

    def is_token(self, offered: str) -> bool:
        """Whether ``offered`` is the token; the time that this takes does not depend on the difference."""
        return self._token is not None and _same(offered, self._token)

    def admits(self, headers: Mapping[str, str], query: Mapping[str, str], cookies: Mapping[str, str]) -> bool:
        """Whether a request with these headers, query and cookies is allowed."""
        if self._token is None:
            return True
        scheme, _, bearer = headers.get("authorization", "").partition(" ")
        return (
            _same(cookies.get(self.cookie_name, ""), self.cookie)
            or self.is_token(query.get("token", ""))
            or (scheme.lower() == "bearer" and self.is_token(bearer.strip()))
        )


def _same(one: str, other: str) -> bool:
    return hmac.compare_digest(one.encode(errors="surrogatepass"), other.encode(errors="surrogatepass"))
