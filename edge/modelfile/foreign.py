"""What a model of another project leaves open: how its pixels are scaled, and whether its outputs are probabilities."""

from __future__ import annotations

from collections.abc import Sequence
from enum import Enum
from typing import NamedTuple

import numpy as np

from edge.errors import ModelError
from edge.modelfile.graph import Ending, Graph
from edge.modelfile.image_shape import ImageShape
from edge.modelfile.normalization import DEFAULT, GUESSED, Normalization, from_range
from edge.modelfile.structure import TensorSpec

_KNOWN_RANGES = ((0.0, 1.0), (-1.0, 1.0), (0.0, 255.0), (-128.0, 127.0))
_MOST_BLANK = 3  # numbers of labels that are named
_STEPS = 1.6  # of the 8 bits, by which the ends of a range may be off: 127.5 and 128 mean the same


class Function(Enum):
    """What is computed from the outputs so that they become probabilities; the value says it in words."""

    NONE = "probabilities already"
    SOFTMAX = "softmax of the outputs, because the graph has none at its end"
    SIGMOID = "sigmoid of the output, because the graph has none at its end"
    EXPONENTIAL = "exponential of the outputs, because the graph ends in log-softmax"
    INDEPENDENT = "one sigmoid for each label: the scores do not add up to 1"
    UNKNOWN = "taken as they are: the end of the graph is not known"


class ScoreTransform(NamedTuple):
    """How outputs become scores. With ``pair``, the one score p serves two labels: 1 - p and p."""

    function: Function
    pair: bool = False

    @property
    def text(self) -> str:
        """What is done, in words."""
        return self.function.value + (
            "; this value p gives 1 - p to the first label, p to the second" if self.pair else ""
        )

    @property
    def is_worth_a_message(self) -> bool:
        """Whether the scores are not simply the outputs."""
        return self.pair or self.function is not Function.NONE


def find_transform(graph: Graph, outputs: int, labels: int) -> ScoreTransform:
    """How the ``outputs`` of the model with ``graph`` become the scores of ``labels``, decided from its operators.

    Raises :class:`~edge.errors.ModelError` if the flatbuffer is damaged.
    """
    pair = outputs == 1 and labels == 2
    ending = graph.ending()
    if ending is Ending.LOGITS:
        return ScoreTransform(Function.SIGMOID if outputs == 1 else Function.SOFTMAX, pair)
    if ending is Ending.SIGMOID and outputs > 1:
        return ScoreTransform(Function.INDEPENDENT)
    functions = {Ending.LOG_SOFTMAX: Function.EXPONENTIAL, Ending.UNKNOWN: Function.UNKNOWN}
    return ScoreTransform(functions.get(ending, Function.NONE), pair)


def guess_normalization(graph: Graph, image: TensorSpec, by_ultralytics: bool) -> Normalization:
    """The most likely normalisation for the input ``image``: by the first operators of ``graph``, else by its maker.

    An 8-bit input has none to guess: its steps stand for the steps of the pixels.
    """
    if image.dtype != np.float32:
        return DEFAULT
    expected = graph.expected_range()
    if expected:
        return from_range(*expected, GUESSED)
    return from_range(0, 1, GUESSED) if by_ultralytics else DEFAULT


def check_channels(normalization: Normalization, image: ImageShape) -> None:
    """Raise :class:`~edge.errors.ModelError` if there are not as many values as the input has channels."""
    for value in (normalization.mean, normalization.std):
        if isinstance(value, tuple) and len(value) != image.channels:
            raise ModelError(
                f"{len(value)} values of mean or std for an input of {image.channels} channels; give one number"
            )


def _open_range(tensor: TensorSpec) -> tuple[float, float] | None:
    """The real values of an 8-bit input's ends, if they are none of the usual ranges; None if they are."""
    limits = np.iinfo(tensor.dtype or np.uint8)  # type: ignore[type-var]
    low = tensor.scale * (int(limits.min) - tensor.zero_point)
    high = tensor.scale * (int(limits.max) - tensor.zero_point)
    for ends in _KNOWN_RANGES:
        if max(abs(low - ends[0]), abs(high - ends[1])) <= _STEPS * tensor.scale:
            return None
    return low, high


def blank_label(labels: Sequence[str]) -> str | None:
    """A line if a class has no name: a label file has an empty line between others; None if each has one."""
    blank = [str(number) for number, label in enumerate(labels, 1) if not label]
    if not blank:
        return None
    return f"label {', '.join(blank[:_MOST_BLANK])}{' ...' if len(blank) > _MOST_BLANK else ''} is blank"


def messages(image: TensorSpec, normalization: Normalization, transform: ScoreTransform | None) -> list[str]:
    """A line for each thing that is guessed of a model with the input ``image``, or done with its outputs."""
    lines = []
    if image.dtype == np.float32 and normalization.origin == GUESSED:
        other = "-1,1" if normalization.text == "0..1" else "0,1"
        lines.append(
            f"no normalisation in the file: pixels are scaled to {normalization.text}; "
            f"--input-range {other} if its labels look wrong"
        )
    ends = _open_range(image) if image.dtype != np.float32 and normalization.origin == GUESSED else None
    if ends:
        lines.append(
            f"the steps of the 8-bit input stand for {ends[0]:.3g}..{ends[1]:.3g}, which is not a usual range: the "
            "pixels are used as the steps; --input-range LOW,HIGH if its labels look wrong"
        )
    if transform and transform.is_worth_a_message:
        lines.append(f"scores: {transform.text}")
    return lines
