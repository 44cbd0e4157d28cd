"""What minutes of load show: whether the board becomes slower, and what an inference costs in energy."""

from __future__ import annotations

from collections.abc import Sequence
from math import fsum
from statistics import fmean, median
from typing import Any

SMALLEST_SLOWDOWN = 0.03
"""A board that is slower by less than 3 % at the end has kept its speed."""

_BEGIN_S = 60.0
_END_SHARE = 0.2
_DIGITS = 4

Windows = Sequence[dict[str, Any]]


def summarize(windows: Windows, idle_w: float | None) -> dict[str, Any]:
    """The figures of a soak with at least one of its ``windows``, as plain JSON values.

    ``begin_ms`` is the median of the p50 of the first minute, or of the first fifth of a shorter soak; ``end_ms`` that
    of the last fifth; ``slowdown`` is by which share ``end_ms`` is larger, negative if it is smaller. ``slow_from_s``
    is when the first window ends from which on all are slower than ``begin_ms`` by 3 % or more; None if the last one
    is not. ``energy`` is None if the board does not say its power: see :func:`energy`.
    """
    length = windows[-1]["seconds"]
    begin_s = min(_BEGIN_S, _END_SHARE * length)
    first = [window["p50_ms"] for window in windows if window["seconds"] <= begin_s] or [windows[0]["p50_ms"]]
    last = [window["p50_ms"] for window in windows if window["seconds"] > (1 - _END_SHARE) * length]
    begin_ms, end_ms = median(first), median(last)
    return {
        "begin_ms": round(begin_ms, _DIGITS),
        "end_ms": round(end_ms, _DIGITS),
        "slowdown": round(end_ms / begin_ms - 1, _DIGITS),
        "slow_from_s": _slow_from_s(windows, (1 + SMALLEST_SLOWDOWN) * begin_ms),
        "energy": energy(windows, idle_w),
    }


def _slow_from_s(windows: Windows, limit_ms: float) -> float | None:
    since = None
    for window in reversed(windows):
        if window["p50_ms"] < limit_ms:
            break
        since = window["seconds"]
    return since


def energy(windows: Windows, idle_w: float | None) -> dict[str, float | None] | None:
    """``power_w`` under load, ``idle_w`` before it, and joules an inference: all of them, and those above idle.

    Only windows in which the board said its power count; None if there are none.
    """
    known: list[tuple[float, float, int]] = []  # seconds, watts, inferences
    before = 0.0
    for window in windows:
        if window["power_w"] is not None:
            known.append((window["seconds"] - before, window["power_w"], window["runs"]))
        before = window["seconds"]
    if not known:
        return None
    # The exact sum: that of ``sum`` differs between releases of Python.
    seconds, runs = fsum(row[0] for row in known), sum(row[2] for row in known)
    joules = fsum(row[0] * row[1] for row in known)
    above = None if idle_w is None else (joules - idle_w * seconds) / runs
    return {
        "power_w": round(joules / seconds, _DIGITS),
        "idle_w": None if idle_w is None else round(idle_w, _DIGITS),
        "joules_per_inference": round(joules / runs, 6),
        "joules_above_idle": None if above is None else round(above, 6),
    }


def soak_lines(soak: dict[str, Any]) -> list[str]:
    """The soak of a results file, as sentences."""
    if soak["error"] is not None:
        return [f"under load ({soak['model']}): not measured: {soak['error']}"]
    minutes, slowdown = soak["windows"][-1]["seconds"] / 60, soak["slowdown"]
    what = f"{soak['model']}, {soak['runtime']}, {soak['threads']} thread{'s' * (soak['threads'] > 1)}"
    begin, end = three_digits(soak["begin_ms"]), three_digits(soak["end_ms"])
    change = f"{begin} ms at the beginning, {end} ms at the end"
    if slowdown >= SMALLEST_SLOWDOWN:
        since = soak["slow_from_s"]
        when = "" if since is None else f", for good after {since / 60:.1f} min"
        kept = f"{100 * slowdown:.0f} % slower{when}: the board becomes too hot, or other programs began"
    elif slowdown <= -SMALLEST_SLOWDOWN:
        kept = f"{-100 * slowdown:.0f} % faster: the beginning was disturbed, such as by other programs"
    else:
        kept = "the speed stays"
    lines = [f"under load for {minutes:.4g} min ({what}): {change}: {kept}"]
    hottest = [window["temperature_c"] for window in soak["windows"] if window["temperature_c"] is not None]
    if hottest:
        lines.append(f"temperature: {hottest[0]:.0f} to {max(hottest):.0f} degrees Celsius")
    found = soak["energy"]
    if found is not None:
        above = found["joules_above_idle"]
        more = "" if above is None else f", {three_digits(1000 * above)} mJ of it above idle ({found['idle_w']:.2f} W)"
        each_mj = three_digits(1000 * found["joules_per_inference"])
        lines.append(f"energy: {found['power_w']:.2f} W, {each_mj} mJ an inference{more}")
    return lines


def three_digits(value: float) -> str:
    """``value`` with three digits that count, and never with an exponent: 4.74, 0.0312, 2589."""
    return f"{value:.0f}" if abs(value) >= 1000 else f"{value:.3g}"


def mean_power_w(samples: Sequence[float | None]) -> float | None:
    """The mean of the ``samples`` in which the board said its power, None if there are none."""
    known = [power for power in samples if power is not None]
    return round(fmean(known), _DIGITS) if known else None
