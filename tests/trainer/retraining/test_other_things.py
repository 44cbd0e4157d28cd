"""What a retraining measures of other things, with pictures that did not teach."""

from __future__ import annotations

import dataclasses
import json
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from edge.inference.classifier import Classifier
from edge.inference.gate import Gate
from edge.inference.label_photos import label_photos
from edge.modelfile.model_file import ModelFile
from support import tiny
from trainer.commands.other_things_output import other_things_json, other_things_line
from trainer.commands.retrain_output import model_json
from trainer.head.linear import Head
from trainer.progress import SILENT
from trainer.retraining.options import RetrainOptions
from trainer.retraining.other_things import Judged, OtherThings, answers_of_head
from trainer.retraining.retrain_all import retrain_all
from trainer.unknown.drawings import JUDGING, draw

HEAD = Head(np.array([[4.0, 0.0, 0.0], [0.0, 4.0, 0.0], [0.0, 0.0, 4.0]]), np.zeros(3))
PICTURES = np.array([[1.0, 0, 0], [0, 0, 1.0], [0.5, 0.4, 0]], np.float32)
FOUND = OtherThings(
    "unknown",
    ["every answer", "--reject", "score of 0.9 or more"],
    [Judged("drawings", 32, [2, 0, 1]), Judged("random directions", 400, [30, 9, 4])],
    Judged("test photos of the classes", 50, [49, 47, 40]),
    frozenset(),
)


def test_a_head_answers_bottlenecks() -> None:
    """The last of three labels is the rest of the world, or a class like the others."""
    outside = answers_of_head(HEAD, PICTURES, None, outside=True)
    assert outside.of_class.tolist() == [True, False, True]
    assert outside.scores[0] == pytest.approx(np.exp(4) / (np.exp(4) + 2))
    assert outside.scores[1] == pytest.approx(1 / (np.exp(4) + 2))
    inside = answers_of_head(HEAD, PICTURES, None, outside=False)
    assert inside.of_class.all()
    assert inside.scores[1] == pytest.approx(outside.scores[0])
    assert not outside.rejected.any()


def test_the_gate_gets_the_scores_of_the_classes_among_themselves() -> None:
    """A picture that is far from both prototypes is rejected, whatever the label of the rest of the world says."""
    prototypes = np.array([[127, 0, 0], [0, 127, 0]], np.int8)
    gate = Gate(np.ones(3, np.float32), prototypes, 1 / 127, 0.0, 1.0, 0.5)
    assert answers_of_head(HEAD, PICTURES, gate, outside=True).rejected.tolist() == [False, True, False]
    sure = Gate(np.ones(3, np.float32), prototypes, 1 / 127, 1.0, 0.0, 1.0)  # the log odds alone
    assert answers_of_head(HEAD, PICTURES, sure, outside=True).rejected.tolist() == [False, True, True]
    little = np.array([[0.5, 0, 2.5]], np.float32)  # on a device, the scores of the classes are rounding alone
    assert answers_of_head(HEAD, little, sure, outside=True).rejected.tolist() == [True]
    assert answers_of_head(HEAD, little, sure, outside=False).rejected.tolist() == [False]


def test_a_retraining_counts_what_did_not_teach(options: RetrainOptions, tmp_path: Path) -> None:
    """Drawings, directions and photos held back; the counts of photos are those of the file's own answers."""
    background = tmp_path / "things"
    background.mkdir()
    for index in range(30):
        pixels = np.random.default_rng(index).integers(0, 256, (4, 4, 3), dtype=np.uint8)
        Image.fromarray(pixels).resize((32, 32), Image.Resampling.NEAREST).save(background / f"{index}.png")
    changed = dataclasses.replace(options, unknown="unknown", background=background)
    (model, *_) = retrain_all(changed, SILENT)
    found, judged = model.other_things, model.evaluation.background
    assert found is not None and judged is not None
    assert found.label == "unknown"
    assert [kind.kind for kind in found.strange] == ["drawings", "random directions", "photos held back"]
    assert [kind.pictures for kind in found.strange[:2]] == [32, 400]
    assert (found.strange[2].pictures, found.strange[2].named[0]) == (judged.photos, len(judged.taken))
    assert found.known.pictures == model.evaluation.count
    assert found.known.named[0] == model.evaluation.count - model.evaluation.answered_unknown
    loaded = ModelFile.load(model.path)
    if "--reject" in found.settings:
        gated = label_photos(loaded, [photo.path for photo in model.dataset.test_photos], reject=True)
        passed = [one.classification.rejected is False for one in gated if one.classification]
        assert abs(found.known.named[found.settings.index("--reject")] - sum(passed)) <= 1
    classifier = Classifier(loaded)
    answers = [classifier.classify(picture).label for picture in draw((tiny.INPUT_SIZE, tiny.INPUT_SIZE), JUDGING)]
    by_file = sum(label != "unknown" for label in answers)
    assert abs(found.strange[0].named[0] - by_file) <= 2, "the head in floats answers nearly as the file does"
    assert model_json(model)["other_things"] == json.loads(json.dumps(other_things_json(found)))


def test_one_line_and_the_json() -> None:
    """The counts of each kind, with every answer and with the gate, and what is the true measure."""
    assert other_things_line(FOUND) == (
        "other things that did not teach it and get the name of a class: 2 of 32 drawings and 30 of 400 random "
        "directions; with --reject 0 and 9; photos of yours are the true measure: trainer evaluate --strangers FOLDER"
    )
    without_gate = FOUND._replace(settings=["every answer", "score of 0.9 or more"])
    assert "--reject" not in other_things_line(without_gate)
    assert other_things_json(FOUND)["named"]["drawings"] == {"pictures": 32, "named": [2, 0, 1]}
    assert other_things_json(FOUND)["known"] == {"pictures": 50, "named": [49, 47, 40]}
