"""An observation as a JSON object."""

from __future__ import annotations

import datetime

from edge.types import Observation


def observation_json(observation: Observation) -> dict[str, object]:
    """``observation`` for programs: names and units as in :class:`~edge.types.Observation`, without pixels.

    ``timestamp`` is the UTC time of the frame in ISO 8601, to the millisecond.
    """
    return {
        "timestamp": timestamp(observation.time_s),
        "sequence": observation.frame.sequence,
        "label": observation.label,
        "score": round(observation.score, 6),
        "categories": [{"label": c.label, "score": round(c.score, 6)} for c in observation.categories],
        "frame_age_ms": round(observation.frame_age_ms, 3),
        "latency_ms": round(observation.latency_ms, 3),
        "changed": observation.changed,
    }


def timestamp(time_s: float) -> str:
    """``time_s``, in seconds as of :func:`time.time`, in ISO 8601, UTC, to the millisecond."""
    return utc(time_s).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def utc(time_s: float) -> datetime.datetime:
    """``time_s``, in seconds as of :func:`time.time`, as a date and time with its time zone, UTC."""
    return datetime.datetime.fromtimestamp(time_s, datetime.timezone.utc)
