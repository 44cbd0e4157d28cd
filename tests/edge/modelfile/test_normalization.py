"""Mean, standard deviation and input range."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge.errors import UsageError
from edge.modelfile.normalization import GIVEN, Normalization, from_range, given_normalization, parse_numbers

FINITE = st.floats(-1000, 1000)


def test_usual_ranges() -> None:
    """The ranges that people name, as mean and standard deviation of pixels."""
    assert from_range(-1, 1, GIVEN) == (127.5, 127.5, GIVEN)
    assert from_range(0, 1, GIVEN) == (0.0, 255.0, GIVEN)
    assert from_range(0, 255, GIVEN) == (0.0, 1.0, GIVEN)
    assert [from_range(*ends, GIVEN).text for ends in ((-1, 1), (0, 1), (0, 255))] == ["-1..1", "0..1", "0..255"]


@given(FINITE, st.floats(0.01, 1000))
def test_ends_of_a_range(low: float, width: float) -> None:
    """Black becomes the lower end, white the upper one."""
    made = given_normalization(input_range=(low, low + width))
    assert made is not None
    assert -made.mean / made.std == pytest.approx(low, abs=1e-6)
    assert (255 - made.mean) / made.std == pytest.approx(low + width, abs=1e-6)


def test_by_channel() -> None:
    """Three numbers are for red, green and blue; equal ones are one number."""
    made = given_normalization((123.675, 116.28, 103.53), (58.395, 57.12, 57.375))
    assert made == Normalization((123.675, 116.28, 103.53), (58.395, 57.12, 57.375), GIVEN)
    assert made.text == "mean 123.675,116.28,103.53, std 58.395,57.12,57.375"
    assert given_normalization((127.5, 127.5, 127.5), 127.5) == (127.5, 127.5, GIVEN)


def test_nothing_given() -> None:
    """Without arguments nothing is asked for."""
    assert given_normalization() is None


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"mean": 127.5}, "mean and std belong together"),
        ({"std": 127.5}, "mean and std belong together"),
        ({"mean": 0, "std": 1, "input_range": (0, 1)}, "not both"),
        ({"mean": 0, "std": 0}, "must be above 0"),
        ({"mean": 0, "std": -3}, "must be above 0"),
        ({"mean": 0, "std": math.nan}, "give one number, or three"),
        ({"mean": math.inf, "std": 1}, "give one number, or three"),
        ({"mean": (1, 2), "std": 1}, "give one number, or three"),
        ({"mean": (0.485, 0.456, 0.406), "std": (0.229, 0.224, 0.225)}, "this may be std 58.395,57.12,57.375"),
        ({"input_range": (1, 1)}, "the lower one first"),
        ({"input_range": (1, 0)}, "the lower one first"),
        ({"input_range": (math.nan, 1)}, "the lower one first"),
        ({"input_range": (0, math.inf)}, "the lower one first"),
        ({"input_range": (0, 1e30)}, "the lower one first"),
    ],
)
def test_what_makes_no_sense(arguments: dict[str, object], message: str) -> None:
    """Each is refused with what to give instead."""
    with pytest.raises(UsageError, match=message):
        given_normalization(**arguments)  # type: ignore[arg-type]


def test_numbers_in_text() -> None:
    """Numbers are separated by commas."""
    assert parse_numbers("-1, 1") == (-1.0, 1.0)
    with pytest.raises(ValueError):
        parse_numbers("0,")
