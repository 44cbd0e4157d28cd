"""What is found out about a model of another project: its pixels, its scores, its labels."""

from __future__ import annotations

import io
import json
import zipfile
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge.errors import ModelError
from edge.modelfile.foreign import Function, blank_label
from edge.modelfile.model_file import ModelFile
from edge.modelfile.normalization import GIVEN, GUESSED, given_normalization
from support.paths import DATA
from support.surgery import with_zip

FOREIGN = DATA / "foreign"
LABELS = ("blue", "green", "red")
PAIR = ("not red", "red")


def foreign(name: str, labels: tuple[str, ...] = LABELS, **arguments: object) -> ModelFile:
    """The model ``name`` of ``tests/data/foreign``; ``arguments`` are those of :func:`given_normalization`."""
    content = (FOREIGN / f"{name}.tflite").read_bytes()
    return ModelFile.from_bytes(content, labels, given_normalization(**arguments))  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("name", "labels", "function", "pair"),
    [
        ("softmax", LABELS, Function.NONE, False),
        ("uint8", LABELS, Function.NONE, False),
        ("logits", LABELS, Function.SOFTMAX, False),
        ("int8-logits", LABELS, Function.SOFTMAX, False),
        ("nchw", LABELS, Function.SOFTMAX, False),
        ("logsoftmax", LABELS, Function.EXPONENTIAL, False),
        ("sigmoids", LABELS, Function.INDEPENDENT, False),
        ("sigmoid", PAIR, Function.NONE, True),
        ("sigmoid", ("red",), Function.NONE, False),
        ("logit", PAIR, Function.SIGMOID, True),
        ("logit", ("red",), Function.SIGMOID, False),
        ("root", LABELS, Function.UNKNOWN, False),
        ("relu6", LABELS, Function.UNKNOWN, False),
    ],
)
def test_scores_by_the_end_of_the_graph(name: str, labels: tuple[str, ...], function: Function, pair: bool) -> None:
    """The last operator says what makes probabilities of the outputs; one output may serve two labels."""
    model = foreign(name, labels)
    assert model.transform == (function, pair)
    assert model.transform is not None
    told = [line for line in model.messages() if line.startswith("scores:")]
    assert bool(told) == (pair or function is not Function.NONE)


def test_our_own_files_are_left_as_they_are() -> None:
    """A file of this project has no transform and no message."""
    for path in DATA.glob("tiny-*.tflite"):
        model = ModelFile.load(path)
        assert (model.transform, model.messages()) == (None, [])


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("softmax", "-1..1"),
        ("rescaling", "0..255"),
        ("folded", "0..255"),
        ("float-io", "0..1"),
        ("nchw", "-1..1"),
    ],
)
def test_a_guess_is_told(name: str, text: str) -> None:
    """A float model without a normalisation gets one that is told; operators at its start that scale decide."""
    model, other = foreign(name), "-1,1" if text == "0..1" else "0,1"
    assert (model.normalization.origin, model.normalization.text) == (GUESSED, text)
    assert model.messages()[0].startswith(
        f"no normalisation in the file: pixels are scaled to {text}; --input-range {other} if its labels look wrong"
    )


def test_what_is_given_is_not_told() -> None:
    """Given values are used without a message."""
    model = foreign("softmax", input_range=(0, 1))
    assert (model.mean, model.std, model.normalization.origin) == (0.0, 255.0, GIVEN)
    assert model.messages() == []


def test_an_unusual_range_of_an_8_bit_input_is_told() -> None:
    """The scale of an 8-bit input shows if the pixels cannot be its steps."""
    assert "stand for -2.15..2.65" in foreign("int8-range").messages()[0]
    assert foreign("int8").messages() == foreign("uint8").messages() == []


def test_grey_and_other_layouts() -> None:
    """One channel, channels before rows, and several pictures are all read from the shape."""
    assert foreign("grey").image == (1, 6, 8, 1, False)
    assert foreign("nchw").image == (1, 6, 8, 3, True)
    assert foreign("batch").image == (4, 6, 8, 3, False)
    assert [foreign(name).input_size for name in ("grey", "nchw", "batch")] == [(8, 6)] * 3


def test_three_values_for_one_channel() -> None:
    """Mean and std by channel need as many as the input has."""
    with pytest.raises(ModelError, match="3 values of mean or std for an input of 1 channels"):
        foreign("grey", mean=(1, 2, 3), std=1)


