"""A server of labels on loopback, and requests to it."""

from __future__ import annotations

import base64
import contextlib
import http.client
import json
import threading
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import pytest

pytest.importorskip("starlette", reason="the extra 'serve' is not installed")
pytest.importorskip("uvicorn", reason="the extra 'serve' is not installed")

from edge.inference.classifier import SCORE_THRESHOLD, TOP_K, Classifier
from edge.live.model import ModelChoice
from edge.serving.label_pool import LabelSettings
from edge.serving.openapi import openapi
from edge.serving.serve import LabelServer, ServeSettings
from support.colours import encoded, plain
from support.paths import DATA
from support.waiting import TIMEOUT_S

INT8, FLOAT32 = DATA / "tiny-int8.tflite", DATA / "tiny-float32.tflite"
BODY_BYTES = 1 << 20
ROOM = 16
BOUNDARY = "a-boundary"
FORM = f"multipart/form-data; boundary={BOUNDARY}"


class Answer(NamedTuple):
    """An answer of the server."""

    status: int
    headers: http.client.HTTPMessage
    body: bytes

    @property
    def json(self) -> Any:
        """The body, which is JSON by its type."""
        assert self.headers["Content-Type"] == "application/json"
        return json.loads(self.body)


class Client:
    """Asks a server of labels."""

    def __init__(self, server: LabelServer, **headers: str) -> None:
        self.server, self.port, self.headers = server, server.port, headers

    def ask(self, method: str, path: str, body: bytes | None = None, kind: str = "", **headers: str) -> Answer:
        """Send one request on a connection of its own; ``kind`` is the type of ``body``."""
        with contextlib.closing(http.client.HTTPConnection("127.0.0.1", self.port, timeout=TIMEOUT_S)) as connection:
            sent = {**self.headers, **({"Content-Type": kind} if kind else {}), **headers}
            connection.request(method, path, body, sent)
            given = connection.getresponse()
            answer = Answer(given.status, given.headers, given.read())
        check_described(method, path.partition("?")[0], answer)
        return answer

    def label(self, body: bytes, kind: str = "image/png", query: str = "") -> Answer:
        """Send ``body`` to be labelled."""
        return self.ask("POST", f"/label{query}", body, kind)


def check_described(method: str, path: str, answer: Answer) -> None:
    """Check that the OpenAPI document has the answer: its status, and its type."""
    operation = openapi(BODY_BYTES, ROOM)["paths"].get(path, {}).get(method.lower())
    if operation is not None:
        described = operation["responses"].get(str(answer.status))
        assert described is not None, f"{method} {path} may not answer {answer.status}: {answer.body!r}"
        assert answer.headers["Content-Type"].partition(";")[0] in described["content"]


def photo(label: str) -> bytes:
    """A PNG in the colour of ``label``."""
    return encoded(plain(label), "PNG")


def form(*files: tuple[str, bytes]) -> bytes:
    """A form with ``files``, as curl and browsers make it."""
    parts = [
        f'--{BOUNDARY}\r\nContent-Disposition: form-data; name="p"; filename="{name}"\r\n'.encode()
        + b"Content-Type: image/png\r\n\r\n"
        + content
        + b"\r\n"
        for name, content in files
    ]
    return b"".join([*parts, f"--{BOUNDARY}--\r\n".encode()])


def in_json(*files: tuple[str, bytes]) -> list[dict[str, str]]:
    """The objects that ``files`` are in JSON."""
    return [{"picture": base64.b64encode(content).decode(), "name": name} for name, content in files]


def without_times(answer: Any) -> Any:
    """An answer, or a list of them, without the times that differ from run to run."""
    if isinstance(answer, list):
        return [without_times(one) for one in answer]
    return {name: value for name, value in answer.items() if name != "latency_ms"}


@contextlib.contextmanager
def serving(models: Sequence[Path] = (INT8, FLOAT32), **changes: Any) -> Iterator[Client]:
    """A server of ``models``, each under the name of its file, on a free port; ``changes`` to its settings."""
    reject = changes.pop("reject", False)
    settings = ServeSettings(
        choices={path.stem: ModelChoice(path, None, 1, None, reject) for path in models},
        host="127.0.0.1",
        port=0,
        token=None,
        labelling=LabelSettings(None, TOP_K, SCORE_THRESHOLD, reject),
        workers=2,
        room=ROOM,
        body_bytes=BODY_BYTES,
    )
    server = LabelServer(settings._replace(**changes))
    try:
        yield Client(server)
    finally:
        server.end(0.0)


class Blocked:
    """Workers that wait in a picture until they are let go."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self._go, self.begun = threading.Event(), threading.Semaphore(0)
        classify = Classifier.classify

        def wait(*arguments: object, **options: object) -> object:
            self.begun.release()
            assert self._go.wait(TIMEOUT_S)
            return classify(*arguments, **options)  # type: ignore[arg-type]

        monkeypatch.setattr(Classifier, "classify", wait)

    def go(self) -> None:
        """Let all go, now and from now on."""
        self._go.set()
