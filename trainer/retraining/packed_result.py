"""What was fitted, as bytes and back: named tuples of arrays, numbers, text and lists of these, without pickle.

Floats come back with all their bits, arrays with their type and their order in memory: with another order a sum may
have other last digits.
"""

from __future__ import annotations

import io
import json
import zipfile
from typing import Any

import numpy as np

from edge.inference.distance import Distance
from edge.inference.gate import Gate
from trainer.head.calibration import Calibration
from trainer.head.cross_validation import CrossValidation
from trainer.head.fit import HeadFit, Step
from trainer.head.learning_curve import CurvePoint, Gain, LearningCurve
from trainer.head.linear import Head
from trainer.retraining.taught import Taught
from trainer.unknown.column import Column
from trainer.unknown.outside import Extended

_TYPES = {
    kind.__name__: kind
    for kind in (
        *(Taught, HeadFit, Head, Step, Calibration, Gate, Distance, Extended, Column),
        *(CrossValidation, LearningCurve, CurvePoint, Gain),
    )
}
_TREE = "tree"
_DAMAGED = (OSError, ValueError, KeyError, TypeError, IndexError, EOFError, zipfile.BadZipFile)


def pack(result: Any) -> bytes:
    """``result`` as the bytes of an archive of arrays, one of which is a text in JSON that says what they are.

    Raises :class:`TypeError` if something in it is none of the above.
    """
    arrays: list[np.ndarray[Any, Any]] = []
    tree = json.dumps(_as_json(result, arrays)).encode()
    file = io.BytesIO()
    named = {f"array{place}": array for place, array in enumerate(arrays)}
    np.savez(file, **{_TREE: np.frombuffer(tree, np.uint8)}, **named)
    return file.getvalue()


def unpack(content: bytes) -> Any:
    """What :func:`pack` has packed.

    Raises :class:`ValueError` if these are other bytes.
    """
    try:
        with np.load(io.BytesIO(content), allow_pickle=False) as arrays:
            return _from_json(json.loads(arrays[_TREE].tobytes()), arrays)
    except _DAMAGED as error:
        raise ValueError(f"no packed result ({error})") from None


def _as_json(value: Any, arrays: list[np.ndarray[Any, Any]]) -> Any:
    if isinstance(value, np.ndarray) and not value.dtype.hasobject:
        arrays.append(value)
        return {"array": len(arrays) - 1}
    if type(value) in _TYPES.values():
        return {"type": type(value).__name__, "values": [_as_json(each, arrays) for each in value]}
    if isinstance(value, list):
        return [_as_json(each, arrays) for each in value]
    if value is None or isinstance(value, bool | int | float | str):
        return value
    raise TypeError(f"cannot pack {type(value).__name__}")


def _from_json(tree: Any, arrays: Any) -> Any:
    if isinstance(tree, list):
        return [_from_json(each, arrays) for each in tree]
    if not isinstance(tree, dict):
        return tree
    if "array" in tree:
        return arrays[f"array{tree['array']}"]
    return _TYPES[tree["type"]](*(_from_json(each, arrays) for each in tree["values"]))
