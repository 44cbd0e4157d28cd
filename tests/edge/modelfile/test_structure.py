"""The structural check: one fault at a time, cut into a real model."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge.errors import ModelError
from edge.modelfile.flatbuffer import Table
from edge.modelfile.structure import Structure, examine
from support import surgery
from support.surgery import BUFFER, QUANTIZATION, SCALE, SHAPE, SPARSITY, TYPE, ZERO_POINT, Patient

TINY = surgery.tiny("int8")


def _quantization(patient: Patient, name: str) -> Table:
    table = patient.tensor(name).table(QUANTIZATION)
    assert table is not None
    return table


def _scale(value: float, tensor: str = "image") -> Callable[[Patient], Patient]:
    return lambda patient: patient.set_item(_quantization(patient, tensor), SCALE, "f", value)


def _zero_point(value: int, tensor: str) -> Callable[[Patient], Patient]:
    return lambda patient: patient.set_item(_quantization(patient, tensor), ZERO_POINT, "q", value)


def _shape(tensor: str, *sizes: int) -> Callable[[Patient], Patient]:
    return lambda patient: patient.set_item(patient.tensor(tensor), SHAPE, f"{len(sizes)}i", *sizes)


def _type(tensor: str, kind: int) -> Callable[[Patient], Patient]:
    return lambda patient: patient.set_field(patient.tensor(tensor), TYPE, "b", kind)


def _operator(patient: Patient, index: int) -> Table:
    return list(patient.graph.tables(3))[index]


def _constant_input(patient: Patient) -> Patient:
    """The weights become the input: they share the shape of the cells, which is that of a picture of 144 values."""
    _shape("cells", 1, 3, 16, 3)(patient)
    field, shape = patient.tensor("head/weights")._field(SHAPE), patient.tensor("cells")._follow(SHAPE)
    assert field is not None and shape is not None
    return patient.write(field, "I", shape - field).set_item(patient.graph, 1, "i", 4)


FAULTS: dict[str, tuple[Callable[[Patient], Patient], str]] = {
    "scale 0": (_scale(0.0), "'image' has a quantization scale that is not a positive number"),
    "scale negative": (_scale(-1.0), "scale that is not a positive number"),
    "scale nan": (_scale(float("nan")), "scale that is not a positive number"),
    "scale inf": (_scale(float("inf")), "scale that is not a positive number"),
    "scale of weights": (_scale(0.0, "head/weights"), "'head/weights' has a quantization scale"),
    "zero point above uint8": (_zero_point(256, "image"), "'image' has a zero point that uint8 cannot hold"),
    "zero point below uint8": (_zero_point(-1, "scores"), "'scores' has a zero point that uint8 cannot hold"),
    "zero point above int8": (_zero_point(128, "pixels"), "'pixels' has a zero point that int8 cannot hold"),
    "zero point far below int8": (_zero_point(-(2**40), "softmax"), "'softmax' has a zero point"),
    "two scales, one zero point more": (
        lambda patient: patient.set_length(_quantization(patient, "scores"), ZERO_POINT, 3),
        "'scores' has 1 scales but 3 zero points",
    ),
    "no scale": (
        lambda patient: patient.set_length(_quantization(patient, "scores"), SCALE, 0),
        "'scores' has 0 scales but 1 zero points|output is quantized but has no scale",
    ),
    "input not four-dimensional": (
        lambda patient: patient.set_length(patient.tensor("image"), SHAPE, 3),
        r"its input is \(1, 32, 32\), not \(1, height, width, 3\)",
    ),
    "input of two pictures, output of one": (
        _shape("image", 2, 32, 32, 3),
        r"its output is \(1, 3\), not one row of scores for each of 2 pictures",
    ),
    "input of four channels": (_shape("image", 1, 32, 32, 4), r"its input is \(1, 32, 32, 4\).*or 1 \(grey\)"),
    "input without pixels": (_shape("image", 1, 0, 32, 3), r"its input is \(1, 0, 32, 3\)"),
    "negative shape": (_shape("cells", 1, -4, 4, 3), "'cells' has the impossible shape"),
    "huge shape": (_shape("image", 1, 2**20, 2**20, 3), "'image' has the impossible shape"),
    "large input": (_shape("image", 1, 2**12, 2**11, 3), "has 8,388,608 pixels, more than 4,194,304"),
    "large computed values": (_shape("pixels", 1, 2**12, 2**14, 4), "tensor 'pixels' of the model takes 268 MB, more"),
    "output of several rows": (_shape("scores", 3, 1), r"its output is \(3, 1\), not one row of scores"),
    "no output values": (_shape("scores", 1, 0), r"its output is \(1, 0\)"),
    "output a single number": (
        lambda patient: patient.set_length(patient.tensor("scores"), SHAPE, 0),
        r"its output is \(\), not one row of scores",
    ),
    "input of int32": (_type("image", 2), "input is neither float32, uint8 nor int8"),
    "output of strings": (_type("scores", 5), "output is neither float32, uint8 nor int8"),
    "weights do not fit": (_shape("head/weights", 3, 49), r"'head/weights' has 144 bytes of data"),
    "buffer out of range": (
        lambda patient: patient.set_field(patient.tensor("head/weights"), BUFFER, "I", 99),
        "'head/weights' refers to a buffer that is not there",
    ),
    "no graph": (lambda patient: patient.set_length(patient.model, 2, 0), "the model has no graph in it"),
    "no operators": (lambda patient: patient.set_length(patient.graph, 3, 0), "its graph has no operators"),
    "no input": (lambda patient: patient.set_length(patient.graph, 1, 0), "it has 0 inputs instead of one"),
    "no output": (lambda patient: patient.set_length(patient.graph, 2, 0), "it has 0 outputs instead of one"),
    "input not there": (
        lambda patient: patient.set_item(patient.graph, 1, "i", 99),
        "the model's input is a tensor that is not there",
    ),
    "output negative": (
        lambda patient: patient.set_item(patient.graph, 2, "i", -1),
        "the model's output is a tensor that is not there",
    ),
    "operator reads a tensor that is not there": (
        lambda patient: patient.set_item(_operator(patient, 3), 1, "i", 99),
        "an operator refers to a tensor or kernel that is not there",
    ),
    "operator reads tensor -2": (
        lambda patient: patient.set_item(_operator(patient, 3), 1, "i", -2),
        "an operator refers to a tensor or kernel",
    ),
    "operator writes nowhere": (
        lambda patient: patient.set_item(_operator(patient, 3), 2, "i", -1),
        "an operator refers to a tensor or kernel",
    ),
    "operator without a kernel": (
        lambda patient: patient.set_field(_operator(patient, 3), 0, "I", 99),
        "an operator refers to a tensor or kernel",
    ),
    "operator reads what comes later": (
        lambda patient: patient.set_item(_operator(patient, 2), 1, "i", 6),
        "an operator reads a tensor that no operator before it has written",
    ),
    "operator reads what no operator writes": (
        lambda patient: patient.set_length(_operator(patient, 3), 2, 0),
        "an operator reads a tensor that no operator before it has written",
    ),
    "operator leaves out its first input": (
        lambda patient: patient.set_item(_operator(patient, 0), 1, "i", -1),
        "an operator reads a tensor that no operator before it has written",
    ),
    "operator leaves out its weights": (
        lambda patient: patient.set_item(_operator(patient, 3), 1, "3i", 3, -1, 5),
        "an operator reads a tensor that no operator before it has written",
    ),
    "operator writes a constant": (
        lambda patient: patient.set_item(_operator(patient, 3), 2, "i", 4),
        "an operator writes a tensor that has its values already",
    ),
    "operator writes the input": (
        lambda patient: patient.set_item(_operator(patient, 0), 2, "i", 0),
        "an operator writes a tensor that has its values already",
    ),
    "two operators write the same": (
        lambda patient: patient.set_item(_operator(patient, 5), 2, "i", 2),
        "an operator writes a tensor that has its values already",
    ),
    "no operator writes the output": (
        lambda patient: patient.set_length(patient.graph, 3, 5),
        "no operator writes the model's output",
    ),
    "input is a constant": (lambda patient: _constant_input(patient), "an input of the model is a constant"),
    "scale subnormal": (_scale(1e-40), "scale that is not a positive number"),
    "another identifier": (lambda patient: patient.write(4, "4s", b"TFL2"), "not a TFLite model"),  # type: ignore[arg-type]
}


@pytest.mark.parametrize("name", FAULTS)
def test_fault(name: str) -> None:
    """A model with this one fault is refused, and the message names the fault."""
    operate, message = FAULTS[name]
    with pytest.raises(ModelError, match=message):
        examine(operate(Patient(TINY)).content)


def test_a_sound_int8_model() -> None:
    """The structure of the tiny int8 model is what the trainer wrote."""
    structure = examine(TINY)
    assert structure.input == ("image", (1, 32, 32, 3), np.dtype(np.uint8), np.float32(2 / 255), 127)
    assert structure.output == ("scores", (1, 3), np.dtype(np.uint8), 1 / 256, 0)
    assert set(structure.metadata) == {"TFLITE_METADATA", "edge_for_poets.json", "min_runtime_version"}
    assert structure.metadata["min_runtime_version"].rstrip(b"\0") == b"1.14.0"


def test_a_sound_float_model() -> None:
    """A float32 model has no scales; 0.0 stands for that."""
    structure = examine(surgery.tiny("float32"))
    assert structure.input == ("image", (1, 32, 32, 3), np.dtype(np.float32), 0.0, 0)
    assert structure.output == ("scores", (1, 3), np.dtype(np.float32), 0.0, 0)


def test_float_tensor_that_kept_its_range() -> None:
    """A float output with a scale, as quantization-aware training leaves it, is not to be scaled again."""
    patient = _type("scores", surgery.FLOAT32)(Patient(TINY))
    assert examine(patient.content).output == ("scores", (1, 3), np.dtype(np.float32), 0.0, 0)


def test_sparse_weights_need_not_fit() -> None:
    """Sparse weights store only what is not zero, so that their bytes are fewer than their shape asks for."""
    patient = Patient(TINY)
    patient.set_length(list(patient.model.tables(4))[1], 0, 100)  # of 144
    patient.alias_field(patient.tensor("head/weights"), SPARSITY, QUANTIZATION)
    assert examine(patient.content).input.shape == (1, 32, 32, 3)


def test_optional_operator_input() -> None:
    """An operator may leave out an input, such as the bias: index -1."""
    patient = Patient(TINY)
    patient.set_item(_operator(patient, 3), 1, "3i", 3, 4, -1)
    assert examine(patient.content).output.shape == (1, 3)


def test_output_with_more_dimensions() -> None:
    """One row of scores may come as (1, 1, 1, n), as from a convolution."""
    patient = Patient(TINY)
    position = patient.tensor("image")._follow(SHAPE)
    assert position is not None
    patient.set_item(patient.graph, 2, "i", 0).write(position + 4, "4i", 1, 1, 1, 3)
    assert examine(patient.content).output.shape == (1, 1, 1, 3)


@pytest.mark.parametrize("length", range(0, len(TINY), 97))
def test_truncation_never_escapes(length: int) -> None:
    """A flatbuffer cut off anywhere is refused, or is whole up to what follows it."""
    try:
        assert isinstance(examine(TINY[:length]), Structure)
    except ModelError:
        pass
    else:
        assert length >= 2528 - 8


@given(st.lists(st.tuples(st.integers(8, 2527), st.integers(0, 255)), min_size=1, max_size=6))
def test_damage_is_refused_or_consistent(changes: list[tuple[int, int]]) -> None:
    """Whatever bytes change, there is a ModelError or a structure that a classifier could have."""
    content = bytearray(TINY)
    for position, value in changes:
        content[position] = value
    try:
        structure = examine(bytes(content))
    except ModelError as error:
        assert "\n" not in str(error)
    else:
        assert structure.input.shape[0] == 1 and structure.input.shape[3] == 3
        assert structure.output.shape[-1] >= 1
        assert np.isfinite([structure.input.scale, structure.output.scale]).all()


def _signature(patient: Patient) -> Table:
    return next(patient.model.tables(7))


@pytest.mark.parametrize("slot", [0, 1, 2])
def test_signatures_are_checked(slot: int) -> None:
    """What a signature refers to lies in the file: tflite-runtime follows its offsets when it loads a model."""
    patient = Patient(TINY)
    field = _signature(patient)._field(slot)
    assert field is not None
    with pytest.raises(ModelError, match="an offset points outside it"):
        examine(patient.write(field, "I", 2**31 - 4).content)


def test_signature_of_a_tensor_that_is_not_there() -> None:
    """The tensors that a signature names are those of its graph."""
    patient = Patient(TINY)
    entry = next(_signature(patient).tables(1))
    with pytest.raises(ModelError, match="a signature of the model refers to a tensor that is not there"):
        examine(patient.set_field(entry, 1, "I", 99).content)


def test_options_of_operators_are_checked() -> None:
    """The table of an operator's options lies in the file, with all its fields, whatever kind it is."""
    for write in (
        lambda patient, table: patient.write(table._field(4), "I", 2**31 - 4),
        lambda patient, table: patient.write(table.table(4)._vtable + 4, "H", 65_535),
        lambda patient, table: patient.write(table.table(4)._vtable + 2, "H", 65_535),
    ):
        patient = Patient(TINY)
        content = write(patient, next(entry for entry in patient.graph.tables(3) if entry.table(4))).content
        with pytest.raises(ModelError, match="an offset points outside it"):
            examine(content)


def test_a_map_is_an_output_of_a_network_alone() -> None:
    """A network without its classifier may end in (1, height, width, values); a classifier must end in a row."""
    patient = Patient(surgery.tiny("float32"))
    cells = next(i for i, tensor in enumerate(patient.graph.tables(0)) if tensor.text(3) == "cells")
    patient.set_item(patient.graph, 2, "i", cells)
    with pytest.raises(ModelError, match=r"its output is \(1, 4, 4, 3\), not one row of scores"):
        examine(patient.content)
    structure = examine(patient.content, maps=True)
    assert (structure.output.shape, structure.outputs) == ((1, 4, 4, 3), 48)
    assert examine(surgery.tiny("float32"), maps=True) == examine(surgery.tiny("float32"))