@pytest.mark.parametrize(
    ("count", "message"),
    [
        (2, "2 labels for 3 outputs; one is missing; if it is the first output, background"),
        (5, "5 labels for 3 outputs; give the labels that belong to it"),
    ],
)
def test_wrong_number_of_labels(count: int, message: str) -> None:
    """The message says how the numbers differ, and what may be the reason."""
    with pytest.raises(ModelError, match=message):
        foreign("softmax", tuple("abcde"[:count]))


def test_labels_in_one_line_with_commas() -> None:
    """They are one label, and the line says what to change."""
    with pytest.raises(ModelError, match="1 label for 3 outputs; it has commas: write each label in a line of its own"):
        foreign("softmax", ("daisy,roses,tulips",))


def test_blank_labels() -> None:
    """An empty line between the labels is said: where it makes them too many, and where a class has no name."""
    with pytest.raises(ModelError, match="4 labels for 3 outputs; empty lines between the labels count too; delete"):
        foreign("softmax", ("a", "", "b", "c"))
    assert "label 2 is blank: such a class has no name in the answers" in foreign("softmax", ("a", "", "b")).messages()
    assert not any("blank" in line for line in foreign("softmax", ("a", "b", "c")).messages())
    assert blank_label(["a", *[""] * 5]) == "label 2, 3, 4 ... is blank"


def test_a_background_label_too_many() -> None:
    """Lists of ImageNet begin with a background that not all models have."""
    with pytest.raises(ModelError, match="the first label, background, has no output; leave out its line"):
        foreign("softmax", ("background", *LABELS))


def test_a_file_of_ours_takes_no_normalization() -> None:
    """A file of this project says it itself."""
    with pytest.raises(ModelError, match="says how its pixels are scaled; leave out mean, std and input range"):
        ModelFile.load(DATA / "tiny-float32.tflite", input_range=(0, 1))


def test_labels_that_ultralytics_appends() -> None:
    """The JSON at the end of an Ultralytics file has the names; its models take pixels of 0 to 1."""
    facts = {"task": "classify", "names": {"0": "blue", "1": "green", "2": "red"}}
    content = with_zip((FOREIGN / "softmax.tflite").read_bytes(), {"metadata.json": json.dumps(facts).encode()})
    model = ModelFile.from_bytes(content)
    assert model.labels == LABELS
    assert model.normalization == (0.0, 255.0, GUESSED)
    assert "scaled to 0..1; --input-range -1,1" in model.messages()[0]


def _zip(files: dict[str, bytes]) -> bytes:
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return made.getvalue()


def test_a_model_in_a_zip(tmp_path: Path) -> None:
    """Teachable Machine's zip is a model with labels; a label file that is given replaces them."""
    model = (FOREIGN / "softmax.tflite").read_bytes()
    path = tmp_path / "converted_tflite.zip"
    path.write_bytes(_zip({"labels.txt": b"0 sky\n1 grass\n2 brick\n", "model_unquant.tflite": model}))
    assert ModelFile.load(path).labels == ("sky", "grass", "brick")
    assert ModelFile.load(path).content == model
    assert ModelFile.from_bytes(path.read_bytes(), LABELS).labels == LABELS


def test_zips_that_hold_no_one_model() -> None:
    """A zip without a model, with two, or a damaged one is refused."""
    model = (FOREIGN / "softmax.tflite").read_bytes()
    with pytest.raises(ModelError, match=r"a zip with no \.tflite file in it"):
        ModelFile.from_bytes(_zip({"model.h5": bytes(100)}))
    with pytest.raises(ModelError, match=r"a zip with 2 models \(a\.tflite, b\.tflite\) in it"):
        ModelFile.from_bytes(_zip({"a.tflite": model, "b.tflite": model}))
    whole = _zip({"a.tflite": model, "labels.txt": b"a\nb\nc\n"})
    for length in range(4, len(whole), 40):
        with pytest.raises(ModelError):
            ModelFile.from_bytes(whole[:length])


@given(st.sampled_from(sorted(FOREIGN.glob("*.tflite"))), st.lists(st.tuples(st.integers(0), st.integers(0, 255))))
def test_any_damage(path: Path, changes: list[tuple[int, int]]) -> None:
    """With any bytes changed, a model is read or refused in one line."""
    content = bytearray(path.read_bytes())
    for position, value in changes:
        content[position % len(content)] = value
    try:
        ModelFile.from_bytes(bytes(content), LABELS).messages()
    except ModelError as error:
        assert "\n" not in str(error)
