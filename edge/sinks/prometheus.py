"""The counts of a stream for Prometheus, on an HTTP server of their own."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterator, Sequence
from itertools import accumulate
from typing import TYPE_CHECKING, Any

from edge.sinks.http_server import HttpServer, listen
from edge.statistics import LATENCY_BUCKETS_MS, StreamStatistics
from edge.types import Observation

if TYPE_CHECKING:
    from prometheus_client.core import Metric

_COUNTERS = {
    "frames_labelled": ("edge_inferences", "Frames that were labelled."),
    "frames_grabbed": ("edge_frames_grabbed", "Frames that came from the source."),
    "frames_stale": ("edge_frames_stale", "Frames dropped because they were older than allowed."),
    "reconnects": ("edge_source_reconnects", "Successful openings of the source after the first."),
    "source_errors": ("edge_source_errors", "Failures of the source."),
    "model_swaps": ("edge_model_swaps", "Replacements of the model while running."),
    "model_refusals": ("edge_model_refusals", "Model files that were refused as a replacement."),
}
_SINK_COUNTERS = {
    "sink_dropped": ("edge_sink_dropped", "Observations that were dropped because a sink was too slow or not there."),
    "sink_errors": ("edge_sink_errors", "Failures of a sink."),
}


class PrometheusSink:
    """Serves the counts of ``statistics`` and the newest observation at ``http://host:port/metrics``."""

    name = "prometheus"

    def __init__(self, host: str, port: int, statistics: StreamStatistics) -> None:
        """Listen on ``host`` and ``port``. Port 0 means any free port; :attr:`port` is then the real one."""
        import prometheus_client  # noqa: F401  # fails at the start if the extra is missing
        import uvicorn  # noqa: F401

        self._host, self.port = host, port
        self._statistics = statistics
        self._newest: Observation | None = None
        self._server: HttpServer | None = None

    def open(self) -> None:
        """Start the server.

        Raises :class:`~edge.errors.UnavailableError` and :class:`~edge.errors.ConfigurationError` if it cannot listen
        on the address.
        """
        from prometheus_client import CollectorRegistry

        registry = CollectorRegistry()
        registry.register(self)
        listener = listen(self._host, self.port, "--prometheus")
        self.port = listener.getsockname()[1]
        self._server = HttpServer(metrics_application(registry), listener, self.name)

    def write(self, observation: Observation) -> None:
        """Keep ``observation`` for the next request."""
        self._newest = observation

    def close(self) -> None:
        """Stop the server."""
        if self._server is not None:
            self._server.close()
            self._server = None

    def collect(self) -> Iterator[Metric]:
        """All metrics now, in Prometheus' units. It is called for each request, on the server's thread."""
        from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, InfoMetricFamily

        now, newest = self._statistics.snapshot(), self._newest
        for field, (name, text) in _COUNTERS.items():
            yield CounterMetricFamily(name, text, getattr(now, field))
        for field, (name, text) in _SINK_COUNTERS.items():
            by_sink = CounterMetricFamily(name, text, labels=["sink"])
            for sink, count in sorted(getattr(now, field).items()):
                by_sink.add_metric([sink], count)
            yield by_sink
        actions = CounterMetricFamily("edge_actions", "What came of actions.", labels=["action", "result"])
        for key, count in sorted(now.actions.items()):
            actions.add_metric(key, count)
        yield actions
        text = "Preprocessing and inference of one frame."
        yield latency_histogram("edge_latency_seconds", text, now.latency_counts, now.latency_sum_ms)
        if newest is None:
            return
        age = newest.frame_age_ms / 1000
        yield GaugeMetricFamily("edge_frame_age_seconds", "Age of the newest frame when it was labelled.", age)
        time_s = newest.time_s
        yield GaugeMetricFamily(
            "edge_last_frame_timestamp_seconds", "When the newest labelled frame was taken.", time_s
        )
        score = GaugeMetricFamily("edge_label_score", "Score of the label that is shown now.", labels=["label"])
        score.add_metric([newest.label], newest.score)
        yield score
        model = newest.model
        information = {
            "name": model.name,
            "sha256": model.sha256,
            "architecture": model.architecture or "",
            "quantization": model.quantization or "",
            "runtime": model.runtime,
        }
        yield InfoMetricFamily("edge_model", "The model in use.", information)


def metrics_application(registry: Any) -> Callable[..., Awaitable[None]]:
    """The page of ``registry``, at every path, for GET and HEAD."""
    from prometheus_client import make_asgi_app

    page = make_asgi_app(registry)

    async def application(scope: dict[str, Any], receive: object, send: Callable[..., Awaitable[None]]) -> None:
        if scope["method"] not in ("GET", "HEAD"):
            await send({"type": "http.response.start", "status": 405, "headers": [(b"allow", b"GET, HEAD")]})
            await send({"type": "http.response.body"})
            return
        # prometheus_client reads headers as UTF-8 and fails if they are not.
        await page({**scope, "headers": [header for header in scope["headers"] if header[1].isascii()]}, receive, send)

    return application


def latency_histogram(name: str, text: str, counts: Sequence[int], sum_ms: float) -> Metric:
    """A histogram in seconds, of ``counts`` in the buckets of :data:`~edge.statistics.LATENCY_BUCKETS_MS`."""
    from prometheus_client.core import HistogramMetricFamily

    bounds = [*(str(bound / 1000) for bound in LATENCY_BUCKETS_MS), "+Inf"]
    return HistogramMetricFamily(name, text, list(zip(bounds, accumulate(counts), strict=True)), sum_ms / 1000)
