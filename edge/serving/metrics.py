"""The counts of a server of labels for Prometheus."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from edge.serving.counts import ServeCounts
from edge.serving.label_pool import LabelPool
from edge.serving.models import ServedModels
from edge.sinks.prometheus import latency_histogram

if TYPE_CHECKING:
    from prometheus_client.core import Metric


class ServeMetrics:
    """A collector of prometheus_client. It is called for each request, on the server's thread."""

    def __init__(self, counts: ServeCounts, pool: LabelPool, models: ServedModels) -> None:
        """Show ``counts``, the queue of ``pool`` and ``models``."""
        self._counts, self._pool, self._models = counts, pool, models

    def collect(self) -> Iterator[Metric]:
        """All metrics now, in Prometheus' units."""
        from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, InfoMetricFamily

        counts = self._counts
        requests = CounterMetricFamily("edge_requests", "Requests that were answered.", labels=["status"])
        for status, number in sorted(counts.requests.items()):
            requests.add_metric([str(status)], number)
        yield requests
        pictures = CounterMetricFamily("edge_pictures", "Pictures that were answered.", labels=["model", "result"])
        for (model, result), number in sorted(counts.pictures.items()):
            pictures.add_metric([model, result], number)
        yield pictures
        latency, answers = counts.latency.now(), counts.answers.now()
        text = "Preprocessing and inference of one picture."
        yield latency_histogram("edge_latency_seconds", text, latency.counts, latency.sum_ms)
        text = "From the head of a request for labels to its answer."
        yield latency_histogram("edge_answer_seconds", text, answers.counts, answers.sum_ms)
        yield GaugeMetricFamily("edge_queue_pictures", "Pictures that wait or are in work.", self._pool.held)
        yield GaugeMetricFamily("edge_queue_limit", "The most pictures that wait or are in work.", self._pool.room)
        text = "Workers that have been in one picture for more than a minute."
        yield GaugeMetricFamily("edge_workers_stuck", text, self._pool.stuck())
        text = "Replacements of a model while running."
        yield CounterMetricFamily("edge_model_swaps", text, counts.changes("model_swaps"))
        text = "Model files that were refused as a replacement."
        yield CounterMetricFamily("edge_model_refusals", text, counts.changes("model_refusals"))
        models = InfoMetricFamily("edge_model", "The models that are served.", labels=["model"])
        for one in self._models.all():
            card = one.card
            models.add_metric(
                [one.name],
                {
                    "sha256": card.sha256,
                    "architecture": card.architecture or "",
                    "quantization": card.quantization or "",
                    "runtime": card.runtime,
                },
            )
        yield models
