"""What interpreters do not check of an operator and crash on, cut into models with a pool and a convolution."""

from __future__ import annotations

import numpy as np
import pytest

from edge.errors import ModelError
from edge.modelfile.flatbuffer import Table
from edge.modelfile.kernels import check_kernel
from edge.modelfile.structure import examine
from support import surgery
from support.paths import DATA
from support.surgery import Patient
from support.toy_networks import classifier, with_half_weights

POOL, CONVOLUTION = surgery.tiny("int8"), (DATA / "foreign" / "folded.tflite").read_bytes()
_AT = {POOL: 1, CONVOLUTION: 0}  # the place of the operator
_CODE, _INPUTS, _OPTIONS_TYPE, _OPTIONS = 0, 1, 3, 4  # slots of an operator


def _operator(patient: Patient, index: int) -> Table:
    return list(patient.graph.tables(3))[index]


@pytest.mark.parametrize("value", [0, -1, -(2**31), 2**28])
@pytest.mark.parametrize(
    ("model", "slot"), [(POOL, 1), (POOL, 2), (POOL, 3), (POOL, 4), (CONVOLUTION, 1), (CONVOLUTION, 2)]
)
def test_impossible_steps(model: bytes, slot: int, value: int) -> None:
    """Strides and sizes of filters below 1 and above all pictures are refused: kernels divide by them."""
    patient = Patient(model)
    options = _operator(patient, _AT[model]).table(_OPTIONS)
    assert options is not None
    patient.set_field(options, slot, "i", value)
    with pytest.raises(ModelError, match=r"\(kernel [13]\) has an impossible step"):
        examine(patient.content)


def test_options_with_a_vector() -> None:
    """The shape in the options of RESHAPE lies in the file: tflite-runtime follows its offset when it loads a model."""
    patient = Patient(POOL)
    options = _operator(patient, 2).table(_OPTIONS)
    assert options is not None
    position = options._field(0)
    assert position is not None
    with pytest.raises(ModelError, match="an offset points outside it"):
        examine(patient.write(position, "I", 2**31 - 1).content)


def test_options_of_another_operator() -> None:
    """Options of another type are refused: the interpreter would take zeros instead of them."""
    patient = Patient(CONVOLUTION)
    patient.set_field(_operator(patient, 0), _OPTIONS_TYPE, "B", 17)
    with pytest.raises(ModelError, match=r"\(kernel 3\) has no options of its own"):
        examine(patient.content)


def test_depthwise_convolution_without_a_bias() -> None:
    """A depthwise convolution has three inputs: both interpreters crash on two."""
    patient = Patient(CONVOLUTION)
    code = list(patient.model.tables(1))[_operator(patient, 0).integer(_CODE, np.uint32)]
    for slot, form in ((0, "b"), (3, "i")):
        patient.set_field(code, slot, form, 4)
    patient.set_field(_operator(patient, 0), _OPTIONS_TYPE, "B", 2).set_length(_operator(patient, 0), _INPUTS, 2)
    with pytest.raises(ModelError, match="a depthwise convolution of the model has no bias"):
        examine(patient.content)


def test_weights_unpacked_into_another_shape() -> None:
    """XNNPACK crashes on float16 weights whose unpacked form says that there are more of them."""
    content = with_half_weights(classifier())
    assert examine(content).outputs == examine(classifier()).outputs
    with pytest.raises(ModelError, match="weights of the model are unpacked into another shape"):
        examine(with_half_weights(classifier(), (16, 4096, 1, 3)))


@pytest.mark.parametrize(
    ("kernel", "shapes", "fits"),
    [
        (3, [(1, 6, 8, 3), (5, 1, 1, 3), (5,)], True),
        (3, [(1, 6, 8, 6), (5, 1, 1, 3)], True),  # in two groups
        (3, [(), (5, 1, 1, 3), None], True),
        (3, [(1, 6, 8, 4), (5, 1, 1, 3), (5,)], False),
        (3, [(1, 6, 8, 3), (5, 1, 1, 3), (4,)], False),
        (3, [(1, 6, 8), (5, 1, 1, 3), (5,)], False),
        (3, [(1, 6, 8, 3), (5, 3), (5,)], False),
        (3, [(1, 6, 8, 3)], False),
        (4, [(1, 6, 8, 3), (1, 3, 3, 6), (6,)], True),
        (4, [(1, 6, 8, 4), (1, 3, 3, 6), (6,)], False),
        (4, [(1, 6, 8, 0), (1, 3, 3, 6), (6,)], False),
        (4, [(1, 6, 8, 3), (1, 3, 3, 6), (3,)], False),
        (9, [(1, 1, 1, 48), (5, 48), (1, 5)], True),
        (9, [(2, 48), (5, 48)], True),
        (9, [(1, 47), (5, 48), None], False),
        (9, [(1, 48), (5, 0), None], False),
        (9, [(1, 48), (), None], False),
        (9, [(1, 48), (5, 48), (48,)], False),
    ],
)
def test_weights_that_fit(kernel: int, shapes: list[tuple[int, ...] | None], fits: bool) -> None:
    """Weights of convolutions and dense layers are for the channels of the input, and the bias for the outputs."""
    patient = Patient(CONVOLUTION)  # a dense layer needs no options
    patient.set_field(_operator(patient, 0), _OPTIONS_TYPE, "B", kernel - 2)
    try:
        check_kernel(kernel, _operator(patient, 0), shapes)
    except ModelError as error:
        assert not fits
        assert str(error) == f"an operator of the model (kernel {kernel}) has weights for another input; it is damaged"
    else:
        assert fits


@pytest.mark.parametrize(("computed", "fits"), [(True, True), (False, False)])
def test_a_shape_that_is_computed_says_nothing(computed: bool, fits: bool) -> None:
    """Keras' dense layers on a map: the file has (1, 1) for what is reshaped when the model runs."""
    patient = Patient(CONVOLUTION)
    patient.set_field(_operator(patient, 0), _OPTIONS_TYPE, "B", 7)
    try:
        check_kernel(9, _operator(patient, 0), [(1, 1), (5, 48), None], computed=computed)
    except ModelError:
        assert not fits
    else:
        assert fits


@pytest.mark.parametrize(("kernel", "least"), [(65, 3), (126, 2), (144, 2)])
def test_too_few_inputs(kernel: int, least: int) -> None:
    """LiteRT crashes on a slice, a product of matrices or an assignment that has fewer inputs than it needs."""
    operator = _operator(Patient(CONVOLUTION), 0)
    shapes: list[tuple[int, ...] | None] = [(1, 2)] * least
    check_kernel(kernel, operator, shapes)
    for damaged in (shapes[:-1], [*shapes[:-1], None], []):
        with pytest.raises(ModelError, match=rf"\(kernel {kernel}\) has fewer than {least} inputs"):
            check_kernel(kernel, operator, damaged)
