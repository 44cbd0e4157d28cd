"""The name of a photo from the time at which it was taken."""

from __future__ import annotations

from edge.sinks.observation_json import utc


def time_name(time_s: float) -> str:
    """The time ``time_s``, in seconds since 1970, to a millisecond, as in ``20261126T211530.123Z``."""
    when = utc(time_s)
    return f"{when:%Y%m%dT%H%M%S}.{when.microsecond // 1000:03d}Z"
