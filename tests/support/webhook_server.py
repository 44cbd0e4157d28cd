"""A webhook on loopback that answers as a test says: real requests over real connections."""

from __future__ import annotations

import socket
import ssl
import threading
from collections.abc import Iterable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, NamedTuple

DROP, DRIP, SILENT, NOISE = "drop", "drip", "silent", "noise"
"""Close without an answer; send its head a byte at a time without end; send nothing; send something else."""


class Delivery(NamedTuple):
    """One request: its path, its headers by lower-case name, and its body."""

    path: str
    headers: dict[str, str]
    body: bytes


class WebhookServer:
    """``with WebhookServer([500, DROP]) as server``: gives these answers, then 200. ``deliveries`` are all requests.

    ``come`` is notified of each request; ``location`` is where redirects lead.
    """

    def __init__(self, answers: Iterable[int | str] = (), certificate: Path | None = None, location: str = "/") -> None:
        self.answers, self.location = list(answers), location
        self.deliveries: list[Delivery] = []
        self.come = threading.Condition()
        self._ended = threading.Event()
        outer = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                headers = {name.lower(): value for name, value in self.headers.items()}
                with outer.come:
                    answer = outer.answers.pop(0) if outer.answers else 200
                    outer.deliveries.append(Delivery(self.path, headers, body))
                    outer.come.notify_all()
                outer._answer(self, answer)

            def log_message(self, *_: Any) -> None:
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads, self._server.block_on_close = True, False
        if certificate is not None:
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            context.load_cert_chain(certificate)
            self._server.socket = context.wrap_socket(self._server.socket, server_side=True)
        self.port: int = self._server.server_address[1]
        self.uri = f"http{'s' if certificate else ''}://127.0.0.1:{self.port}/hook"
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.01,), daemon=True)

    def __enter__(self) -> WebhookServer:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._ended.set()
        self._server.shutdown()
        self._server.server_close()

    def wait_for(self, count: int, timeout_s: float = 60) -> list[Delivery]:
        """The deliveries, as soon as there are ``count``."""
        with self.come:
            assert self.come.wait_for(lambda: len(self.deliveries) >= count, timeout_s)
            return list(self.deliveries)

    def _answer(self, handler: BaseHTTPRequestHandler, answer: int | str) -> None:
        connection = handler.connection
        if answer == DROP:
            connection.shutdown(socket.SHUT_RDWR)
        elif answer == NOISE:
            connection.sendall(b"\xff\xfe no HTTP\r\n\r\n")
        elif answer == SILENT:
            self._ended.wait(60)
        elif answer == DRIP:
            connection.sendall(b"HTTP/1.1 200 OK\r\nX: ")
            try:
                while not self._ended.wait(0.02):
                    connection.sendall(b"x")
            except OSError:
                pass
        else:
            handler.send_response(int(answer))
            if 300 <= int(answer) < 400:
                handler.send_header("Location", self.location)
            handler.send_header("Content-Length", "0")
            handler.end_headers()
        handler.close_connection = True
