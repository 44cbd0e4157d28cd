"""How often a new model gives other things the name of a class: measured with pictures that did not teach it."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from edge.inference.gate import Gate, among_themselves
from trainer.bottlenecks.extractor import FeatureExtractor
from trainer.bottlenecks.labelled import Labelled
from trainer.bottlenecks.stored import Stored
from trainer.evaluation.background import BackgroundAnswers
from trainer.evaluation.evaluate import Evaluation
from trainer.evaluation.settings import Answers, Setting, read_answers, settings
from trainer.head.calibration import Calibration
from trainer.head.linear import Head, softmax
from trainer.head.standardisation import Features
from trainer.one_thread import one_thread
from trainer.unknown.drawings import JUDGING
from trainer.unknown.drawn_bottlenecks import drawn_bottlenecks
from trainer.unknown.outside import Outside

DRAWINGS, HELD_BACK, KNOWN = "drawings", "photos held back", "test photos of the classes"
"""The first and the last kind of other things, between them are bottlenecks along directions; and what is known."""


class Judged(NamedTuple):
    """Of ``pictures`` pictures of one ``kind``, how many get the name of a class: ``named`` has a count for each
    setting.
    """

    kind: str
    pictures: int
    named: list[int]


class OtherThings(NamedTuple):
    """How a new model answers other things, with each of ``settings``; none of them taught it.

    ``label`` is the class for the rest of the world, None if the model has none. ``strange`` are drawings, then, if
    there is that class, bottlenecks along directions, and last photos of other things that were held back, if there
    are some. ``known`` are the test photos of the classes. The head in floats judges drawings and directions, the file
    judges photos; the gate judges cached bottlenecks. ``rejected`` are the sha256 of the photos held back that
    the gate rejects, None if there is no gate.
    """

    label: str | None
    settings: list[str]
    strange: list[Judged]
    known: Judged
    rejected: frozenset[bytes] | None


def judge_other_things(
    extractor: FeatureExtractor,
    calibration: Calibration,
    gate: Gate | None,
    outside: Outside | None,
    training: Labelled,
    tested: Labelled | Stored,
    evaluation: Evaluation,
) -> OtherThings | None:
    """How the model of ``evaluation``, with the head of ``calibration`` and this ``gate``, answers other things.

    ``outside`` is its class for the rest of the world, None if it has none. ``training`` are the photos of the classes
    that taught, ``tested`` those of ``evaluation``. The result is None for a model that has neither that class nor a
    gate: it gives every picture the name of a class.

    Raises :class:`~edge.errors.StorageError` if the cache cannot be written.
    """
    if outside is None and gate is None:
        return None
    ways = settings(calibration.score_threshold, gate is not None)
    made = {DRAWINGS: drawn_bottlenecks(extractor, JUDGING)}

    def judge(features: Features) -> Answers:
        return answers_of_head(calibration.head, features, gate, outside is not None)

    with one_thread():  # one order of addition on any number of cores: the same photos give the same counts
        if outside is not None:
            made |= outside.judging(training)
        strange = [_judged(kind, ways, judge(features)) for kind, features in made.items()]
        of_tested = [judge(block.features).rejected for block in tested.blocks()]
        held_back = None if outside is None else outside.background.features[~outside.background.teaching]
        of_held_back = None if held_back is None else judge(held_back)
    rejected = None
    if gate is not None:
        photos = [] if outside is None else outside.background.held_back
        flags = [] if of_held_back is None else of_held_back.rejected.tolist()
        rejected = frozenset(photo.sha256 for photo, flag in zip(photos, flags, strict=True) if flag)
    if evaluation.background is not None:
        strange.append(_of_photos(ways, evaluation.background, rejected or frozenset()))
    answers = read_answers((answer for _, answer in evaluation.classified()), evaluation.unknown)
    known = _judged(KNOWN, ways, answers._replace(rejected=np.concatenate(of_tested)[evaluation.decoded]))
    return OtherThings(evaluation.unknown, [way.name for way in ways], strange, known, rejected)


def answers_of_head(head: Head, features: Features, gate: Gate | None, outside: bool) -> Answers:
    """What a calibrated ``head`` and its ``gate`` say of ``features`` (pictures, values).

    ``outside``: the last label of the head is the rest of the world. The gate gets the scores of the classes among
    themselves, as on a device.
    """
    logits = head.logits(features)
    classes = logits.shape[1] - outside
    of_classes = softmax(logits)[:, :classes]
    rejected = np.zeros(len(features), bool)
    if gate is not None:
        best = (among_themselves(of_classes) if outside else of_classes).max(axis=1)
        rejected = gate.familiarity(features.astype(np.float32, copy=False), best) < gate.least
    return Answers(logits.argmax(axis=1) < classes, of_classes.max(axis=1), rejected)


def _judged(kind: str, ways: list[Setting], answers: Answers) -> Judged:
    return Judged(kind, len(answers.scores), [int(way.named(answers).sum()) for way in ways])


def _of_photos(ways: list[Setting], background: BackgroundAnswers, rejected: frozenset[bytes]) -> Judged:
    taken = background.taken  # all others have the label of the rest of the world, whatever the setting is
    answers = Answers(
        np.ones(len(taken), bool),
        np.array([entry.score for entry in taken], np.float64),
        np.array([entry.photo.sha256 in rejected for entry in taken], bool),
    )
    return _judged(HELD_BACK, ways, answers)._replace(pictures=background.photos)
