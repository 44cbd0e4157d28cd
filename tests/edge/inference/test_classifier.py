"""The classifier: ranking, thresholds, and the Python API of the README."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge import Classifier, EdgeError
from edge.errors import ImageError, ModelError
from edge.inference.interpreter import installed_runtimes
from edge.types import Category
from support.colours import COLOURS, encoded, plain


def _scored(classifier: Classifier, scores: list[float], monkeypatch: pytest.MonkeyPatch) -> Classifier:
    """``classifier`` made to give ``scores`` to whatever it sees."""
    monkeypatch.setattr(type(classifier), "labels", property(lambda _: tuple(f"l{i}" for i in range(len(scores)))))
    monkeypatch.setattr(type(classifier), "scores", lambda *_: np.array(scores, np.float32))
    return classifier


@pytest.mark.parametrize("label", COLOURS)
def test_every_kind_of_source(any_model: Path, label: str, tmp_path: Path) -> None:
    """A path, bytes, a Pillow image and an array are named alike."""
    picture = plain(label)
    path = tmp_path / "photo.png"
    path.write_bytes(encoded(picture, "PNG"))
    classifier = Classifier.load(any_model)
    for source in (path, str(path), path.read_bytes(), picture, np.asarray(picture)):
        best = classifier.classify(source).best
        assert best is not None and best.label == label


def test_what_a_classifier_says_of_itself(classifier: Classifier) -> None:
    """Labels come in the order of the outputs; the runtime is the preferred one that is installed."""
    assert classifier.labels == ("blue", "green", "red")
    assert classifier.runtime == installed_runtimes()[0]


def test_categories(classifier: Classifier) -> None:
    """Categories come by falling score, with the index of their output and plain Python numbers."""
    classification = classifier.classify(plain("green"))
    assert classification.categories == (
        Category(1, "green", 255 / 256),
        Category(0, "blue", 0.0),
        Category(2, "red", 0.0),
    )
    assert [type(value) for value in classification.categories[0]] == [int, str, float]
    assert classification.latency_ms > 0


@pytest.mark.parametrize(("top_k", "count"), [(1, 1), (2, 2), (3, 3), (1000, 3)])
def test_top_k(classifier: Classifier, top_k: int, count: int) -> None:
    """At most ``top_k`` categories, and never more than there are labels."""
    assert len(classifier.classify(plain("red"), top_k=top_k).categories) == count


@pytest.mark.parametrize(("threshold", "labels"), [(0.0, "abc"), (0.25, "abc"), (0.26, "a"), (0.5, "a"), (0.51, "")])
def test_score_threshold(
    classifier: Classifier, threshold: float, labels: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A score that equals the threshold counts; nothing may reach it."""
    _scored(classifier, [0.5, 0.25, 0.25], monkeypatch)
    found = classifier.classify(plain("red"), score_threshold=threshold)
    assert ["abc"[category.index] for category in found.categories] == list(labels)


def test_not_a_number_is_no_score(classifier: Classifier, monkeypatch: pytest.MonkeyPatch) -> None:
    """A model that computes NaN names nothing, instead of naming with a score that JSON cannot hold."""
    _scored(classifier, [float("nan"), 0.25, float("nan")], monkeypatch)
    assert classifier.classify(plain("red")).categories == (Category(1, "l1", 0.25),)


@given(st.lists(st.sampled_from([0.0, 0.125, 0.25, 0.5, 1.0]), min_size=1, max_size=60), st.integers(1, 70))
def test_ties_keep_the_order_of_the_labels(classifier: Classifier, scores: list[float], top_k: int) -> None:
    """Equal scores are ordered as the labels are, on every machine."""
    with pytest.MonkeyPatch.context() as monkeypatch:
        found = _scored(classifier, scores, monkeypatch).classify(plain("red"), top_k=top_k)
    expected = sorted(range(len(scores)), key=lambda index: (-scores[index], index))[:top_k]
    assert [category.index for category in found.categories] == expected


def test_bad_pictures(classifier: Classifier, tmp_path: Path) -> None:
    """A picture that cannot be decoded is an ImageError, and the classifier goes on working."""
    with pytest.raises(ImageError):
        classifier.classify(b"no picture")
    with pytest.raises(EdgeError):
        classifier.classify(tmp_path / "gone.jpg")
    assert classifier.classify(plain("blue")).best == Category(0, "blue", 255 / 256)


def test_bad_models(tmp_path: Path) -> None:
    """A model that is not there is a ModelError."""
    with pytest.raises(ModelError, match="cannot read the model"):
        Classifier.load(tmp_path / "gone.tflite")


def test_real_photo_and_googles_model(shared: Path) -> None:
    """Google's own quantized MobileNet names a daisy, with its packed labels and with a label file."""
    model = shared / "tflite" / "mobilenet_v1_0.25_128_quant.tflite"
    photo = shared / "flower_photos" / "daisy" / "15207766_fc2f1d692c_n.jpg"
    for labels in (None, shared / "tflite" / "imagenet_labels.txt"):
        best = Classifier.load(model, labels=labels).classify(photo).best
        assert best is not None
        assert (best.index, best.label) == (986, "daisy")
        assert best.score > 0.9


def test_real_photos_in_other_hands(shared: Path) -> None:
    """Most daisies that Google's model sees are daisies, from a path as from a decoded array."""
    from edge.preprocess import decode

    classifier = Classifier.load(shared / "tflite" / "mobilenet_v1_0.25_128_quant.tflite")
    photos = sorted((shared / "flower_photos" / "daisy").glob("*.jpg"))[:40]
    by_path = [classifier.scores(photo) for photo in photos]
    by_array = [classifier.scores(np.asarray(decode(photo))) for photo in photos]
    assert sum(int(scores.argmax()) == 986 for scores in by_path) >= 20
    assert (
        np.mean([int(one.argmax()) == int(other.argmax()) for one, other in zip(by_path, by_array, strict=True)]) > 0.9
    )
