"""A web server on loopback that answers as a test says, over TLS if it has a certificate."""

from __future__ import annotations

import contextlib
import socket
import ssl
import subprocess
import threading
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import pytest


class Request(NamedTuple):
    """What a client asked: the method, the target, and the headers by lower-case name."""

    method: str
    target: str
    headers: dict[str, str]


Respond = Callable[[Request], bytes]


def picture(content: bytes, content_type: str = "image/jpeg") -> bytes:
    """An answer that is a picture."""
    head = f"HTTP/1.1 200 OK\r\nContent-Type: {content_type}\r\nContent-Length: {len(content)}\r\n\r\n"
    return head.encode() + content


def refused(*challenges: str) -> bytes:
    """An answer that asks for a login."""
    return "".join(["HTTP/1.1 401 No\r\n", *(f"WWW-Authenticate: {one}\r\n" for one in challenges), "\r\n"]).encode()


def redirect(location: str, status: int = 302) -> bytes:
    """An answer that names another address."""
    return f"HTTP/1.1 {status} Elsewhere\r\nLocation: {location}\r\nContent-Length: 0\r\n\r\n".encode()


class ScriptedServer:
    """``with ScriptedServer(respond) as server``: ``server.uri``; ``server.requests`` are those that came."""

    def __init__(self, respond: Respond, certificate: Path | None = None) -> None:
        self.respond, self.requests = respond, list[Request]()
        self._listener = socket.create_server(("127.0.0.1", 0))
        self._context = None
        if certificate is not None:
            self._context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            self._context.load_cert_chain(certificate)
        self.port: int = self._listener.getsockname()[1]
        self.uri = f"http{'s' if certificate else ''}://127.0.0.1:{self.port}/"
        self._thread = threading.Thread(target=self._serve, daemon=True)

    def __enter__(self) -> ScriptedServer:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._listener.close()
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", self.port), 1):
            pass  # wakes accept: until that returns, the port is still open
        self._thread.join()

    def _serve(self) -> None:
        while True:
            try:
                connection, _ = self._listener.accept()
            except OSError:
                return
            threading.Thread(target=self._answer, args=(connection,), daemon=True).start()

    def _answer(self, plain: socket.socket) -> None:
        with contextlib.suppress(OSError), plain:
            plain.settimeout(20)
            connection = self._context.wrap_socket(plain, server_side=True) if self._context else plain
            with connection, connection.makefile("rb") as file:
                words = file.readline().decode("latin-1").split()
                if not words:  # the client has left
                    return
                lines = iter(lambda: file.readline().decode("latin-1").rstrip("\r\n"), "")
                headers = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in lines)}
                self.requests.append(Request(words[0], words[1], headers))
                connection.sendall(self.respond(self.requests[-1]))


def make_certificate(folder: Path, name: str, *, subject: str, extra: tuple[str, ...] = ()) -> Path:
    """A self-signed certificate with its key, in one file; skips the test without openssl."""
    path = folder / f"{name}.pem"
    command = ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", f"/CN={subject}"]
    try:
        subprocess.run(
            [*command, "-keyout", folder / f"{name}.key", "-out", path, *extra], check=True, capture_output=True
        )
    except FileNotFoundError:
        pytest.skip("needs openssl")
    path.write_text((folder / f"{name}.key").read_text() + path.read_text())
    return path
