"""A board's card on the page: what stands out, what machine it was, and whether the figures can be trusted."""

from __future__ import annotations

import html
from collections.abc import Sequence
from statistics import median
from typing import Any

from benchmarks.board_report.load_curve import load_windows
from benchmarks.board_report.measurements import Board, Measurement, PlottedPoint, headline_setting, plotted_points
from edge.bench.soak_summary import SMALLEST_SLOWDOWN, summarize


def board_card(board: Board, measurements: Sequence[Measurement]) -> str:
    """The card as HTML, everything from the bench file escaped."""
    warnings = "".join(f'<p class="warning">{html.escape(text)}</p>' for text in trust(board))
    points = "".join(f"<li>{html.escape(text)}</li>" for text in highlights(measurements))
    facts = "".join(f"<dt>{html.escape(k)}</dt><dd>{html.escape(v)}</dd>" for k, v in machine_facts(board))
    name = html.escape(board.name)
    return (
        f'<article class="card"><div><h3>{name}</h3><ul class="points">{points}</ul>{warnings}</div>'
        f'<dl class="facts">{facts}</dl></article>'
    )


def highlights(measurements: Sequence[Measurement]) -> list[str]:
    """Sentences about a board: its fastest model, its most accurate one, and what int8 brings."""
    setting = headline_setting(measurements)
    points = plotted_points(measurements, setting)
    if not points or setting is None:
        return ["No model of the grid was measured here."]
    fastest = min(points, key=lambda point: point.latency_ms)
    said = [f"Fastest: {_name(fastest)}, {fastest.latency_ms:.3g} ms ({1000 / fastest.latency_ms:,.0f} a second)."]
    known = [point for point in points if point.accuracy is not None]
    if known:
        best = max(known, key=lambda point: (point.accuracy or 0, -point.latency_ms))
        said.append(f"Most accurate: {_name(best)}, {100 * (best.accuracy or 0):.1f} % in {best.latency_ms:.3g} ms.")
    ratios = _int8_ratios(points)
    if ratios:
        typical = median(ratios)
        verb = f"{typical:.2g} times as fast as" if typical >= 1 else f"{1 / typical:.2g} times as slow as"
        said.append(f"int8 is {verb} float32 (median of {len(ratios)} architectures).")
    runtime, threads = setting
    return [*said, f"All with {runtime} on {threads} thread{'s' if threads > 1 else ''}."]


def trust(board: Board) -> list[str]:
    """The reasons for care with this board's figures; empty if there is none."""
    noise, after = board.results["noise"], board.results["state_after"]
    reasons = []
    if noise.get("too_noisy"):
        reasons.append(
            f"The machine was too noisy: a difference below {_percent(noise.get('resolution'))} means nothing."
        )
    throttled = str(after.get("throttled") or "0x0")
    if throttled.strip("0x"):
        reasons.append(
            f"The board throttled itself while measuring or before ({throttled}): cool it, check its supply."
        )
    slowdown = _load(board).get("slowdown", 0.0)
    if slowdown >= SMALLEST_SLOWDOWN:
        reasons.append(f"Under load the board became {_percent(slowdown)} slower.")
    return reasons


def _load(board: Board) -> dict[str, Any]:
    """What the minutes under load showed; empty if there were none. Computed from the curve that is drawn."""
    windows = load_windows(board)
    if not windows:
        return {}
    idle_w = (board.results["soak"].get("energy") or {}).get("idle_w")
    return summarize([{**window, "power_w": window.get("power_w")} for window in windows], idle_w)


def machine_facts(board: Board) -> list[tuple[str, str]]:
    """What the machine was, as (name, text); without what is not known."""
    facts, before, after = board.results["board"], board.results["state_before"], board.results["state_after"]
    versions, noise = facts.get("versions"), board.results["noise"]
    memory = facts.get("memory_bytes")
    load = _load(board)
    power = load.get("energy")
    lines: list[tuple[str, Any]] = [
        ("Processor", facts.get("machine")),
        ("Memory", memory and f"{memory / 2**30:.1f} GiB"),
        ("System", facts.get("system")),
        ("Governor", facts.get("governor")),
        ("Clock", _from_to(before, after, "frequency_mhz", "MHz")),
        ("Temperature", _from_to(before, after, "temperature_c", "°C")),
        ("Versions", ", ".join(f"{k} {v}" for k, v in versions.items()) if isinstance(versions, dict) else None),
        ("Python", facts.get("python")),
        ("Under load", load and f"{load['begin_ms']:.3g} ms, at the end {load['end_ms']:.3g} ms"),
        ("Energy", power and f"{power['power_w']:.2f} W, {1000 * power['joules_per_inference']:.3g} mJ an inference"),
        ("Noise", f"a difference below {_percent(noise.get('resolution'))} means nothing"),
        ("Measured", board.results.get("date")),
        ("Command", board.results.get("command")),
    ]
    return [(name, str(value)) for name, value in lines if value]


def _percent(share: float | None) -> str:
    return f"{100 * (share or 0):.1f} %"


def _from_to(before: dict[str, Any], after: dict[str, Any], name: str, unit: str) -> str | None:
    values = [state.get(name) for state in (before, after)]
    known = [f"{value:g}" for value in values if isinstance(value, (int, float))]
    return f"{' to '.join(known)} {unit}" if known else None


def _name(point: PlottedPoint) -> str:
    return f"{point.architecture.name} {point.quantization}"


def _int8_ratios(points: Sequence[PlottedPoint]) -> list[float]:
    times = {(point.architecture, point.quantization): point.latency_ms for point in points}
    return [
        times[architecture, "float32"] / latency
        for (architecture, quantization), latency in times.items()
        if quantization == "int8" and (architecture, "float32") in times
    ]
