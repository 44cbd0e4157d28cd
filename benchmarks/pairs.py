"""Times of two things that were measured in turn: what the rounds say together, and whether they say it clearly."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from statistics import median, quantiles
from typing import Any, NamedTuple

NOISY_SPREAD = 0.2
"""If the rounds' own ratios differ by 20 % or more of their median, a comparison counts as noisy."""

_ROUNDS_FOR_QUARTILES = 5  # from so many rounds on the middle half counts: one disturbed round then changes little

_DIGITS = 4


class Pairs(NamedTuple):
    """The ratios of one thing's time to the other's, of each round: their median, and how far they lie apart."""

    ratio: float
    smallest: float
    largest: float
    spread: float

    @property
    def noisy(self) -> bool:
        """Whether the rounds differ so much that the ratio may be chance."""
        return self.spread >= NOISY_SPREAD

    def as_json(self) -> dict[str, Any]:
        """The fields of a row: ``round_ratios``, the smallest and the largest, and ``noisy``."""
        return {"round_ratios": [round(self.smallest, _DIGITS), round(self.largest, _DIGITS)], "noisy": self.noisy}


def pairs(ones: Sequence[float], others: Sequence[float]) -> Pairs:
    """Compare the times ``ones`` with ``others``, measured in turn: one of each in every round, at least one round.

    What disturbs a machine for longer than a round disturbs both, so that the ratio of a round is steadier than its
    times. ``spread`` is the largest ratio less the smallest, over the median; of five rounds or more the third quartile
    less the first.
    """
    ratios = sorted(one / other for one, other in zip(ones, others, strict=True))
    middle, low, high = median(ratios), ratios[0], ratios[-1]
    if len(ratios) >= _ROUNDS_FOR_QUARTILES:
        low, _, high = quantiles(ratios, n=4, method="inclusive")
    return Pairs(middle, ratios[0], ratios[-1], (high - low) / middle)


def noise_of(rows: Iterable[dict[str, Any]]) -> dict[str, Any] | None:
    """How many of the comparisons in ``rows`` are noisy; None if no row says.

    From half of them on the machine was ``too_noisy``.
    """
    said = [row["noisy"] for row in rows if "noisy" in row]
    if not said:
        return None
    return {"comparisons": len(said), "noisy": sum(said), "too_noisy": 2 * sum(said) >= len(said)}


def noise_line(noise: dict[str, Any]) -> str | None:
    """What to say of :func:`noise_of`; None if no comparison is noisy."""
    if not noise["noisy"]:
        return None
    text = (
        f"{noise['noisy']} of {noise['comparisons']} comparisons differ by {100 * NOISY_SPREAD:.0f} % or more between "
        "rounds"
    )
    if noise["too_noisy"]:
        return f"the machine was too noisy: {text}; stop other programs and measure again"
    return f"noise: {text}"
