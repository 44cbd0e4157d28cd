"""The web preview's server, over real connections on loopback."""

from __future__ import annotations

import contextlib
import gc
import http.client
import io
import json
import socket
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

import edge.sinks.web
from edge.errors import UnavailableError, UsageError
from edge.sinks.web.application import VIEWERS
from edge.sinks.web.server import CONNECTIONS, listen
from edge.sinks.web.sink import WebSink
from edge.statistics import StreamStatistics
from edge.types import UNKNOWN
from support.web_stream import CARD, Camera

pytest.importorskip("starlette", reason="the extra 'web' is not installed")
pytest.importorskip("uvicorn", reason="the extra 'web' is not installed")

PARTS = Path(edge.sinks.web.__file__).parent


@contextlib.contextmanager
def serving(token: str | None = None, host: str = "127.0.0.1", port: int = 0) -> Iterator[WebSink]:
    """An open sink on a free port."""
    sink = WebSink(host, port, StreamStatistics(), token=token)
    try:
        sink.open()
        yield sink
    finally:
        sink.close()


@pytest.fixture
def sink() -> Iterator[WebSink]:
    """An open sink on a free port, without a token."""
    with serving() as made:
        yield made


@contextlib.contextmanager
def asking(sink: WebSink, path: str, **headers: str) -> Iterator[http.client.HTTPResponse]:
    """The answer to a GET of ``path``, not yet read."""
    host, port = sink.url.removeprefix("http://").rstrip("/").rsplit(":", 1)
    connection = http.client.HTTPConnection(host.strip("[]"), int(port), timeout=20)
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
    """Name and value of the next server-sent event."""
    lines = []
    while line := answer.readline().decode().rstrip("\n"):
        lines.append(line)
    name, data = lines
    return name.removeprefix("event: "), json.loads(data.removeprefix("data: "))


def event(answer: http.client.HTTPResponse, wanted: str, holds: Callable[[Any], bool] = lambda value: True) -> Any:
    """The next event called ``wanted`` of which ``holds`` is true."""
    while True:
        name, value = next_event(answer)
        if name == wanted and holds(value):
            return value


@pytest.mark.parametrize(
    ("path", "name", "kind"),
    [
        ("/", "page.html", "text/html; charset=utf-8"),
        ("/page.css", "page.css", "text/css; charset=utf-8"),
        ("/page.js", "page.js", "text/javascript; charset=utf-8"),
        ("/details.js", "details.js", "text/javascript; charset=utf-8"),
        ("/timeline.js", "timeline.js", "text/javascript; charset=utf-8"),
        ("/icon.svg", "icon.svg", "image/svg+xml"),
    ],
)
def test_parts_of_the_page(sink: WebSink, path: str, name: str, kind: str) -> None:
    """The page and its parts come from the package, are never stored, and may load nothing from elsewhere."""
    status, body, headers = get(sink, path)
    assert (status, body, headers["Content-Type"]) == (200, (PARTS / name).read_bytes(), kind)
    assert headers["Cache-Control"] == "no-store"
    policy = headers["Content-Security-Policy"]
    assert policy.startswith("default-src 'none';") and "unsafe" not in policy and "frame-ancestors 'none'" in policy
    assert headers["X-Content-Type-Options"] == "nosniff"


def test_before_the_first_frame(sink: WebSink) -> None:
    """Before the first frame there is no observation and no picture, and health is 503."""
    status, body, _ = get(sink, "/observation.json")
    answer = json.loads(body)
    assert (status, answer["state"], answer["observation"], answer["model"]) == (200, "waiting", None, None)
    assert (get(sink, "/health")[0], json.loads(get(sink, "/health")[1])) == (503, {"state": "waiting"})


def test_observation_for_scripts(sink: WebSink) -> None:
    """Scripts get the newest observation, the counts and the model card, as JSON."""
    camera = Camera()
    sink.write(camera.observe("green"))
    seen = camera.observe("red", label=UNKNOWN, score=0.25, region=(1, 2, 30, 40))
    sink.write(seen)
    answer = json.loads(get(sink, "/observation.json")[1])
    assert answer["state"] == "live" and 0 <= answer["silent_s"] < 3
    observation = answer["observation"]
    assert (observation["label"], observation["score"], observation["sequence"]) == (UNKNOWN, 0.25, 1)
    assert (observation["frame_size"], observation["region"]) == ([320, 240], [1, 2, 30, 40])
    assert (observation["latency_ms"], observation["frame_age_ms"], observation["time_s"]) == (
        12.5,
        20.0,
        round(seen.time_s, 3),
    )
    assert observation["categories"] == [{"label": c.label, "score": round(c.score, 6)} for c in seen.categories]
    assert answer["counts"]["reconnects"] == 0 and answer["counts"]["sink_dropped"] == {}
    assert answer["model"] == {**CARD._asdict(), "labels": list(CARD.labels), "input_size": [32, 32]}
    assert (get(sink, "/health")[0], json.loads(get(sink, "/health")[1])) == (200, {"state": "live"})


