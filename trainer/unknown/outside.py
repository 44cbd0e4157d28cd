"""What the class for the rest of the world is taught by, and its column beside a head."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from edge.modelfile.unknown_facts import UnknownFacts
from trainer.bottlenecks.labelled import Labelled
from trainer.head.calibration import Calibration, score_threshold
from trainer.head.folds import Folds
from trainer.head.head_of_others import head_without
from trainer.head.linear import Head, softmax
from trainer.head.standardisation import Features
from trainer.one_thread import one_thread
from trainer.photos.dataset import Photo, fingerprint
from trainer.unknown.background import Background
from trainer.unknown.column import Column, Strange, fit_column, leads, spare_known, with_column
from trainer.unknown.directions import Directions
from trainer.unknown.strangers import JUDGING_SEED, not_like_classes, random_directions, strange_bottlenecks

MANY = 100
"""From this number on, photos of other things teach nearly alone; fewer weigh as much less as they are."""

FEW_VALIDATION = 100
"""Of fewer validation photos one in fifty says little: the training photos, in parts, help to choose the bias."""

# How much each source weighs, as a multiple of all known photos: docs/adr/0021 says what was tried.
_PHOTOS, _RANDOM, _DIRECTIONS, _DRAWINGS = 3.0, 1.0, 0.25, 0.3
_MOVED, _DRAWINGS_BESIDE_MOVED = 1.0, 1.7  # after fine-tuning; the second comes to that of drawings: docs/adr/0022
_BESIDE_MANY = 0.3  # of the weight of directions, if there are many photos
_MOST_DIRECTIONS = 500  # of a classifier: more change nothing but the time
_JUDGING = 400  # random directions


class UnknownClass(NamedTuple):
    """The class for the rest of the world as it goes into a file.

    ``teaching`` and ``held_back`` are photos of other things; the second did not teach the class. ``samples``
    (pictures, values) are bottlenecks that show which logits pictures of other things have.
    """

    facts: UnknownFacts
    teaching: list[Photo]
    held_back: list[Photo]
    samples: Features


class Extended(NamedTuple):
    """A ``calibration`` whose head has the ``column`` of the class for the rest of the world, behind the classes."""

    calibration: Calibration
    column: Column


class Outside(NamedTuple):
    """The class ``label`` for the rest of the world, and what teaches it.

    ``background`` are photos of other things, ``directions`` those of a classifier, None if there are none, and
    ``drawn`` (drawings, values) the bottlenecks of drawings. ``moved`` (things, values) are strange bottlenecks of the
    network before fine-tuning, as this moved them; None if there was none.
    """

    label: str
    background: Background
    directions: Directions | None
    drawn: Features
    moved: Features | None = None

    def as_class(self, known: Labelled) -> UnknownClass:
        """What a file says of the class; ``known`` are the photos of the classes that taught."""
        own = len(self._vectors(known))
        count = own + len(random_directions(known.features.shape[1]))
        source = f"{self.directions.source}, and random" if self.directions is not None and own else "random"
        if self.moved is not None:
            count += len(self.moved)
            source += ", also as fine-tuning moved them"
        teaches = self.background.teaching
        teaching = [photo for photo, chosen in zip(self.background.photos, teaches, strict=True) if chosen]
        photos = self.background.photos
        facts = UnknownFacts(
            self.label, len(teaching), count, len(self.drawn), source, fingerprint(photos) if photos else None
        )
        samples = np.concatenate([self.drawn, self.background.features[teaches]])
        return UnknownClass(facts, teaching, self.background.held_back, samples)

    def fit(self, head: Head, known: Labelled) -> Column:
        """The column for the calibrated ``head`` of the classes; ``known`` are the photos of them that teach."""
        with one_thread():  # one order of addition on any number of cores: the same photos give the same column
            return fit_column(head, known, self._strange(known))

    def extended(
        self, calibration: Calibration, known: Labelled, validation: Labelled, folds: Folds | None, l2: float
    ) -> Extended:
        """``calibration`` of the classes with the column, and with the threshold for their scores beside it.

        Of ``validation`` photos the column takes few. If these are too few to tell, ``folds`` (if given), the training
        and validation photos in parts, tell too: each part is judged by a head with the penalty ``l2`` and a column
        that were fitted on the others.

        A photo that gets the label of the rest of the world is not answered, so that it does not count for the
        threshold.
        """
        if folds is None or len(validation.features) >= FEW_VALIDATION:
            column = self._spared(calibration.head, known, validation)
        else:
            column = self.fit(calibration.head, known)
            with one_thread():
                column = spare_known(column, self._leads_in_parts(calibration, folds, l2))
        head = with_column(calibration.head, column)
        threshold = calibration.score_threshold
        if threshold is not None:
            with one_thread():
                scores = softmax(head.logits(validation.features))
            answered = scores.argmax(axis=1) < scores.shape[1] - 1
            weights = validation.weights
            threshold = score_threshold(
                scores[answered, :-1],
                validation.labels[answered],
                calibration.precision,
                weights=None if weights is None else weights[answered],
            )
        return Extended(calibration._replace(head=head, score_threshold=threshold), column)

    def again(self, head: Head, known: Labelled, twin: Column) -> Head:
        """``head`` with a column that is fitted on all photos, ``known``: its bias is lowered as that of its ``twin``.

        The twin's was chosen on photos that had not taught it.
        """
        return with_column(head, self.fit(head, known).lower(twin.lowered))

    def beside(self, head: Head, known: Labelled, validation: Labelled) -> Head:
        """``head`` with the column, which takes few of the ``validation`` photos of the classes."""
        return with_column(head, self._spared(head, known, validation))

    def _spared(self, head: Head, known: Labelled, validation: Labelled) -> Column:
        """The column that takes few of the ``validation`` photos of the classes."""
        with one_thread():
            column = fit_column(head, known, self._strange(known))
            return spare_known(column, leads(head, column, validation.features))

    def _leads_in_parts(self, calibration: Calibration, folds: Folds, l2: float) -> npt.NDArray[np.float64]:
        """How far a column is before the best class, for each photo that is in a part: (photos,)."""
        lead = np.full(len(folds.assigned), -np.inf)
        for part in range(folds.number):
            tested = folds.assigned == part
            others = folds.data.where(~tested)
            head = head_without(others, folds, calibration, l2)
            lead[tested] = leads(head, self.fit(head, others), folds.data.features[tested])
        return lead[folds.assigned >= 0]

    def _strange(self, known: Labelled) -> list[Strange]:
        photos = self.background.features[self.background.teaching]
        many = min(1.0, len(photos) / MANY)
        less = 1 - (1 - _BESIDE_MANY) * many
        random = random_directions(known.features.shape[1])
        parts = [
            Strange(photos, _PHOTOS * many),
            Strange(strange_bottlenecks(self._vectors(known), known.features), _DIRECTIONS * less),
            Strange(strange_bottlenecks(random, known.features), _RANDOM * less),
        ]
        drawings = _DRAWINGS
        if self.moved is not None:
            parts.append(Strange(self.moved, _MOVED * less))
            drawings += _DRAWINGS_BESIDE_MOVED * less
        parts.append(Strange(self.drawn, drawings))
        return [part for part in parts if len(part.features)]

    def judging(self, known: Labelled) -> dict[str, Features]:
        """Made bottlenecks that did not teach, (directions, values) of each kind; ``known`` are the photos that did.

        They lie along other random directions, and along those of the classifier that were too many to teach.
        """
        random = random_directions(known.features.shape[1], _JUDGING, JUDGING_SEED)
        kinds = {"random directions": random, "classifier directions": self._chosen(known)[1]}
        return {kind: strange_bottlenecks(found, known.features) for kind, found in kinds.items() if len(found)}

    def _vectors(self, known: Labelled) -> Features:
        """The directions of a classifier that teach."""
        return self._chosen(known)[0]

    def _chosen(self, known: Labelled) -> tuple[Features, Features]:
        """The directions of a classifier that are not those of the classes, or like them: some teach, some do not."""
        if self.directions is None:
            none = np.zeros((0, known.features.shape[1]), np.float32)
            return none, none
        with one_thread():  # a direction at the border must be on the same side on any number of cores
            vectors: Features = self.directions.vectors[not_like_classes(self.directions.vectors, known)]
        count = min(len(vectors), _MOST_DIRECTIONS)
        teaches = np.zeros(len(vectors), bool)
        teaches[np.arange(count) * len(vectors) // max(count, 1)] = True
        return vectors[teaches], vectors[~teaches]
