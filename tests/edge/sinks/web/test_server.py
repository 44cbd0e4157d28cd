"""What the web preview's server answers, over real connections on loopback."""

from __future__ import annotations

import http.client
import io
import json
import threading
from pathlib import Path

import pytest
from PIL import Image

import edge.sinks.web
from edge.sinks.web.sink import WebSink
from edge.types import UNKNOWN
from support.web_client import asking, event, get, next_event
from support.web_stream import CARD, Camera

pytest.importorskip("starlette", reason="the extra 'web' is not installed")
pytest.importorskip("uvicorn", reason="the extra 'web' is not installed")

PARTS = Path(edge.sinks.web.__file__).parent


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