def test_health_of_a_stream_that_stopped(sink: WebSink) -> None:
    """A stream whose last frame is a minute old is not healthy."""
    sink.write(Camera().observe("red", age_s=60))
    assert (get(sink, "/health")[0], json.loads(get(sink, "/health")[1])) == (503, {"state": "stalled"})


def test_picture(sink: WebSink) -> None:
    """The picture is the newest frame; asked for another one, the answer waits for the next frame."""
    camera = Camera()
    sink.write(camera.observe("red"))
    status, body, headers = get(sink, "/picture.jpg")
    assert (status, headers["Content-Type"], headers["X-Frame-Sequence"]) == (200, "image/jpeg", "0")
    with Image.open(io.BytesIO(body)) as image:
        assert image.size == (320, 240)
        red, green, blue = image.getpixel((160, 120))
    assert red > 200 and green < 60 and blue < 60
    with asking(sink, "/events") as events:
        event(events, "now")
        answers: list[tuple[int, bytes, http.client.HTTPMessage]] = []
        viewer = threading.Thread(target=lambda: answers.append(get(sink, "/picture.jpg?shown=0")))
        viewer.start()
        sink.write(camera.observe("green"))
        viewer.join(20)
    assert [(status, headers["X-Frame-Sequence"]) for status, _, headers in answers] == [(200, "1")]


@pytest.mark.parametrize("shown", ["", "-1", "x", "9" * 40, "%00", "²"])
def test_any_number_of_a_picture(sink: WebSink, shown: str) -> None:
    """A text that is not a number, or a number of another run, gets the newest picture immediately."""
    from urllib.parse import quote

    sink.write(Camera().observe("red"))
    assert get(sink, f"/picture.jpg?shown={quote(shown, safe='%')}")[0] == 200


def test_events(sink: WebSink) -> None:
    """A viewer gets the history, the model, every state, and the new model when it is replaced."""
    camera = Camera()
    sink.write(camera.observe("blue", age_s=5))
    sink.write(camera.observe("green"))
    with asking(sink, "/events") as answer:
        assert answer.headers["Content-Type"].startswith("text/event-stream")
        name, history = next_event(answer)
        assert (name, history["length_s"], history["sequence"]) == ("history", 300, 1)
        assert [label for _, label, _ in history["moments"]] == ["blue", "green"]
        assert 5 <= history["moments"][0][0] < 8
        name, model = next_event(answer)
        assert (name, model["sha256"]) == ("model", CARD.sha256)
        name, now = next_event(answer)
        assert (name, now["state"], now["observation"]["label"]) == ("now", "live", "green")
        sink.write(camera.observe("red", model=CARD._replace(sha256="ff" * 32)))
        assert event(answer, "model")["sha256"] == "ff" * 32
        assert event(answer, "now")["observation"]["label"] == "red"


def test_events_go_on_without_frames(sink: WebSink) -> None:
    """Without new frames a viewer still gets events, with the time since the last frame."""
    with asking(sink, "/events") as answer:
        first = event(answer, "now")
        second = event(answer, "now")
        assert first["state"] == second["state"] == "waiting"
        assert second["silent_s"] > first["silent_s"]


def test_pages_are_bounded() -> None:
    """One page more than allowed gets 503; after another page was closed, it is served."""
    with serving() as sink, contextlib.ExitStack() as pages:
        opened = [pages.enter_context(asking(sink, "/events")) for _ in range(VIEWERS)]
        for answer in opened:
            event(answer, "now")
        status, _, headers = get(sink, "/events")
        assert (status, headers["Retry-After"]) == (503, "5")
        assert get(sink, "/health")[0] == 503  # waiting: the server itself answers
        pages.close()
        deadline = time.monotonic() + 20
        while time.monotonic() < deadline:
            with asking(sink, "/events") as answer:
                if answer.status == 200:
                    return
        pytest.fail("no page was let in again")


