"""Bodies that are wrong, too large, slow or hostile: each gets one line, and the session goes on."""

from __future__ import annotations

import contextlib
import socket
import threading
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from edge.pictures.formats import HEAD_BYTES
from edge.serving.answers import Refused
from support.colours import encoded, ramp
from support.png import png_of_rows
from support.teach_server import Client, Teaching, photo, teaching
from support.waiting import wait_for
from trainer.teach.web import bodies
from trainer.teach.web.bodies import ids, number, text
from trainer.teach.web.served import DECODING

ID = "0" * 32


@pytest.fixture
def taught(client: Client) -> Client:
    """A client of a session with the class ``red``."""
    client.add_class("red")
    return client


@pytest.mark.parametrize(
    ("body", "line"),
    [
        (b"", "not JSON"),
        (b"\xff\xfe", "not JSON"),
        (b"{", "not JSON"),
        (b"[" * 100_000, "not JSON"),
        (b'{"action": NaN}', "NaN is not a number of JSON"),
        (b"[]", "must be a JSON object with 'photos', 'class'"),
        (b"{}", "the field 'photos' is missing"),
        (b'{"photos": [], "class": "red", "clas": 1}', "there is no field 'clas' here"),
        (b'{"photos": "x", "class": "red"}', "the field 'photos' must be a list of ids"),
        (b'{"photos": ["../../etc/passwd"], "class": "red"}', "the field 'photos' must be a list of ids"),
        (b'{"photos": [], "class": 7}', "the field 'class' must be a text"),
        (b'{"photos": [], "class": ""}', "the field 'class' must be a text"),
        (b'{"photos": [], "class": "\\ud800"}', "the field 'class' is not valid Unicode"),
        (b'{"\\ud800": [], "class": "red"}', "there is no field '?' here"),
    ],
)
def test_json_of_another_shape(taught: Client, body: bytes, line: str) -> None:
    """It is refused with 400 and a line that names the field."""
    answer = taught.ask("POST", "/api/photos/assign", body, Content_Type="application/json")
    assert (answer.status, line in answer.json["error"]) == (400, True), answer.body


@pytest.mark.parametrize("value", [None, True, 1.5, "1", []])
def test_numbers(value: Any) -> None:
    """A number is a whole number, not a text and not a truth value."""
    with pytest.raises(Refused, match="the field 'action' must be a whole number"):
        number("action", value)
    assert number("action", 5) == 5


@pytest.mark.parametrize("value", ["0" * 32, [7], ["0" * 31], ["0" * 33], ["A" * 32], ["0" * 31 + "\n"], {}])
def test_ids(value: Any) -> None:
    """Ids are a list of 32 digits each."""
    with pytest.raises(Refused, match="the field 'photos' must be a list"):
        ids("photos", value)
    assert (ids("photos", [ID]), text("to", "x")) == ([ID], "x")


@pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        ("GET", f"/api/photos/{ID}", None),
        ("GET", f"/api/photos/{ID}/thumbnail.jpg", None),
        ("GET", f"/api/photos/{ID}/picture.jpg", None),
        ("GET", "/api/photos/..%2f..%2fetc/picture.jpg", None),
        ("GET", "/api/photos?class=tulip", None),
        ("POST", "/api/photos/assign", {"photos": [ID], "class": "red"}),
        ("POST", "/api/photos/assign", {"photos": [], "class": "tulip"}),
        ("POST", "/api/photos/delete", {"photos": [ID]}),
        ("DELETE", "/api/classes/tulip", None),
        ("POST", "/api/classes/tulip/rename", {"to": "rose"}),
        ("POST", "/api/classes/tulip/merge", {"into": "red"}),
        ("POST", "/api/classes/red/merge", {"into": "tulip"}),
        ("POST", "/api/photos?class=tulip", b"x"),
        ("GET", "/api/nothing", None),
    ],
)
def test_what_is_not_there(taught: Client, method: str, path: str, body: Any) -> None:
    """Unknown photos, classes and addresses are 404 with one line."""
    answer = taught.ask(method, path, body)
    assert (answer.status, list(answer.json)) == (404, ["error"])


@pytest.mark.parametrize(
    "query", ["place=cellar", "filter=all", "order=best", "offset=-1", "limit=x", "limit=%C2%B2", "offset=" + "9" * 10]
)
def test_wrong_parameters_of_a_list(taught: Client, query: str) -> None:
    """The line names the parameter."""
    answer = taught.ask("GET", f"/api/photos?{query}")
    assert answer.status == 400 and f"the parameter {query.partition('=')[0]!r} must be" in answer.json["error"]


