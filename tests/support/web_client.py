"""A client of the web preview's server, over real connections on loopback."""

from __future__ import annotations

import contextlib
import http.client
import json
from collections.abc import Callable, Iterator
from typing import Any

from edge.sinks.web.sink import WebSink
from edge.statistics import StreamStatistics


@contextlib.contextmanager
def serving(token: str | None = None, host: str = "127.0.0.1", port: int = 0) -> Iterator[WebSink]:
    """An open sink, by default on a free port and without a token."""
    sink = WebSink(host, port, StreamStatistics(), token=token)
    try:
        sink.open()
        yield sink
    finally:
        sink.close()


def port_of(sink: WebSink) -> int:
    """The port of an open ``sink``."""
    return int(sink.url.rstrip("/").rsplit(":", 1)[1])


@contextlib.contextmanager
def asking(sink: WebSink, path: str, **headers: str) -> Iterator[http.client.HTTPResponse]:
    """The answer to a GET of ``path``, not yet read."""
    host = sink.url.removeprefix("http://").rpartition(":")[0]
    connection = http.client.HTTPConnection(host.strip("[]"), port_of(sink), timeout=20)
    try:
        connection.request("GET", path, headers={name.replace("_", "-"): value for name, value in headers.items()})
        yield connection.getresponse()
    finally:
        connection.close()


def get(sink: WebSink, path: str, **headers: str) -> tuple[int, bytes, http.client.HTTPMessage]:
    """Status, body and headers of ``path``."""
    with asking(sink, path, **headers) as answer:
        return answer.status, answer.read(), answer.headers


def next_event(answer: http.client.HTTPResponse) -> tuple[str, Any]:
    """Name and value of the next server-sent event; comments are left out."""
    lines: list[str] = []
    while (line := answer.readline().decode().rstrip("\n")) or not lines:
        if line and not line.startswith(":"):
            lines.append(line)
    name, data = lines
    return name.removeprefix("event: "), json.loads(data.removeprefix("data: "))


def event(answer: http.client.HTTPResponse, wanted: str, holds: Callable[[Any], bool] = lambda value: True) -> Any:
    """The next event called ``wanted`` of which ``holds`` is true."""
    while True:
        name, value = next_event(answer)
        if name == wanted and holds(value):
            return value
