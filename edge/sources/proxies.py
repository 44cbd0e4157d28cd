"""The proxy that the environment names for an address, as urllib and curl take it: ``http_proxy``, ``no_proxy``."""

from __future__ import annotations

import base64
import socket
from typing import NamedTuple
from urllib.parse import unquote, urlsplit
from urllib.request import getproxies, proxy_bypass

from edge.secrets import without_secrets
from edge.sources.deadline import time_left_s

_MAX_HEAD_BYTES = 64 * 1024


class Proxy(NamedTuple):
    """A proxy: its address, the value of its Proxy-Authorization header, and ``name`` for messages."""

    host: str
    port: int
    login: str | None
    name: str


class ProxyError(OSError):
    """A proxy that cannot be used; its text is the reason."""

    def __init__(self, text: str) -> None:
        super().__init__(0, text)


def find_proxy(scheme: str, host: str) -> Proxy | None:
    """The proxy for ``scheme``, ``http`` or ``https``, and ``host``; None if there is none.

    Raises :class:`ProxyError` if the variable holds something else than the address of an HTTP proxy.
    """
    address = getproxies().get(scheme)
    if not address or proxy_bypass(host):
        return None
    parts = urlsplit(address if "://" in address else f"http://{address}")
    name = f"{without_secrets(address)} of {scheme}_proxy"
    try:
        port = parts.port or 80
    except ValueError:
        port = 0
    if parts.scheme != "http" or not parts.hostname or not port:
        raise ProxyError(f"{name} is not an http:// address")
    login = None
    if parts.username is not None:
        user = f"{unquote(parts.username)}:{unquote(parts.password or '')}"
        login = "Basic " + base64.b64encode(user.encode()).decode()
    return Proxy(parts.hostname, port, login, name)


def open_tunnel(connection: socket.socket, proxy: Proxy, host: str, port: int, deadline_s: float) -> None:
    """Ask ``proxy``, at the other end of ``connection``, for a tunnel to ``host``, until ``deadline_s`` (monotonic).

    Raises :class:`OSError` if it does not give one.
    """
    place = f"[{host}]:{port}" if ":" in host else f"{host}:{port}"
    login = f"Proxy-Authorization: {proxy.login}\r\n" if proxy.login else ""
    connection.sendall(f"CONNECT {place} HTTP/1.1\r\nHost: {place}\r\n{login}\r\n".encode("latin-1", "replace"))
    head = b""
    while not head.endswith(b"\r\n\r\n"):  # byte by byte: what follows belongs to TLS
        connection.settimeout(time_left_s(deadline_s))
        byte = connection.recv(1)
        if not byte or len(head) > _MAX_HEAD_BYTES:
            raise ProxyError("the proxy gave no answer")
        head += byte
    words = head.split(maxsplit=2)
    status = words[1].decode("latin-1") if len(words) > 1 else ""
    if status != "200":
        raise ProxyError(f"the proxy answers {ascii(status)[1:-1]}")
