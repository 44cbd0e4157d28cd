"""What is said of minutes under load."""

from __future__ import annotations

from typing import Any

import pytest

from edge.bench.soak_summary import soak_lines, summarize, three_digits


def windows(times_ms: list[float], power_w: float | None = None, **changes: Any) -> list[dict[str, Any]]:
    """Windows of 10 s with these p50, a thousand inferences each."""
    return [
        {
            "seconds": 10.0 * (index + 1),
            "runs": 1000,
            "p50_ms": time,
            "p90_ms": time,
            "temperature_c": None,
            "power_w": power_w,
            **changes,
        }
        for index, time in enumerate(times_ms)
    ]


def _soak(made: list[dict[str, Any]], idle_w: float | None = None) -> dict[str, Any]:
    facts = {"model": "m.tflite", "runtime": "litert", "threads": 4, "windows": made, "error": None}
    return {**facts, **summarize(made, idle_w)}


def test_a_board_that_becomes_slower() -> None:
    """The first minute against the last fifth, and since when no window was fast again."""
    made = windows([10.0] * 20 + [12.0] + [10.0] * 5 + [13.0] * 34)
    found = summarize(made, None)
    assert (found["begin_ms"], found["end_ms"], found["slowdown"]) == (10.0, 13.0, 0.3)
    assert found["slow_from_s"] == 270.0
    assert soak_lines(_soak(made)) == [
        "under load for 10 min (m.tflite, litert, 4 threads): 10 ms at the beginning, 13 ms at the end: 30 % slower, "
        "for good after 4.5 min: the board becomes too hot, or other programs began"
    ]


def test_a_board_that_keeps_its_speed() -> None:
    """Less than 3 % is no change, in both directions."""
    for last in (9.8, 10.2):
        made = windows([10.0] * 40 + [last] * 20, temperature_c=55.4)
        assert summarize(made, None)["slow_from_s"] is None
        speed, temperature = soak_lines(_soak(made))
        assert speed.endswith(": the speed stays")
        assert temperature == "temperature: 55 to 55 degrees Celsius"


def test_a_slow_board_that_becomes_faster() -> None:
    """Seconds are written without an exponent; a gain is no speed that stays."""
    (line,) = soak_lines(_soak(windows([2589.0] * 40 + [1294.5] * 20)))
    assert line.endswith(
        "2589 ms at the beginning, 1294 ms at the end: 50 % faster: the beginning was disturbed, such as by other "
        "programs"
    )
    assert (three_digits(4.7449), three_digits(0.031234)) == ("4.74", "0.0312")


def test_one_window() -> None:
    """The shortest soak is its own beginning and end."""
    assert summarize(windows([5.0]), None)["slowdown"] == 0.0


def test_energy() -> None:
    """5 W for 10 ms are 50 mJ; above an idle board of 2 W they are 30."""
    made = windows([10.0] * 6, power_w=5.0)
    made[2]["power_w"] = None  # a window in which the board did not answer
    assert summarize(made, 2.0)["energy"] == {
        "power_w": 5.0,
        "idle_w": 2.0,
        "joules_per_inference": pytest.approx(0.05),
        "joules_above_idle": pytest.approx(0.03),
    }
    assert soak_lines(_soak(made, 2.0))[-1] == ("energy: 5.00 W, 50 mJ an inference, 30 mJ of it above idle (2.00 W)")
    assert summarize(made, None)["energy"]["joules_above_idle"] is None
    assert summarize(windows([10.0]), 2.0)["energy"] is None


def test_a_soak_that_failed() -> None:
    """One line with the reason."""
    failed = {"model": "m.tflite", "error": "the process ended with code -9"}
    assert soak_lines(failed) == ["under load (m.tflite): not measured: the process ended with code -9"]
