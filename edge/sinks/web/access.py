"""Who may look: the token, and the Host header of a page that only this machine may open."""

from __future__ import annotations

import hashlib
import hmac
import ipaddress
from collections.abc import Mapping


def is_loopback(host: str) -> bool:
    """Whether ``host``, a name or an address, can only mean this machine."""
    try:
        return ipaddress.ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return host.lower() == "localhost"


def host_of(header: str) -> str:
    """The host in a Host header, without its port."""
    host, colon, port = header.rpartition(":")
    return host if colon and port.isdigit() else header


class Access:
    """Decides whether a request may see anything at all.

    With a token: it must be named once, as ``?token=`` or as ``Authorization: Bearer``; a browser then has a
    cookie. Without one, on loopback, the Host header must mean this machine: a foreign page whose name was
    made to point here (DNS rebinding) is refused, while a tunnel on any port works.
    """

    def __init__(self, token: str | None, port: int) -> None:
        """Ask for ``token``, or for a Host header of this machine where it is None.

        ``port`` is in the cookie's name, for browsers send cookies to every port of a host.
        """
        self._token = token
        self.cookie_name = f"edge_web_{port}"
        # Made from the token, so that a page that is open outlives a restart of the server.
        self.cookie = "" if token is None else hmac.new(token.encode(), b"edge web cookie", hashlib.sha256).hexdigest()

    def admits_host(self, header: str) -> bool:
        """Whether a request with this Host header may go on."""
        return self._token is not None or is_loopback(host_of(header))

    def is_token(self, offered: str) -> bool:
        """Whether ``offered`` is the token; takes the same time whatever is wrong with it."""
        return self._token is not None and _same(offered, self._token)

    def admits(self, headers: Mapping[str, str], query: Mapping[str, str], cookies: Mapping[str, str]) -> bool:
        """Whether a request with these may see anything."""
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