def test_connections_are_bounded() -> None:
    """More connections than allowed are closed immediately, those without a request too."""
    with serving() as sink, contextlib.ExitStack() as opened:
        port = int(sink.url.rstrip("/").rsplit(":", 1)[1])
        for _ in range(CONNECTIONS):
            opened.enter_context(socket.create_connection(("127.0.0.1", port), timeout=20))
        refused = opened.enter_context(socket.create_connection(("127.0.0.1", port), timeout=20))
        with contextlib.suppress(ConnectionResetError):
            assert refused.recv(1) == b""


def test_a_foreign_host_header_is_refused(sink: WebSink) -> None:
    """A page of another name that was made to point here gets nothing (DNS rebinding); a tunnel works."""
    sink.write(Camera().observe("red"))
    for path in ("/", "/events", "/picture.jpg", "/observation.json", "/health"):
        assert get(sink, path, Host="evil.example:80")[:2] == (421, b"open this page under the name localhost\n")
    assert get(sink, "/health", Host="localhost:9000")[0] == 200


def test_token() -> None:
    """Without the token nothing is served; given once, it becomes a cookie that is enough for every request."""
    with serving(token="s3cret") as sink:
        sink.write(Camera().observe("red"))
        assert get(sink, "/page.css")[0] == 200  # the page that asks for the token has the same looks
        for path in ("/page.js", "/events", "/picture.jpg", "/observation.json", "/health", "/nothing"):
            status, body, headers = get(sink, path)
            assert (status, headers["WWW-Authenticate"], headers["Set-Cookie"]) == (401, "Bearer", None)
            assert b"red" not in body
        status, body, _ = get(sink, "/?token=wrong")
        assert status == 401 and b'name="token"' in body
        assert get(sink, "/health", Authorization="Bearer s3cret")[0] == 200
        assert get(sink, "/health", Authorization="Bearer wrong")[0] == 401
        status, _, headers = get(sink, "/?token=s3cret", Host="pi.local")
        cookie, *rules = headers["Set-Cookie"].split("; ")
        assert (status, set(rules)) == (200, {"Path=/", "HttpOnly", "SameSite=Strict"})
        assert "s3cret" not in cookie
        assert get(sink, "/health", Cookie=cookie)[0] == 200
        assert get(sink, "/health", Cookie=cookie[:-1])[0] == 401


def test_the_token_is_never_logged(capfd: pytest.CaptureFixture[str]) -> None:
    """No request, good or bad, prints anything on the terminal, and never the token."""
    with serving(token="s3cret") as sink:
        get(sink, "/?token=s3cret")
        get(sink, "/?token=wrong")
        port = int(sink.url.rstrip("/").rsplit(":", 1)[1])
        with socket.create_connection(("127.0.0.1", port), timeout=20) as client:
            client.sendall(b"\x16\x03\x01 s3cret\r\n\r\n")
            while client.recv(1000):
                pass
    out, err = capfd.readouterr()
    assert (out, err) == ("", "")


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "192.168.1.5", "raspberrypi"])
def test_others_need_a_token(host: str) -> None:
    """An address that other machines can reach is refused without a token, in one line that says what to do."""
    with pytest.raises(UsageError, match="--web-token") as refusal:
        WebSink(host, 8080, StreamStatistics(), token=None)
    assert "\n" not in str(refusal.value)
    WebSink(host, 8080, StreamStatistics(), token="s3cret")


@pytest.mark.parametrize("token", ["", "  "])
def test_an_empty_token(token: str) -> None:
    """An empty token is refused."""
    with pytest.raises(UsageError, match="empty"):
        WebSink("0.0.0.0", 8080, StreamStatistics(), token=token)


def test_every_address_with_a_token() -> None:
    """On every address of the machine, the page answers requests with the token."""
    with serving(token="s3cret", host="0.0.0.0") as sink:
        assert get(sink, "/page.js", Authorization="Bearer s3cret")[0] == 200


def test_ipv6() -> None:
    """The page is served on IPv6 too, if the machine has it."""
    try:
        listen("::1", 0).close()
    except UnavailableError as error:
        pytest.skip(str(error))
    with serving(host="::1") as sink:
        assert sink.url.startswith("http://[::1]:")
        assert get(sink, "/page.css")[0] == 200


