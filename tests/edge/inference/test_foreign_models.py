"""The scores of models of other projects: what they should be is computed here, with numpy."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from edge import Classifier
from edge.errors import ModelError
from edge.inference.interpreter import installed_runtimes
from edge.inference.scores import to_scores
from edge.inference.self_test import require_self_test
from edge.modelfile.foreign import Function, ScoreTransform
from edge.modelfile.model_file import ModelFile
from edge.modelfile.normalization import given_normalization
from support.paths import DATA

FOREIGN = DATA / "foreign"
LABELS = ("blue", "green", "red")
RGB = np.array([200, 90, 40])
PICTURE = np.broadcast_to(RGB.astype(np.uint8), (30, 20, 3))
LUMA = round((299 * 200 + 587 * 90 + 114 * 40) / 1000)
MEAN, STD = (123.7, 116.3, 103.5), (58.4, 57.1, 57.4)
RUNTIMES = pytest.mark.parametrize("runtime", installed_runtimes())


def scores(name: str, runtime: str, labels: tuple[str, ...] = LABELS, **given: Any) -> np.ndarray[Any, Any]:
    """The scores of the picture."""
    content = (FOREIGN / f"{name}.tflite").read_bytes()
    model = ModelFile.from_bytes(content, labels, given_normalization(**given))
    return Classifier(model, runtime=runtime).scores(PICTURE)


def softmax(logits: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
    """Probabilities of ``logits``."""
    powers = np.exp(logits - logits.max())
    return np.asarray(powers / powers.sum())


def sigmoid(value: Any) -> Any:
    """The probability of a logit."""
    return 1 / (1 + np.exp(-value))


def outputs(real: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
    """What the model makes of the values (red, green, blue) of a plain picture: one for blue, green, red."""
    return 4 * real[::-1]


@RUNTIMES
@pytest.mark.parametrize("name", ["softmax", "logits", "logsoftmax", "nchw", "batch"])
def test_probabilities(name: str, runtime: str) -> None:
    """With softmax or without, channels first or last, for one picture or four: the same probabilities."""
    np.testing.assert_allclose(scores(name, runtime), softmax(outputs(RGB / 127.5 - 1)), atol=1e-5)


@RUNTIMES
@pytest.mark.parametrize(
    ("given", "real"),
    [
        ({"input_range": (0, 1)}, RGB / 255),
        ({"input_range": (-0.5, 0.5)}, RGB / 255 - 0.5),
        (
            {"mean": (123.7, 116.3, 103.5), "std": (58.4, 57.1, 57.4)},
            (RGB - [123.7, 116.3, 103.5]) / [58.4, 57.1, 57.4],
        ),
    ],
)
@pytest.mark.parametrize("name", ["softmax", "nchw"])
def test_given_pixels(name: str, given: dict[str, Any], real: Any, runtime: str) -> None:
    """A given range, or mean and std by channel, is what the model gets, whatever the order of its axes."""
    np.testing.assert_allclose(scores(name, runtime, **given), softmax(outputs(real)), atol=1e-5)


@RUNTIMES
def test_sigmoids(runtime: str) -> None:
    """Sigmoids of several labels stay; one value serves one label or two."""
    real = RGB / 127.5 - 1
    logit = 4 * (real[0] - real[2])
    np.testing.assert_allclose(scores("sigmoids", runtime), sigmoid(outputs(real)), atol=1e-5)
    for name in ("sigmoid", "logit"):
        pair = scores(name, runtime, ("not red", "red"))
        np.testing.assert_allclose(pair, [1 - sigmoid(logit), sigmoid(logit)], atol=1e-5)
        np.testing.assert_allclose(scores(name, runtime, ("red",)), [sigmoid(logit)], atol=1e-5)


@RUNTIMES
def test_a_scaling_layer_decides(runtime: str) -> None:
    """A model that scales 0..255 itself gets pixels of 0 to 255."""
    np.testing.assert_allclose(scores("rescaling", runtime), softmax(outputs(RGB / 127.5 - 1)), atol=1e-5)


@RUNTIMES
def test_grey(runtime: str) -> None:
    """A model with one channel gets the luma of ITU-R 601."""
    logits = np.array([-4, 0, 4]) * (LUMA / 127.5 - 1)
    np.testing.assert_allclose(scores("grey", runtime), softmax(logits), atol=1e-5)


@RUNTIMES
@pytest.mark.parametrize(
    ("name", "scale", "zero_point"), [("int8", 2 / 255, 0), ("uint8", 2 / 255, 128), ("int8-range", 4.8 / 255, -14)]
)
def test_8_bit_inputs(name: str, scale: float, zero_point: int, runtime: str) -> None:
    """Without more, the pixels are the steps; mean and std are turned into steps by scale and zero point."""
    steps = RGB if name == "uint8" else RGB - 128
    np.testing.assert_allclose(scores(name, runtime), softmax(outputs((steps - zero_point) * scale)), atol=0.005)
    limits = (0, 255) if name == "uint8" else (-128, 127)
    rounded = np.rint((RGB - np.array(MEAN)) / STD / scale + zero_point).clip(*limits)
    expected = softmax(outputs((rounded - zero_point) * scale))
    np.testing.assert_allclose(scores(name, runtime, mean=MEAN, std=STD), expected, atol=0.005)


@RUNTIMES
def test_quantized_logits(runtime: str) -> None:
    """Logits in 8 bits are made real numbers first; a step is 1/16 here."""
    expected = softmax(np.rint(outputs(RGB / 255) * 16) / 16)
    np.testing.assert_allclose(scores("int8-logits", runtime), expected, atol=0.03)


def test_a_rounded_mean_changes_nothing() -> None:
    """127.5 and 128 mean the same for an 8-bit input: the pixels are its steps."""
    plain = scores("uint8", installed_runtimes()[0])
    assert scores("uint8", installed_runtimes()[0], mean=127.5, std=127.5).tolist() == plain.tolist()


@pytest.mark.parametrize(("name", "message"), [("infinite", "are not numbers"), ("root", "are not numbers")])
def test_no_numbers(name: str, message: str) -> None:
    """Scores that are not numbers are an error, not an empty answer."""
    with pytest.raises(ModelError, match=message):
        scores(name, installed_runtimes()[0])


def test_outputs_that_nothing_is_known_of() -> None:
    """They are taken if they may be probabilities, else refused in one line."""
    unknown = ScoreTransform(Function.UNKNOWN)
    assert to_scores(np.array([0.25, 0.75], np.float32), unknown).tolist() == [0.25, 0.75]
    with pytest.raises(ModelError, match="lie between -1 and 3 and are no probabilities"):
        to_scores(np.array([-1, 3], np.float32), unknown)


def test_large_logits() -> None:
    """Softmax and sigmoid of large numbers are 0 and 1."""
    large = np.array([3e38, -3e38], np.float32)
    assert to_scores(large, ScoreTransform(Function.SOFTMAX)).tolist() == [1.0, 0.0]
    assert to_scores(large, ScoreTransform(Function.SIGMOID)).tolist() == pytest.approx([1.0, 0.0])
    assert to_scores(np.array([0.0, -300.0], np.float32), ScoreTransform(Function.EXPONENTIAL))[0] == 1.0


@pytest.mark.parametrize("path", sorted(FOREIGN.glob("*.tflite")), ids=lambda path: path.stem)
def test_every_kind_can_be_self_tested(path: Path) -> None:
    """The check of a store and a stream runs each kind of model, and refuses the one without numbers."""
    model = ModelFile.from_bytes(path.read_bytes(), ("no", "yes") if path.stem in ("sigmoid", "logit") else LABELS)
    if path.stem in ("infinite", "root"):
        with pytest.raises(ModelError, match="not numbers"):
            require_self_test(Classifier(model))
    else:
        assert require_self_test(Classifier(model)) is None


def test_classifier_takes_the_arguments(tmp_path: Path) -> None:
    """``Classifier.load`` has labels, mean, std and input range; equal ones give equal scores."""
    path, labels = FOREIGN / "softmax.tflite", tmp_path / "labels.json"
    labels.write_text('["blue", "green", "red"]')
    one = Classifier.load(path, labels=labels, mean=0, std=255)
    other = Classifier.load(path, labels=labels, input_range=(0, 1))
    assert one.scores(PICTURE).tolist() == other.scores(PICTURE).tolist()
    assert one.classify(PICTURE).label == "red"
