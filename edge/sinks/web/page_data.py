"""The data for the page and for scripts, as plain values for JSON."""

from __future__ import annotations

import time
from collections.abc import Iterable
from typing import Any

from edge.sinks.web.feed import HISTORY_S, Feed
from edge.statistics import StreamStatistics
from edge.types import Category, ModelCard, Observation

_COUNTS = (
    "frames_grabbed",
    "frames_labelled",
    "frames_stale",
    "reconnects",
    "source_errors",
    "model_swaps",
    "model_refusals",
    "sink_dropped",
    "sink_errors",
)


def describe_now(feed: Feed, statistics: StreamStatistics) -> dict[str, Any]:
    """The state of the stream, its counts and the newest observation (None before the first).

    ``silent_s`` is the time since the newest frame was grabbed (before the first frame: since the start), in seconds. A
    reader with another clock can use it.
    """
    counts = statistics.snapshot()
    now = {
        "state": feed.state(),
        "silent_s": round(feed.silent_s(), 3),
        "frames_per_second": _rounded(feed.frames_per_second(), 2),
        "observation": None if feed.newest is None else describe_observation(feed.newest),
        "running_s": round(time.monotonic() - counts.started_s, 1),
    }
    return {**now, "counts": {name: getattr(counts, name) for name in _COUNTS}}


def describe_observation(observation: Observation) -> dict[str, Any]:
    """One observation without pixels; ``region`` is in pixels of a frame of ``frame_size`` (width, height)."""
    height, width = observation.frame.pixels.shape[:2]
    return {
        "sequence": observation.frame.sequence,
        "time_s": round(observation.time_s, 3),
        "label": observation.label,
        "score": round(observation.score, 6),
        "categories": _categories(observation.categories),
        "raw": _categories(observation.raw),
        "frame_age_ms": round(observation.frame_age_ms, 1),
        "latency_ms": round(observation.latency_ms, 3),
        "frame_size": [width, height],
        "region": observation.region,
        "model_sha256": observation.model.sha256,
    }


def describe_model(model: ModelCard) -> dict[str, Any]:
    """The model card; its labels are in the order of the model's outputs."""
    return model._asdict()


def describe_history(feed: Feed) -> dict[str, Any]:
    """The last minutes as ``[seconds ago, label, score]``, oldest first, up to the frame ``sequence``."""
    newest, now_s = feed.newest, time.monotonic()
    moments = [[round(now_s - m.timestamp_s, 2), m.label, round(m.score, 4)] for m in feed.history()]
    return {"length_s": HISTORY_S, "sequence": newest and newest.frame.sequence, "moments": moments}


def _categories(categories: Iterable[Category]) -> list[dict[str, Any]]:
    return [{"label": category.label, "score": round(category.score, 6)} for category in categories]


def _rounded(number: float | None, digits: int) -> float | None:
    return None if number is None else round(number, digits)