def test_a_port_that_is_taken(monkeypatch: pytest.MonkeyPatch) -> None:
    """A port in use is one line; the sink takes observations, and gets the port when it is free."""
    with serving() as first:
        port = int(first.url.rstrip("/").rsplit(":", 1)[1])
        second = WebSink("127.0.0.1", port, StreamStatistics(), token=None)
        with pytest.raises(UnavailableError, match=f"port {port} is used by another program") as error:
            second.open()
        assert "\n" not in str(error.value)
        camera = Camera()
        second.write(camera.observe("red"))
    monkeypatch.setattr("edge.sinks.web.sink._TRY_AGAIN_S", 0.0)
    second._try_at_s = 0.0
    try:
        second.write(camera.observe("green"))
        assert json.loads(get(second, "/observation.json")[1])["observation"]["label"] == "green"
    finally:
        second.close()


def test_an_address_of_another_machine() -> None:
    """An address of another machine is refused in one line."""
    sink = WebSink("203.0.113.7", 8080, StreamStatistics(), token="s3cret")
    with pytest.raises(UnavailableError, match=r"cannot listen on 203\.0\.113\.7"):
        sink.open()
    sink.close()


def test_close_with_viewers_that_look_and_one_that_does_not_read() -> None:
    """Closing takes less than a second, with open requests and a viewer that reads nothing."""
    with serving() as sink, contextlib.ExitStack() as viewers:
        camera = Camera((960, 720))
        sink.write(camera.observe("red"))
        events = viewers.enter_context(asking(sink, "/events"))
        event(events, "now")
        port = int(sink.url.rstrip("/").rsplit(":", 1)[1])
        deaf = viewers.enter_context(socket.create_connection(("127.0.0.1", port), timeout=20))
        deaf.sendall(b"GET /picture.jpg HTTP/1.1\r\nHost: localhost\r\n\r\n" * 200)
        waiting = viewers.enter_context(socket.create_connection(("127.0.0.1", port), timeout=20))
        waiting.sendall(b"GET /picture.jpg?shown=0 HTTP/1.1\r\nHost: localhost\r\n\r\n")
        event(events, "now")
        threads = [thread for thread in threading.enumerate() if thread.name == "web"]
        assert len(threads) == 1
        sink.close()  # waits a second at most
        assert not threads[0].is_alive()


def test_a_slow_viewer_holds_nobody_up(sink: WebSink) -> None:
    """While one viewer reads nothing, the sink takes every observation and another viewer gets the newest."""
    port = int(sink.url.rstrip("/").rsplit(":", 1)[1])
    camera = Camera((960, 720))
    sink.write(camera.observe("red"))
    with socket.create_connection(("127.0.0.1", port), timeout=20) as deaf, asking(sink, "/events") as events:
        deaf.sendall(b"GET /picture.jpg HTTP/1.1\r\nHost: localhost\r\n\r\n" * 200)
        for _ in range(100):
            sink.write(camera.observe("green"))
        newest = event(events, "now", lambda now: now["observation"]["sequence"] == 100)
        assert newest["observation"]["label"] == "green"
        assert get(sink, "/picture.jpg")[2]["X-Frame-Sequence"] == "100"


def test_connections_that_ended_are_forgotten(sink: WebSink) -> None:
    """A hundred closed viewers leave nothing in memory, even if they were closed during an answer."""
    sink.write(Camera().observe("red"))
    for number in range(100):
        with asking(sink, "/events" if number % 2 else "/picture.jpg") as answer:
            answer.read(20)

    def kept() -> int:
        gc.collect()
        return sum(type(one).__name__ == "BoundedProtocol" for one in gc.get_objects())

    deadline = time.monotonic() + 8  # shorter than any timer of a connection
    while kept() and time.monotonic() < deadline:
        get(sink, "/health", Connection="close")
    assert kept() <= 1


def test_open_and_close_again_leak_nothing() -> None:
    """After twenty servers, one after another, no thread and no descriptor is left."""
    descriptors = Path("/proc/self/fd")

    def held() -> tuple[int, int]:
        return len(list(descriptors.iterdir())), threading.active_count()

    seen = Camera().observe("red")
    with serving() as sink:
        get(sink, "/")
    before = held()
    for _ in range(20):
        with serving() as sink:
            sink.write(seen)
            assert get(sink, "/picture.jpg")[0] == 200
    assert held() == before