@pytest.mark.parametrize(
    "name", ["..", ".", ".hidden", "a%2Fb", "con", "x" * 256, "%00", "%20", "a%0Ab", "RED", "a%5Cb"]
)
def test_names_that_are_not_those_of_a_class(taught: Client, name: str) -> None:
    """No folder is made, and the line says why."""
    answer = taught.ask("PUT", f"/api/classes/{name}")
    assert answer.status in (400, 404, 405) and answer.json["error"]
    taught.send("PUT", "/api/classes/rose")
    assert taught.ask("POST", "/api/classes/rose/rename", {"to": "red"}).status == 409
    assert [one["name"] for one in taught.get("/api/session")["classes"]] == ["red", "rose"]


@pytest.mark.parametrize("kind", ["application/x-www-form-urlencoded", "multipart/form-data; boundary=x", "text/plain"])
def test_wrong_types(taught: Client, kind: str) -> None:
    """Forms and texts are 415: a page of another site could send them without asking."""
    for path in ("/api/photos?class=red", "/api/photos/delete"):
        assert taught.ask("POST", path, photo("red", 1), Content_Type=kind).status == 415


def _hostile() -> dict[str, bytes]:
    jpeg = encoded(ramp((640, 480)), "JPEG")
    return {
        "empty": b"",
        "text": b"hello" * HEAD_BYTES,
        "truncated JPEG": jpeg[: len(jpeg) // 2],
        "JPEG head": jpeg[:300],
        "PNG of 100 megapixels": png_of_rows(10_000, 10_000, bits=1, channels=1),
        "HEIC": b"\0\0\0\x18ftypheic\0\0\0\0mif1heic" + bytes(500),
        "page": b"<!doctype html><script>alert(1)</script>",
    }


@pytest.mark.filterwarnings("ignore::PIL.Image.DecompressionBombWarning")
@pytest.mark.parametrize("name", _hostile())
def test_hostile_pictures(taught: Client, name: str) -> None:
    """What is not a picture within the limits is 400 with one line; nothing is written."""
    answer = taught.ask("POST", "/api/photos?class=red&name=x.jpg", _hostile()[name], Content_Type="image/jpeg")
    assert answer.status == 400 and answer.json["error"]
    assert taught.get("/api/session")["classes"][0]["photos"] == 0


def test_bodies_are_bounded(taught: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    """A body is 413 if its length is too large, or as soon as more bytes than the limit have come."""
    monkeypatch.setattr("trainer.teach.web.photo_routes.PICTURE_BYTES", 1 << 20)
    monkeypatch.setattr(bodies, "JSON_BYTES", 1 << 20)
    large = bytes((1 << 20) + 1)
    assert taught.ask("POST", "/api/photos?class=red", large, Content_Type="image/png").status == 413
    assert taught.ask("POST", "/api/photos/delete", large, Content_Type="application/json").status == 413
    head = b"POST /api/photos?class=red HTTP/1.1\r\nHost: localhost\r\nContent-Type: image/png\r\n"
    for part in (b"Content-Length: 99999999999\r\n\r\n", b"Transfer-Encoding: chunked\r\n\r\n"):
        with socket.create_connection(("127.0.0.1", taught.port), timeout=20) as one:
            one.sendall(head + part)
            with contextlib.suppress(ConnectionError):  # chunks without end
                for _ in range(40 if b"chunked" in part else 0):
                    one.sendall(b"10000\r\n" + bytes(0x10000) + b"\r\n")
            assert one.recv(12) == b"HTTP/1.1 413"
    assert taught.add("red", photo("red", 1))["outcome"] == "added"


def test_uploads_at_the_same_time_are_bounded(tmp_path: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """While too many bytes are held the next upload is 503 with Retry-After; later it is taken."""
    monkeypatch.setattr(bodies.Bodies.__init__, "__defaults__", (100_000,))
    with teaching(tmp_path / "photos") as made:
        made.client.add_class("red")
        with socket.create_connection(("127.0.0.1", made.client.port), timeout=20) as slow:
            head = b"POST /api/photos?class=red HTTP/1.1\r\nHost: localhost\r\nContent-Length: 100000\r\n\r\n"
            slow.sendall(head + bytes(99_000))
            answer = _until(made.client, 503)
            assert (answer.headers["Retry-After"], "again" in answer.json["error"]) == ("1", True)
        _until(made.client, 200)


def _until(client: Client, status: int) -> Any:
    def sent() -> Any:
        answer = client.ask("POST", "/api/photos?class=red", photo("red", 1), Content_Type="image/png")
        return answer if answer.status == status else None

    return wait_for(sent)


def test_decoding_is_bounded(served: Teaching, monkeypatch: pytest.MonkeyPatch) -> None:
    """At most two uploads are decoded at the same time; one that waits too long is 503."""
    client, add = served.client, served.session.add_photo
    client.add_class("red")
    running, most, lock, go = 0, 0, threading.Lock(), threading.Event()

    def slow(content: bytes, label: str, **options: Any) -> Any:
        nonlocal running, most
        with lock:
            running += 1
            most = max(most, running)
        go.wait(60)
        with lock:
            running -= 1
        return add(content, label, **options)

    monkeypatch.setattr(served.session, "add_photo", slow)
    with ThreadPoolExecutor(12) as pool:
        sent = [pool.submit(client.add, "red", photo("red", seed)) for seed in range(12)]
        assert client.get("/api/session")["classes"][0]["photos"] == 0  # the server answers meanwhile
        go.set()
        assert {one.result()["outcome"] for one in sent} == {"added"}
    assert most <= DECODING and client.get("/api/session")["classes"][0]["photos"] == 12


def test_fifty_uploads_at_the_same_time(taught: Client) -> None:
    """All are added, each once, although each is sent twice."""
    with ThreadPoolExecutor(50) as pool:
        sent = [pool.submit(taught.add, "red", photo("red", number % 25)) for number in range(50)]
        outcomes = [one.result()["outcome"] for one in sent]
    assert (outcomes.count("added"), outcomes.count("present")) == (25, 25)
    assert taught.get("/api/photos")["total"] == 25


@pytest.mark.parametrize(
    "part",
    [
        b"Content-Length: 1000\r\n\r\nx",
        b"Transfer-Encoding: chunked\r\n\r\n1\r\nx\r\n",
    ],
    ids=["length", "chunks"],
)
def test_slow_bodies_are_cut_off(taught: Client, monkeypatch: pytest.MonkeyPatch, part: bytes) -> None:
    """A body that stops coming ends its connection in time; other clients are answered meanwhile."""
    monkeypatch.setattr("edge.sinks.bounded_protocol.REQUEST_S", 1.0)
    head = b"POST /api/photos?class=red HTTP/1.1\r\nHost: localhost\r\n"
    with socket.create_connection(("127.0.0.1", taught.port), timeout=20) as slow:
        slow.sendall(head + part)
        assert taught.get("/api/session")["classes"][0]["photos"] == 0
        with contextlib.suppress(ConnectionResetError):
            assert slow.recv(100) == b""


def test_a_long_body_that_goes_on_is_taken(served: Teaching, monkeypatch: pytest.MonkeyPatch) -> None:
    """The time for a request begins again after each large part of its body."""
    monkeypatch.setattr("edge.sinks.bounded_protocol.BODY_BYTES", 10_000)
    served.client.add_class("red")
    content = encoded(ramp((300, 200)), "BMP")
    head = f"POST /api/photos?class=red HTTP/1.1\r\nHost: localhost\r\nContent-Length: {len(content)}\r\n\r\n"
    with socket.create_connection(("127.0.0.1", served.client.port), timeout=20) as steady:
        steady.sendall(head.encode())
        connection = wait_for(lambda: _uploading(served))
        timer = connection.waiting
        steady.sendall(content[:20_000])
        wait_for(lambda: connection.waiting is not timer)
        assert timer.cancelled() and not connection.waiting.cancelled()
        steady.sendall(content[20_000:])
        assert steady.recv(12) == b"HTTP/1.1 200"


def _uploading(served: Teaching) -> Any:
    """The connection of which the body of a request is being read."""
    connections = list(served.server._server.server_state.connections)
    reading = [one for one in connections if one.cycle and one.cycle.more_body and not one.cycle.response_complete]
    return next((one for one in reading if one.waiting is not None), None)


def test_a_body_that_ends_early_changes_nothing(taught: Client) -> None:
    """A connection that closes in the middle of an upload leaves no photo and no held bytes."""
    for _ in range(20):
        with socket.create_connection(("127.0.0.1", taught.port), timeout=20) as one:
            one.sendall(b"POST /api/photos?class=red HTTP/1.1\r\nHost: localhost\r\nContent-Length: 1000000\r\n\r\n")
            one.sendall(photo("red", 1))
    assert taught.add("red", photo("red", 2))["outcome"] == "added"
    assert taught.get("/api/photos")["total"] == 1
