"""A teaching session that is served over HTTP on loopback, and a client of it."""

from __future__ import annotations

import contextlib
import http.client
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import quote, urlencode

from edge.sinks.http_server import HttpServer, listen
from edge.sinks.web.feed import Feed
from edge.statistics import StreamStatistics
from support import tiny
from support.colours import encoded
from support.json_schema import problems
from trainer.teach.session import Session
from trainer.teach.web.application import make_teach_application
from trainer.teach.web.openapi import OPERATIONS, Operation, openapi


class Answer(NamedTuple):
    """An answer of the server."""

    status: int
    headers: http.client.HTTPMessage
    body: bytes

    @property
    def json(self) -> Any:
        """The body, which is JSON."""
        return json.loads(self.body)


class Client:
    """Asks a served session; every answer of the API must be one that its OpenAPI document describes."""

    def __init__(self, port: int, **headers: str) -> None:
        self.port, self.headers = port, headers

    def ask(self, method: str, path: str, body: Any = None, /, **headers: str) -> Answer:
        """Send one request: ``body`` is JSON, or bytes. In the names of headers "_" means "-"."""
        sent = {name.replace("_", "-"): value for name, value in {**self.headers, **headers}.items()}
        if body is not None and not isinstance(body, bytes):
            body = json.dumps(body).encode()
            sent = {"Content-Type": "application/json", **sent}
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=60)
        with contextlib.closing(connection):
            connection.request(method, path, body, sent)
            given = connection.getresponse()
            answer = Answer(given.status, given.headers, given.read())
        check_described(method, path, answer)
        return answer

    def get(self, path: str, /, **query: Any) -> Any:
        """The JSON at ``path``; its status must be 200."""
        answer = self.ask("GET", f"{path}?{urlencode(query)}" if query else path)
        assert answer.status == 200, answer.body
        return answer.json

    def send(self, method: str, path: str, body: Any = None, /) -> Any:
        """The JSON that a changing request gives; its status must be 200."""
        answer = self.ask(method, path, body)
        assert answer.status == 200, answer.body
        return answer.json

    def add_class(self, name: str) -> None:
        """Add a class."""
        self.send("PUT", f"/api/classes/{quote(name, safe='')}")

    def add(self, label: str, content: bytes, name: str = "photo.png") -> Any:
        """Add a photo to a class."""
        query = urlencode({"class": label, "name": name})
        answer = self.ask("POST", f"/api/photos?{query}", content, Content_Type="image/png")
        assert answer.status == 200, answer.body
        return answer.json

    @contextlib.contextmanager
    def events(self) -> Iterator[http.client.HTTPResponse]:
        """The open answer with the events."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=60)
        with contextlib.closing(connection):
            connection.request("GET", "/events", headers=self.headers)
            yield connection.getresponse()


class Teaching(NamedTuple):
    """A served session: its parts, and a client of it."""

    session: Session
    feed: Feed
    client: Client
    server: HttpServer


@contextlib.contextmanager
def teaching(folder: Path, token: str | None = None) -> Iterator[Teaching]:
    """Serve a session of ``folder``, with the tiny backbone, on a free port."""
    session = Session(folder, tiny.extractor(folder.parent / "cache"))
    feed = Feed()
    listener = listen("127.0.0.1", 0, "--web")
    port = listener.getsockname()[1]
    application = make_teach_application(session, feed, StreamStatistics(), token, port)

    def start(loop: Any) -> None:
        feed.attach(loop)
        session.attach(loop)

    server = HttpServer(application, listener, "teach", on_start=start, on_end=feed.close)
    try:
        yield Teaching(session, feed, Client(port, **({"Authorization": f"Bearer {token}"} if token else {})), server)
    finally:
        server.close()
        session.close()


def photo(label: str, seed: int) -> bytes:
    """The bytes of a drawn photo of a colour."""
    return encoded(tiny.paint(label, seed), "PNG")


def operation_of(method: str, path: str) -> Operation | None:
    """The operation of the API that answers; an exact path comes before one with parameters."""
    parts = path.partition("?")[0].split("/")
    fitting = [one for one in OPERATIONS if one.method == method and _fits(parts, one.path.split("/"))]
    return min(fitting, key=lambda one: one.path.count("{"), default=None)


def _fits(parts: list[str], pattern: list[str]) -> bool:
    return len(parts) == len(pattern) and all(
        p.startswith("{") or p == part for part, p in zip(parts, pattern, strict=True)
    )


def check_described(method: str, path: str, answer: Answer) -> None:
    """Assert that the OpenAPI document has the status, the type and the shape of an answer of the API."""
    operation = operation_of(method, path)
    if operation is None:
        return
    document = openapi()
    described = document["paths"][operation.path][method.lower()]["responses"]
    assert str(answer.status) in described, f"{method} {path}: {answer.status} {answer.body!r}"
    content = described[str(answer.status)]["content"]
    kind = answer.headers.get_content_type()
    assert kind in content, f"{method} {path}: {kind}"
    if kind == "application/json":
        schema = content[kind]["schema"]
        assert problems(answer.json, schema, document["components"]["schemas"]) == []
        if answer.status >= 400:
            assert "\n" not in answer.json["error"] and answer.json["error"]
