"""How the pixels of a picture, 0 to 255, become the values that a model was trained on: ``(pixel - mean) / std``."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import NamedTuple, TypeAlias

from edge.errors import UsageError

IN_FILE = "in the file"
GIVEN = "given"
GUESSED = "guessed"

PerChannel: TypeAlias = "float | tuple[float, ...]"
"""One number for all channels, or one for each: red, green, blue."""

_WHITE = 255
_MOST = 1e6  # no model is trained on larger values


class Normalization(NamedTuple):
    """``mean`` and ``std`` in pixels from 0 to 255: one number for all channels, or one for each.

    ``origin`` is :data:`IN_FILE` if the model file says so, :data:`GIVEN` if the caller did, :data:`GUESSED` else.
    """

    mean: PerChannel
    std: PerChannel
    origin: str

    @property
    def text(self) -> str:
        """The values of black and white pixels, or mean and std if the channels differ: ``-1..1``."""
        if isinstance(self.mean, tuple) or isinstance(self.std, tuple):
            return f"mean {_numbers(self.mean)}, std {_numbers(self.std)}"
        return f"{_short(-self.mean / self.std)}..{_short((_WHITE - self.mean) / self.std)}"


def from_range(low: float, high: float, origin: str) -> Normalization:
    """The normalisation by which black becomes ``low`` and white ``high``."""
    std = _WHITE / (high - low)
    return Normalization(0.0 - low * std, std, origin)


DEFAULT = from_range(-1, 1, GUESSED)
"""What is assumed if nothing is known: -1 to 1, as MobileNet was trained."""


def given_normalization(
    mean: PerChannel | None = None, std: PerChannel | None = None, input_range: tuple[float, float] | None = None
) -> Normalization | None:
    """The normalisation that a caller asks for, None if for none: ``mean`` and ``std``, or ``input_range``.

    ``mean`` and ``std`` are in pixels from 0 to 255, ``input_range`` has the values of black and white pixels.

    Raises :class:`~edge.errors.UsageError` if they contradict each other, or one of them makes no sense.
    """
    if input_range is not None:
        if mean is not None or std is not None:
            raise UsageError("give mean and std, or an input range, not both")
        low, high = map(float, input_range)
        if not (math.isfinite(low) and math.isfinite(high) and -_MOST <= low < high <= _MOST):
            raise UsageError(f"input range {low:g},{high:g}: give two numbers, the lower one first, such as -1,1")
        return from_range(low, high, GIVEN)
    if mean is None and std is None:
        return None
    if mean is None or std is None:
        raise UsageError("mean and std belong together; give both, or an input range such as 0,1")
    means, stds = _channels("mean", mean), _channels("std", std)
    if min(stds) <= 0:
        raise UsageError(f"std {_numbers(std)}: must be above 0")
    if max(stds) < 1:
        in_pixels = _numbers(tuple(_WHITE * value for value in stds))
        raise UsageError(f"std {_numbers(std)}: give mean and std in pixels from 0 to 255; this may be std {in_pixels}")
    return Normalization(collapsed(means), collapsed(stds), GIVEN)


def collapsed(channels: tuple[float, ...]) -> PerChannel:
    """``channels`` as one number if all are the same."""
    return channels[0] if len(set(channels)) == 1 else channels


def parse_numbers(text: str) -> tuple[float, ...]:
    """The numbers in ``text``, separated by commas: ``123.7,116.3,103.5``.

    Raises :class:`ValueError` if one of them is not a number.
    """
    return tuple(float(part) for part in text.split(","))


def _channels(name: str, value: PerChannel) -> tuple[float, ...]:
    values = tuple(map(float, value)) if isinstance(value, Sequence) else (float(value),)
    if len(values) not in (1, 3) or not all(math.isfinite(number) and abs(number) <= _MOST for number in values):
        raise UsageError(f"{name} {_numbers(values)}: give one number, or three: red, green, blue")
    return values


def _numbers(value: PerChannel) -> str:
    return ",".join(f"{number:.6g}" for number in (value if isinstance(value, tuple) else (value,)))


def _short(value: float) -> str:
    return f"{round(value, 3) + 0.0:g}"
