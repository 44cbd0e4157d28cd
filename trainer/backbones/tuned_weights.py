"""Weights that fine-tuning wrote, with batch norm folded in."""

from __future__ import annotations

import json
import struct
import tokenize
import zipfile
import zlib
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from edge.errors import DataError
from trainer.backbones.weights_file import check_zip

DAMAGED = (
    *(LookupError, ValueError, TypeError, AttributeError, ArithmeticError, RuntimeError, MemoryError, EOFError),
    *(struct.error, tokenize.TokenError, zipfile.BadZipFile, zlib.error),
)
"""What readers of arrays raise for a damaged file."""

LAYER_PARTS = ("kernel", "bias")
DETAILS = "facts"
"""The name of the array that holds JSON: what is known of the weights beside the arrays."""

Floats = npt.NDArray[np.float32]

Layers = dict[str, tuple[Floats, Floats]]
"""Kernel and bias of each convolution by its name in the network's graph: conv1, conv_dw_1, conv_pw_1 ..."""


def read_tuned(path: Path) -> Layers:
    """The weights in a file that :func:`write_tuned` wrote.

    Raises :class:`~edge.errors.DataError` if it is another kind of file.
    """
    arrays, _ = read_arrays(path)
    names = dict.fromkeys(name.partition("/")[0] for name in arrays)
    try:
        return {name: (arrays[f"{name}/{LAYER_PARTS[0]}"], arrays[f"{name}/{LAYER_PARTS[1]}"]) for name in names}
    except KeyError as error:
        raise DataError(f"{path.name}: no array {error}; not fine-tuned weights") from None


def read_arrays(path: Path) -> tuple[dict[str, npt.NDArray[Any]], dict[str, Any]]:
    """The arrays in a file of fine-tuning by their names, and the details that stand beside them as JSON.

    Raises :class:`~edge.errors.DataError` if it is another kind of file.
    """
    try:
        with zipfile.ZipFile(path) as packed:
            check_zip(packed)
        with np.load(path, allow_pickle=False) as archive:
            arrays = {name: archive[name] for name in archive.files}
        details = json.loads(arrays.pop(DETAILS).tobytes())
    except (OSError, SyntaxError, DataError, *DAMAGED) as error:
        raise DataError(f"{path.name}: not a file of fine-tuning ({' '.join(str(error).split())[:80]})") from None
    return arrays, details
