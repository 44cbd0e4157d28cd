"""Which of several times is the shortest, on times that no clock measured."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge.bench.ranking import Ranking, compare, rank, ranking_text

TIMES = st.dictionaries(st.sampled_from(["int8", "float32", "float16", "dynamic"]), st.floats(0.01, 1e4), min_size=1)


def test_what_the_noise_hides_is_no_difference() -> None:
    """A time that is nearer to the smallest one than the noise is as fast; the others have their factor."""
    times = {"float32": 3.0, "int8": 1.0, "dynamic": 1.04}
    assert rank(times, 0.05) == Ranking(("int8", "dynamic"), {"float32": 3.0})
    assert rank(times, 0.01) == Ranking(("int8",), {"dynamic": 1.04, "float32": 3.0})
    assert rank(times, 2.5) == Ranking(("int8", "dynamic", "float32"), {})


@given(TIMES, st.floats(0.01, 3.0))
def test_every_name_is_ranked_once(times: dict[str, float], resolution: float) -> None:
    """Each name is fast or slower, never both; a factor is never below what the noise allows."""
    ranking = rank(times, resolution)
    assert sorted([*ranking.fastest, *ranking.slower]) == sorted(times)
    assert times[ranking.fastest[0]] == min(times.values())
    assert all(factor >= (1 + resolution) * (1 - 1e-9) for factor in ranking.slower.values())


@pytest.mark.parametrize(
    ("fastest", "slower", "text"),
    [
        (["int8"], {"float32": (2.84, 2.84)}, "take int8: 2.8 times as fast as float32"),
        (["int8"], {"float32": (1.26, 12.4)}, "take int8: 1.3 to 12 times as fast as float32"),
        (["int8"], {"float32": (1.034, 1.034)}, "take int8: 1.03 times as fast as float32"),
        (["int8", "dynamic"], {}, "int8 and dynamic are about the same within the noise"),
        (
            ["float16", "float32"],
            {"dynamic": (8.0, 8.0), "int8": (12.0, 12.0)},
            "float16 and float32 are about the same within the noise, 8.0 times as fast as dynamic and 12 times as "
            "fast as int8",
        ),
    ],
)
def test_the_words(fastest: list[str], slower: dict[str, tuple[float, float]], text: str) -> None:
    """One name is to be taken; several that may be equal are named together, and no factor tells them apart."""
    assert ranking_text(fastest, slower) == text


def test_the_words_without_advice() -> None:
    """The same factors as a statement."""
    assert ranking_text(["litert"], {"tflite-runtime": (13.2, 13.2)}, advise=False) == (
        "litert is 13 times as fast as tflite-runtime"
    )


def test_rounds_say_how_large_the_noise_is() -> None:
    """The same medians: told apart if the rounds agree, not if they differ more than the medians do."""
    quiet = compare({"int8": [1.0, 1.01, 1.0], "float32": [2.0, 2.0, 2.02]})
    assert quiet.median_ms == {"int8": 1.0, "float32": 2.0}
    assert quiet.ranking == Ranking(("int8",), {"float32": 2.0})
    noisy = compare({"int8": [1.0, 0.6, 1.5], "float32": [2.0, 1.2, 3.0]})
    assert noisy.median_ms == quiet.median_ms
    assert noisy.ranking == Ranking(("int8", "float32"), {})
