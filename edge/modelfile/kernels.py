"""What the kernels of an interpreter need of an operator and do not check: steps, and weights that fit.

Numbers are those of ``BuiltinOperator`` and ``BuiltinOptions`` in the public schema,
``tensorflow/lite/schema/schema.fbs`` version 3.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from edge.errors import ModelError
from edge.modelfile.flatbuffer import Table

DEQUANTIZE = 6
"""The number of the kernel DEQUANTIZE."""

RESHAPE = 22
"""The number of the kernel RESHAPE."""

_CONV_2D, _DEPTHWISE_CONV_2D, _FULLY_CONNECTED = 3, 4, 9
_MAX_STEP = 1 << 15  # of larger ones a product with a size in pixels may not fit 32 bits


class _Divisors(NamedTuple):
    """The type of an operator's options, and the slots of the numbers in it by which its kernel divides.

    Those in ``strides`` have the default 0, those in ``dilations`` 1.
    """

    options: int
    strides: tuple[int, ...]
    dilations: tuple[int, ...] = ()


_POOL = _Divisors(5, (1, 2, 3, 4))
_DIVISORS = {
    1: _POOL,  # AVERAGE_POOL_2D
    3: _Divisors(1, (1, 2), (4, 5)),  # CONV_2D
    4: _Divisors(2, (1, 2), (5, 6)),  # DEPTHWISE_CONV_2D
    5: _Divisors(94, (0,)),  # DEPTH_TO_SPACE
    12: _POOL,  # L2_POOL_2D
    17: _POOL,  # MAX_POOL_2D
    26: _Divisors(19, (0,)),  # SPACE_TO_DEPTH
    49: _Divisors(35, (0,)),  # SPLIT
    67: _Divisors(49, (1, 2)),  # TRANSPOSE_CONV
}
_LEAST_INPUTS = {65: 3, 126: 2, 144: 2}
"""SLICE, BATCH_MATMUL and ASSIGN_VARIABLE: XNNPACK of LiteRT 2.3.0 crashes if they have fewer."""
_WITH_VECTOR = {17, 30}  # options of RESHAPE and SQUEEZE: their slot 0 refers to a vector of int32


def kernel_of(code: Table) -> int:
    """The number of the kernel that an entry of the model's operator codes names: new files have it in two fields."""
    return max(code.integer(0, np.int8), code.integer(3, np.int32))


def check_kernel(
    kernel: int, operator: Table, shapes: Sequence[tuple[int, ...] | None], *, computed: bool = False
) -> None:
    """Check what ``kernel`` needs of ``operator``, whose inputs have ``shapes``; None for an input that is left out.

    If the shape of the first input is ``computed`` when the model runs, what the file says of it means nothing, and the
    interpreters check it themselves.

    Raises :class:`~edge.errors.ModelError` if an interpreter may crash on it.
    """
    if kernel in (_CONV_2D, _DEPTHWISE_CONV_2D, _FULLY_CONNECTED):
        if kernel == _DEPTHWISE_CONV_2D and len(shapes) < 3:
            raise ModelError("a depthwise convolution of the model has no bias, on which interpreters crash")
        if computed and kernel == _FULLY_CONNECTED and len(shapes) > 1 and shapes[1] is not None:
            shapes = [shapes[1][-1:], *shapes[1:]]
        if not _weights_fit(kernel, *shapes[:3]):
            raise ModelError(f"an operator of the model (kernel {kernel}) has weights for another input; it is damaged")
    least = _LEAST_INPUTS.get(kernel, 0)
    if len(shapes) < least or None in shapes[:least]:
        raise ModelError(
            f"an operator of the model (kernel {kernel}) has fewer than {least} inputs; the file is damaged"
        )
    kind, options = operator.integer(3, np.uint8), operator.table(4)
    divisors = _DIVISORS.get(kernel)
    if divisors is not None:
        _check_steps(kernel, kind, options, divisors)
    if options is not None and kind in _WITH_VECTOR:
        options.array(0, np.int32)  # its offset and its length are checked


def _weights_fit(
    kernel: int,
    values: tuple[int, ...] | None = None,
    weights: tuple[int, ...] | None = None,
    bias: tuple[int, ...] | None = None,
) -> bool:
    """Whether ``weights`` and ``bias`` are for ``values``, whose shape may be open: ()."""
    if values is None or weights is None or 0 in weights:
        return False
    if kernel == _FULLY_CONNECTED:
        if len(weights) != 2:
            return False
        fits, outputs = math.prod(values) % weights[1] == 0, weights[0]
    elif len(weights) != 4 or len(values) not in (0, 4):
        return False
    elif kernel == _CONV_2D:
        fits, outputs = not values or values[3] % weights[3] == 0, weights[0]
    else:
        fits, outputs = not values or (values[3] > 0 and weights[3] % values[3] == 0), weights[3]
    return fits and (bias is None or math.prod(bias) == outputs)


def _check_steps(kernel: int, kind: int, options: Table | None, divisors: _Divisors) -> None:
    """Check the ``options`` of type ``kind`` that an operator has."""
    if options is None or kind != divisors.options:
        raise ModelError(f"an operator of the model (kernel {kernel}) has no options of its own; the file is damaged")
    numbers = [options.integer(slot, np.int32) for slot in divisors.strides]
    numbers += [options.integer(slot, np.int32, 1) for slot in divisors.dilations]
    if min(numbers) < 1 or max(numbers) > _MAX_STEP:
        raise ModelError(f"an operator of the model (kernel {kernel}) has an impossible step; the file is damaged")
