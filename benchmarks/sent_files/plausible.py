"""Whether figures can be those of a board: what a clock, a processor and the other figures of the file allow."""

from __future__ import annotations

import datetime
from typing import Any

from edge.bench.fastest import fastest_quantizations
from edge.bench.results import noise
from edge.bench.soak import rest_before
from edge.bench.soak_summary import summarize
from edge.bench.timing import MAX_RUNS, MIN_RUNS
from edge.errors import DataError
from trainer.backbones.architectures import Architecture, published

MOST_MACS_A_SECOND = 4e12
"""Multiplications of one thread in a second: a core of 5 GHz with the widest 8-bit units of 2026 does about 2.6e12."""

FEWEST_MACS_A_SECOND = 1e6
"""A Raspberry Pi Zero does about 1e8."""

_EARLIEST = datetime.date(2026, 11, 1)  # the standard set is younger
_LARGER = 4.0  # a network with this many times the multiplications must not be faster
_ROUNDING_MS = 2e-4
_SHARE = 0.3  # of the seconds asked for: the rest may go to what stands beside the timed invocations


def check_plausible(results: dict[str, Any]) -> None:
    """Raise :class:`~edge.errors.DataError` with the first figure that cannot be right."""
    _check_date(results["date"])
    for row in results["rows"]:
        if row["error"] is None:
            _check_row(row, results["settings"])
    _check_order(results["rows"])
    _check_soak(results)
    _check_derived(results)


def _check_date(text: str) -> None:
    try:
        date = datetime.date.fromisoformat(text)
    except ValueError:
        raise DataError(f"the date {text!r} is not one such as 2026-12-24") from None
    if not _EARLIEST <= date <= datetime.date.today() + datetime.timedelta(days=1):
        raise DataError(f"the date {text} cannot be: set the clock of the board and measure again")


def _check_row(row: dict[str, Any], settings: dict[str, Any]) -> None:
    name = f"{row['model']} ({row['runtime']}, threads {row['threads']})"
    if not row["p50_ms"] <= row["p90_ms"] <= row["p99_ms"]:
        raise DataError(f"{name}: p50, p90 and p99 do not grow")
    rounds = row["round_p50_ms"]
    if row["rounds"] != settings["rounds"] or len(rounds) != row["rounds"]:
        raise DataError(f"{name}: it has not the {settings['rounds']} rounds of the settings")
    if not min(rounds) - _ROUNDING_MS <= row["p50_ms"] <= max(rounds) + _ROUNDING_MS:
        raise DataError(f"{name}: its p50 lies outside the p50 of its rounds")
    asked_s, timed_s = row["rounds"] * settings["seconds"], row["mean_ms"] * row["runs"] / 1000
    all_runs = row["runs"] >= row["rounds"] * MAX_RUNS
    if not row["rounds"] * MIN_RUNS <= row["runs"] <= row["rounds"] * MAX_RUNS or (
        timed_s < _SHARE * asked_s and not all_runs
    ):
        raise DataError(f"{name}: {row['runs']} runs of {row['mean_ms']} ms do not fill {asked_s:g} s")
    longest_s = 1.5 * asked_s + 2 * row["rounds"] * MIN_RUNS * row["p99_ms"] / 1000
    if timed_s > longest_s:
        raise DataError(f"{name}: {row['runs']} runs of {row['mean_ms']} ms take longer than the time that was given")
    rate = 1e6 * _million_macs(row) / (row["p50_ms"] / 1000) / row["threads"]
    if not FEWEST_MACS_A_SECOND <= rate <= MOST_MACS_A_SECOND:
        raise DataError(f"{name}: {row['p50_ms']} ms cannot be: {rate:.1e} multiplications a second in each thread")


def _million_macs(row: dict[str, Any]) -> float:
    return published()[Architecture.parse(row["architecture"])].million_macs


def _check_order(rows: list[dict[str, Any]]) -> None:
    """One thread: a network with four times the multiplications takes longer."""
    measured = [(row, _million_macs(row)) for row in rows if row["error"] is None and row["threads"] == 1]
    for large, many in measured:
        for small, few in measured:
            same = (large["runtime"], large["quantization"]) == (small["runtime"], small["quantization"])
            if same and many >= _LARGER * few and large["p50_ms"] <= small["p50_ms"]:
                raise DataError(f"{large['model']} cannot be faster than {small['model']} ({large['runtime']})")


def _check_soak(results: dict[str, Any]) -> None:
    soak, asked_s = results["soak"], results["standard"]["soak_s"]
    if soak["rest_s"] != rest_before(asked_s):
        raise DataError(f"the board rested {soak['rest_s']:g} s before the load, and not {rest_before(asked_s):g} s")
    before = 0.0
    for index, window in enumerate(soak["windows"]):
        length = window["seconds"] - before
        least_s = window["runs"] * window["p50_ms"] / 2 / 1000  # half of the inferences took at least the median
        if length <= 0 or window["p90_ms"] < window["p50_ms"] or least_s > 1.05 * length + 0.01:
            raise DataError(f"soak.windows[{index}]: its times do not fit its length of {length:.3g} s")
        before = window["seconds"]
    if not 0.95 * asked_s <= before <= 1.5 * asked_s + 60:
        raise DataError(f"the load lasted {before:g} s and not {asked_s:g} s")
    key = (soak["model"], soak["runtime"], soak["threads"])
    alike = [row for row in results["rows"] if (row["model"], row["runtime"], row["threads"]) == key]
    if not alike:
        raise DataError("what ran under load has no row")
    if alike[0]["error"] is None and not 1 / 4 <= soak["begin_ms"] / alike[0]["p50_ms"] <= 4:
        raise DataError("the times under load are not those of the same file in the rows")


def _check_derived(results: dict[str, Any]) -> None:
    """What follows from other figures of the file must be what follows from them."""
    rows, soak = results["rows"], results["soak"]
    if results["noise"] != noise(rows):
        raise DataError("the noise is not that of the rows")
    if results["fastest"] != fastest_quantizations(rows, results["noise"]["resolution"]):
        raise DataError("the fastest quantizations are not those of the rows")
    idle_w = soak["energy"]["idle_w"] if soak["energy"] else None
    for name, value in summarize(soak["windows"], idle_w).items():
        if soak[name] != value:
            raise DataError(f"soak.{name} does not follow from the windows")
