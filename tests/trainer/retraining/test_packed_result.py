"""What was fitted comes back from bytes as it was, and other bytes are refused."""

from __future__ import annotations

import io
import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as some

from edge.inference.distance import Distance
from edge.inference.gate import Gate
from trainer.head.calibration import Calibration
from trainer.head.cross_validation import CrossValidation
from trainer.head.fit import HeadFit, Step
from trainer.head.learning_curve import CurvePoint, Gain, LearningCurve
from trainer.head.linear import Head
from trainer.retraining.packed_result import pack, unpack
from trainer.retraining.taught import Taught
from trainer.unknown.column import Column
from trainer.unknown.outside import Extended

HEAD = Head(np.asfortranarray(np.arange(6).reshape(3, 2) / 7), np.array([0.1, -0.0]))
CALIBRATION = Calibration(HEAD, 1 / 3, None, 0.95)
DISTANCE = Distance(np.float32([1, 2]), np.int8([[3, -4]]), 0.1, np.float32([5]), 0.6, 0.7, 0.8, 0.9)
RESULTS = [
    Taught(
        HeadFit(HEAD, 0.003, [Step(0.1, 0.2, 0.3, 0.4), Step(1.0, 1e-300, math.inf, 0.4)]),
        CALIBRATION,
        Gate(np.float32([1, 2]), np.int8([[7, 8]]), 0.1, 0.2, 0.3, 0.4, DISTANCE),
    ),
    Taught(HeadFit(HEAD, 0.003, []), CALIBRATION, None),
    Extended(CALIBRATION._replace(score_threshold=0.5), Column(np.array([1e-17, 2.0]), -3.5, 0.25)),
    CrossValidation(9.5, 10, 11, 3, np.ones((11, 2)) / 3),
    LearningCurve([CurvePoint(0.25, 3.5, 7.25, 8)], Gain(0.1, 0.0, 0.2), np.array([[0.5, math.nan]]), [1, 0]),
    None,
]


def alike(one: object, other: object) -> bool:
    """Whether both have the same types, bits, and orders in memory."""
    if isinstance(one, np.ndarray) and isinstance(other, np.ndarray):
        layouts = [(each.dtype, each.shape, each.flags.c_contiguous, each.flags.f_contiguous) for each in (one, other)]
        return layouts[0] == layouts[1] and one.tobytes() == other.tobytes()
    if isinstance(one, tuple | list):
        return type(one) is type(other) and len(one) == len(other) and all(map(alike, one, other))
    return type(one) is type(other) and repr(one) == repr(other)


@pytest.mark.parametrize("result", RESULTS)
def test_results_come_back(result: object) -> None:
    """Every kind of result has the same types, bits and orders in memory as before."""
    assert alike(unpack(pack(result)), result)


@given(some.floats(), some.floats(width=32), some.integers(), some.text())
def test_numbers_come_back_with_all_bits(number: float, short: float, whole: int, text: str) -> None:
    """Floats, whole numbers and text are what they were."""
    values = [number, whole, text, np.float32([short]), True, None]
    assert alike(unpack(pack(values)), values)


@pytest.mark.parametrize("other", [{"a": 1}, b"bytes", np.float32(1), (1, 2), np.array([None])])
def test_other_types_are_refused(other: object) -> None:
    """What would come back as something else is not packed."""
    with pytest.raises(TypeError, match="cannot pack"):
        pack([other])


def archive(tree: bytes, **arrays: np.ndarray) -> bytes:
    """An archive with the text ``tree``."""
    file = io.BytesIO()
    np.savez(file, tree=np.frombuffer(tree, np.uint8), **arrays)
    return file.getvalue()


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"no archive",
        pack(RESULTS[0])[:500],
        archive(b"{"),
        archive(b'{"array": 0}'),
        archive(b'{"type": "Popen", "values": ["true"]}'),
        archive(b'{"type": "Head", "values": [1]}'),
        archive(b'{"array": 0}', array0=np.array([None])),
    ],
)
def test_other_bytes_are_refused(content: bytes) -> None:
    """Damaged archives, other types than those of results, and pickled objects are no results."""
    with pytest.raises(ValueError, match="no packed result"):
        unpack(content)
