"""The counts as Prometheus reads them, scraped from the real endpoint."""

from __future__ import annotations

import contextlib
import socket
import urllib.request
from collections.abc import Callable, Iterator

import pytest

from edge.errors import UnavailableError
from edge.sinks.prometheus import PrometheusSink
from edge.statistics import StreamStatistics
from support.held import threads
from support.observed import CARD, TIME_S, observe, observe_without_labels

pytest.importorskip("prometheus_client", reason="the extra prometheus is not installed")
pytest.importorskip("uvicorn", reason="the extra prometheus is not installed")

Values = dict[tuple[str, tuple[tuple[str, str], ...]], float]


@pytest.fixture
def sink() -> Iterator[PrometheusSink]:
    """An open sink on a free port; its statistics are ``sink._statistics``."""
    sink = PrometheusSink("127.0.0.1", 0, StreamStatistics())
    sink.open()
    yield sink
    sink.close()


@pytest.fixture
def statistics(sink: PrometheusSink) -> StreamStatistics:
    """The statistics that the sink serves."""
    return sink._statistics


@pytest.fixture
def scrape(sink: PrometheusSink) -> Callable[[], Values]:
    """Fetch the page and read it as Prometheus does: (name, labels) -> value."""

    def fetch() -> Values:
        from prometheus_client.parser import text_string_to_metric_families

        with urllib.request.urlopen(f"http://127.0.0.1:{sink.port}/metrics", timeout=20) as page:
            assert page.headers["Content-Type"].startswith("text/plain; version=")
            text = page.read().decode()
        return {
            (sample.name, tuple(sorted(sample.labels.items()))): sample.value
            for family in text_string_to_metric_families(text)
            for sample in family.samples
        }

    return fetch


def test_before_the_first_frame(scrape) -> None:
    """Counts are there from the start, at zero; metrics of a frame come only with the first frame."""
    values = scrape()
    names = {name for name, _ in values}
    assert values["edge_inferences_total", ()] == 0
    assert not names & {"edge_frame_age_seconds", "edge_label_score", "edge_model_info"}


def test_every_count(scrape, statistics: StreamStatistics) -> None:
    """Each count of the stream and of its sinks has its metric."""
    for by, field in enumerate(
        ("frames_grabbed", "frames_stale", "reconnects", "source_errors", "model_swaps", "model_refusals"), 2
    ):
        statistics.count(field, by)
    statistics.labelled(1.0, 1.0)
    statistics.count_sink("sink_dropped", "mqtt", 10)
    statistics.count_sink("sink_dropped", "web", 11)
    statistics.count_sink("sink_errors", "capture", 12)
    values = scrape()
    expected = {
        ("edge_inferences_total", ()): 1,
        ("edge_frames_grabbed_total", ()): 2,
        ("edge_frames_stale_total", ()): 3,
        ("edge_source_reconnects_total", ()): 4,
        ("edge_source_errors_total", ()): 5,
        ("edge_model_swaps_total", ()): 6,
        ("edge_model_refusals_total", ()): 7,
        ("edge_sink_dropped_total", (("sink", "mqtt"),)): 10,
        ("edge_sink_dropped_total", (("sink", "web"),)): 11,
        ("edge_sink_errors_total", (("sink", "capture"),)): 12,
    }
    assert {key: values[key] for key in expected} == expected


def test_the_latency_histogram(scrape, statistics: StreamStatistics) -> None:
    """Buckets are cumulative and in seconds; the last holds everything, as does the count."""
    for latency_ms in (0.5, 1.0, 1.1, 40.0, 9000.0):
        statistics.labelled(latency_ms, 1.0)
    values = scrape()
    buckets = {labels[0][1]: value for (name, labels), value in values.items() if name == "edge_latency_seconds_bucket"}
    assert buckets == {
        **{"0.001": 2, "0.002": 3, "0.005": 3, "0.01": 3, "0.02": 3, "0.05": 4, "0.1": 4, "0.2": 4},
        **{"0.5": 4, "1.0": 4, "2.0": 4, "5.0": 4, "+Inf": 5},
    }
    assert values["edge_latency_seconds_count", ()] == 5
    assert values["edge_latency_seconds_sum", ()] == pytest.approx(9.0426)


