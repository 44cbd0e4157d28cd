"""A camera on loopback that answers in any manner, and the manners of good and bad ones."""

from __future__ import annotations

import contextlib
import hashlib
import io
import re
import socket
import ssl
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

from PIL import Image

Manner = Callable[[socket.socket, bytes], None]
"""Answers one request, whose head it gets, on the connection that it gets, which is closed afterwards."""

RED = (220, 40, 40)
USER, PASSWORD = "me", "secret"
LONGEST_S = 30.0
"""How long a manner without an end goes on, in seconds, if the client does not leave."""


class Camera:
    """A server that answers every request in one manner, over TLS if it has a certificate."""

    def __init__(self, manner: Manner, certificate: Path | None = None) -> None:
        self._manner = manner
        self._context = None
        if certificate is not None:
            self._context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            self._context.load_cert_chain(certificate)
        self._listener = socket.create_server(("127.0.0.1", 0))
        self._stopping = False
        self.port: int = self._listener.getsockname()[1]

    def __enter__(self) -> Camera:
        threading.Thread(target=self._serve, daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stopping = True
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", self.port), 1):
            pass  # wakes the thread that waits for a connection
        self._listener.close()

    def _serve(self) -> None:
        while not self._stopping:
            try:
                connection, _ = self._listener.accept()
            except OSError:
                return
            threading.Thread(target=self._answer, args=(connection,), daemon=True).start()

    def _answer(self, plain: socket.socket) -> None:
        with contextlib.suppress(OSError), plain:
            plain.settimeout(LONGEST_S)
            connection = self._context.wrap_socket(plain, server_side=True) if self._context else plain
            with connection:
                head = connection.recv(65536)
                while head.isascii() and b"\r\n\r\n" not in head and (data := connection.recv(4096)):
                    head += data
                if head:
                    self._manner(connection, head)


def picture(form: str = "JPEG", size: tuple[int, int] = (160, 120), mode: str = "RGB", **options: object) -> bytes:
    """A red picture as a file."""
    file = io.BytesIO()
    Image.new("RGB", size, RED).convert(mode).save(file, form, **options)
    return file.getvalue()


def send(content: bytes) -> Manner:
    """Send ``content`` and close the connection."""
    return lambda connection, head: connection.sendall(content)


def endless(start: bytes, more: bytes, pause_s: float = 0.0) -> Manner:
    """Send ``start``, then ``more`` again and again until the client leaves."""

    def answer(connection: socket.socket, head: bytes) -> None:
        connection.sendall(start)
        for _ in _while_connected():
            connection.sendall(more)
            time.sleep(pause_s)

    return answer


def silent(start: bytes = b"") -> Manner:
    """Send ``start`` and nothing more."""

    def answer(connection: socket.socket, head: bytes) -> None:
        connection.sendall(start)
        connection.recv(1)

    return answer


def _while_connected() -> Iterator[None]:
    until_s = time.monotonic() + LONGEST_S
    while time.monotonic() < until_s:
        yield


def ok(content: bytes = b"", *, content_type: str | None = "image/jpeg", length: int | None = -1) -> bytes:
    """An answer of status 200 with ``content``; ``length`` -1 is its own, None is not sent."""
    lines = ["HTTP/1.1 200 OK"]
    lines += [f"Content-Type: {content_type}"] if content_type else []
    lines += [f"Content-Length: {len(content) if length == -1 else length}"] if length is not None else []
    return "\r\n".join([*lines, "", ""]).encode() + content


def stream(boundary: str | None = "frame", *, content_type: str | None = "multipart/x-mixed-replace") -> bytes:
    """The head of an answer that is a stream."""
    name = "" if boundary is None else f"; boundary={boundary}"
    line = f"Content-Type: {content_type}{name}\r\n" if content_type else ""
    return f"HTTP/1.1 200 OK\r\n{line}\r\n".encode()


def part(
    content: bytes, *, line: bytes = b"--frame", length: int | None = -1, end: bytes = b"\r\n", extra: bytes = b""
) -> bytes:
    """One part of a stream; ``length`` -1 is that of ``content``, None is not sent."""
    number = len(content) if length == -1 else length
    head = [line, b"Content-Type: image/jpeg", *([b"Content-Length: %d" % number] if number is not None else [])]
    return end.join([*head, *([extra] if extra else []), b"", content]) + end


def chunked(content: bytes, most: int = 1000) -> bytes:
    """``content`` in the chunks of HTTP/1.1, without the last one."""
    pieces = [content[start : start + most] for start in range(0, len(content), most)]
    return b"".join(b"%x\r\n%b\r\n" % (len(piece), piece) for piece in pieces)


def unauthorized(*challenges: str) -> bytes:
    """An answer that asks for a login."""
    lines = "".join(f"WWW-Authenticate: {one}\r\n" for one in challenges)
    return f"HTTP/1.1 401 Unauthorized\r\n{lines}Content-Length: 0\r\n\r\n".encode()


def digest(algorithm: str | None, *, qop: bool = True, wrap: Callable[[str], list[str]] = lambda one: [one]) -> Manner:
    """Ask for a digest with ``algorithm``, and send a picture if it is right; ``wrap`` makes the headers of it."""
    challenge = 'Digest realm="camera", nonce="n1"' + (', qop="auth,auth-int"' if qop else "")
    challenge += f", algorithm={algorithm}" if algorithm else ""

    def answer(connection: socket.socket, head: bytes) -> None:
        good = _digest_is_right(head.decode("latin-1"), algorithm or "MD5")
        connection.sendall(ok(picture()) if good else unauthorized(*wrap(challenge)))

    return answer


def _digest_is_right(head: str, algorithm: str) -> bool:
    sent = dict(re.findall(r'(\w+)="?([^",\r]*)', head.partition("Authorization: Digest")[2].partition("\r\n")[0]))

    def hashed(*parts: str) -> str:
        name = "sha256" if algorithm.startswith("SHA-256") else "md5"
        return hashlib.new(name, ":".join(parts).encode()).hexdigest()

    secret = hashed(USER, "camera", PASSWORD)
    if algorithm.endswith("-sess"):
        secret = hashed(secret, "n1", sent.get("cnonce", ""))
    middle = [sent.get("nc", ""), sent.get("cnonce", ""), "auth"] if "qop" in sent else []
    wanted = hashed(secret, "n1", *middle, hashed("GET", head.split()[1]))
    return sent.get("response") == wanted and sent.get("uri") == head.split()[1]


def redirect(location: str) -> bytes:
    """An answer that names another address."""
    return f"HTTP/1.1 302 Found\r\nLocation: {location}\r\nContent-Length: 0\r\n\r\n".encode()


def large_picture() -> bytes:
    """A grey picture of 88 megapixels; it is small in the memory of this process, whose children count it as theirs."""
    file = io.BytesIO()
    Image.new("L", (9400, 9400)).save(file, "PNG", compress_level=1)
    return file.getvalue()


def bomb() -> bytes:
    """A JPEG with 60000 x 60000 pixels in its header."""
    content = bytearray(picture(size=(8, 8)))
    frame = content.index(b"\xff\xc0")
    content[frame + 5 : frame + 9] = bytes.fromhex("ea60ea60")
    return bytes(content)