def test_the_newest_observation(scrape, sink: PrometheusSink) -> None:
    """Age, time and score are the newest frame's, for the current label only; the model is named."""
    sink.write(observe(0, label="roses"))
    sink.write(observe(3, score=0.75, model=CARD._replace(quantization="int8")))
    values = scrape()
    assert values["edge_frame_age_seconds", ()] == pytest.approx(0.04123456)
    assert values["edge_last_frame_timestamp_seconds", ()] == pytest.approx(TIME_S + 0.1)
    assert {key: value for key, value in values.items() if key[0] == "edge_label_score"} == {
        ("edge_label_score", (("label", "daisy"),)): 0.75
    }
    info = (
        ("architecture", "mobilenet_0.25_128"),
        ("name", "flowers.tflite"),
        ("quantization", "int8"),
        ("runtime", "LiteRT 2"),
        ("sha256", "ab" * 32),
    )
    assert values["edge_model_info", info] == 1


def test_only_this_machine_can_read(sink: PrometheusSink) -> None:
    """It listens on the address given, and on no other."""
    assert sink._server is not None and sink._server._listener.getsockname() == ("127.0.0.1", sink.port)


def test_a_port_that_is_taken(sink: PrometheusSink) -> None:
    """The error is one line, and opening works when the port is free."""
    other = PrometheusSink("127.0.0.1", sink.port, StreamStatistics())
    with pytest.raises(
        UnavailableError, match=f"^port {sink.port} is used by another program; choose another with --prometheus$"
    ):
        other.open()
    sink.close()
    other.open()
    other.close()


def test_readers_that_hang_delay_no_other(sink: PrometheusSink, scrape) -> None:
    """A hundred connections without a request, or with half of one, neither delay other readers nor take threads."""
    before = threads()
    with contextlib.ExitStack() as hanging:
        for number in range(100):
            one = hanging.enter_context(socket.create_connection(("127.0.0.1", sink.port), timeout=20))
            one.sendall(b"GET /metrics HTTP/1.1\r\nHost: x\r\nX: " * (number % 2))
        assert scrape()["edge_inferences_total", ()] == 0
        assert not threads() - before


def test_any_header(sink: PrometheusSink, capfd: pytest.CaptureFixture[str]) -> None:
    """Headers that are not UTF-8 are ignored, and nothing is printed."""
    with socket.create_connection(("127.0.0.1", sink.port), timeout=20) as client:
        client.sendall(b"GET /metrics?%FF HTTP/1.0\r\nAccept: \xff\r\nAccept-Encoding: \xff\r\n\r\n")
        answer = b""
        while part := client.recv(1 << 16):
            answer += part
    assert answer.startswith(b"HTTP/1.1 200 OK") and b"edge_inferences_total 0.0" in answer
    assert capfd.readouterr() == ("", "")


@pytest.mark.parametrize("method", ["CONNECT", "POST", "DELETE", "OPTIONS"])
def test_other_methods(sink: PrometheusSink, method: str, capfd: pytest.CaptureFixture[str]) -> None:
    """They are refused, and nothing is printed; CONNECT would change the protocol."""
    with socket.create_connection(("127.0.0.1", sink.port), timeout=20) as client:
        client.sendall(f"{method} /metrics HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n".encode())
        assert client.recv(12) == b"HTTP/1.1 405"
        while client.recv(1 << 16):
            pass
    assert capfd.readouterr() == ("", "")


def test_nothing_is_left(scrape) -> None:
    """After close no thread of the server is left."""
    before = threads()
    sink = PrometheusSink("127.0.0.1", 0, StreamStatistics())
    sink.open()
    sink.close()
    assert not threads() - before


def test_a_model_without_labels(sink: PrometheusSink, scrape: Callable[[], Values]) -> None:
    """Before the first label the score is that of unknown, 0; afterwards only that of the label."""
    sink.write(observe_without_labels())
    assert scrape()["edge_label_score", (("label", "unknown"),)] == 0
    sink.write(observe())
    values = scrape()
    assert values["edge_label_score", (("label", "daisy"),)] == 0.9
    assert ("edge_label_score", (("label", "unknown"),)) not in values


def test_actions(scrape, statistics: StreamStatistics) -> None:
    """What came of each action has a count."""
    statistics.count_action("webhook", "done", 3)
    statistics.count_action("command", "timed_out")
    values = {key: value for key, value in scrape().items() if key[0] == "edge_actions_total"}
    assert values == {
        ("edge_actions_total", (("action", "command"), ("result", "timed_out"))): 1,
        ("edge_actions_total", (("action", "webhook"), ("result", "done"))): 3,
    }
