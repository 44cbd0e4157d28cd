"""The head of more photos than fit into memory: its penalty is searched on some of them, then it is fitted on all."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from edge.errors import DatasetError
from trainer.bottlenecks.labelled import Labelled
from trainer.bottlenecks.stored import Stored
from trainer.head.blocked_loss import BlockedLoss
from trainer.head.curvature import Curvature
from trainer.head.fit import HeadFit, Step, check_finite
from trainer.head.fit_checkpoint import FitCheckpoint
from trainer.head.lbfgs import Walk
from trainer.head.linear import Head, accuracy, cross_entropy
from trainer.head.minimise import SEARCH_TOLERANCE, minimise_loss, shares_of
from trainer.head.penalty import search_penalty
from trainer.head.standardisation import Standardisation
from trainer.head.training_loss import TrainingLoss
from trainer.one_thread import one_thread

STORED_TOLERANCE = 1e-5
"""Relative change of the loss that ends a fit on stored photos: docs/adr/0030 says what a smaller one brings."""

_GROWTH = 4
_FIT_VERSION = 1  # changes with every change of a fit, so that none goes on where another one was

ClassWeights = Callable[[npt.NDArray[np.intp]], npt.NDArray[np.float64] | None]
"""Makes the weights of the classes (labels,) from the labels of the photos that train (photos,); None: all the same."""


class StoredTraining(NamedTuple):
    """The photos that train a head: ``stored`` ones, and those ``beside`` them in memory.

    ``sample`` are some of both, in memory. A fit that is killed goes on from what it has written into ``folder``; None:
    it begins anew. ``key`` says which bottlenecks are stored.
    """

    stored: Stored
    beside: Labelled | None
    sample: Labelled
    folder: Path | None = None
    key: bytes = b""

    @property
    def labels(self) -> npt.NDArray[np.intp]:
        """The index of the label of each photo that trains, (photos,)."""
        return self.stored.labels if self.beside is None else np.append(self.stored.labels, self.beside.labels)


def fit_stored(
    training: StoredTraining,
    validation: Labelled,
    labels: int,
    max_steps: int,
    class_weights: ClassWeights,
    advance: Callable[[int], None] = lambda count: None,
) -> HeadFit:
    """Fit a head for ``labels`` classes on all photos of ``training``, from the head that its sample gives.

    The penalty is chosen on the sample as :func:`~trainer.head.fit.fit_head` does it, and is that of all photos too:
    docs/adr/0030 says what a weaker one does. ``validation`` are photos that did not train, in memory. ``advance`` is
    called with the number of photos whenever the loss of some has been computed.

    Raises :class:`~edge.errors.DatasetError` if a bottleneck is not a finite number, and
    :class:`~edge.errors.StorageError` if the stored ones cannot be read.
    """
    check_finite(training.sample, validation)
    with one_thread():
        found = search_penalty(training.sample, validation, labels, max_steps, class_weights(training.sample.labels))
        fit = _Fit(training, found.unit, found.curvature, found.l2, labels, max_steps, class_weights, advance)
        start, unseen = found.head, found.validation.features
        del found  # and with it the standardised sample: 160 MB that the fit on all photos does not need
        steps: list[Step] = []

        def validate(head: Head) -> tuple[float, float]:
            logits = head.logits(unseen)
            return accuracy(logits, validation.labels), cross_entropy(logits, validation.labels)

        head = fit.minimise(start, steps, validate)
    return HeadFit(head, fit.l2, steps)


def fit_stored_again(
    training: StoredTraining,
    labels: int,
    l2: float,
    max_steps: int,
    class_weights: ClassWeights,
    start: Head,
    advance: Callable[[int], None] = lambda count: None,
) -> Head:
    """Fit a head as :func:`fit_stored` does, with a penalty ``l2`` that was found before, from the head ``start``.

    Raises the errors of :func:`fit_stored`.
    """
    check_finite(training.sample)
    with one_thread():
        unit = Standardisation.of(training.sample.features)
        curvature = Curvature.of(unit.apply(training.sample.features))
        first = Head(*unit.unfolded(*start))
        return _Fit(training, unit, curvature, l2, labels, max_steps, class_weights, advance).minimise(first, [], None)


class _Fit(NamedTuple):
    """What a head is fitted on, and how; see :func:`fit_stored`."""

    training: StoredTraining
    unit: Standardisation
    curvature: Curvature
    l2: float
    labels: int
    max_steps: int
    class_weights: ClassWeights
    advance: Callable[[int], None]

    def minimise(self, start: Head, steps: list[Step], validate: Callable[[Head], tuple[float, float]] | None) -> Head:
        """The head for raw bottlenecks; ``start`` is one for standardised ones.

        It is fitted on parts that grow, each from the head of the part before: so few steps are left for all photos.
        ``steps`` get those on all photos, if ``validate`` gives accuracy and cross entropy of validation photos. A fit
        that was killed goes on where it was.
        """
        head, folder = start, self.training.folder
        checkpoint = None if folder is None else FitCheckpoint(folder, self._key(start))
        saved = None if checkpoint is None else checkpoint.load()
        for number, part in enumerate(growing_parts(self.training)):
            if saved is not None and number < saved.part:
                continue
            walked = None
            if saved is not None and number == saved.part:
                walked = saved.walk
                steps.extend(Step(*step) for step in saved.steps)

            def keep(walk: Walk, number: int = number) -> None:
                if checkpoint is not None:
                    checkpoint.save(number, walk, steps)

            head = self._on_part(part, head, steps, validate if part is self.training else None, walked, keep)
        if checkpoint is not None:
            checkpoint.remove()
        return Head(*self.unit.folded(*head))

    def _on_part(
        self,
        part: StoredTraining,
        start: Head,
        steps: list[Step],
        validate: Callable[[Head], tuple[float, float]] | None,
        walked: Walk | None,
        keep: Callable[[Walk], None],
    ) -> Head:
        weights = self.class_weights(part.labels)
        shares = shares_of(part.labels, np.ones(self.labels) if weights is None else weights)
        loss = BlockedLoss(part.stored, part.beside, self.unit, shares, self.labels, self.advance)

        def on_step(head: Head, found: TrainingLoss) -> None:
            if validate is not None:
                steps.append(Step(float(found.right.mean()), float(found.losses.mean()), *validate(head)))

        return minimise_loss(
            partial(_checked, loss),
            shares,
            self.l2,
            self.max_steps,
            start,
            self.curvature,
            on_step=on_step,
            tolerance=STORED_TOLERANCE if part is self.training else SEARCH_TOLERANCE,
            walked=walked,
            on_walk=keep,
        )

    def _key(self, start: Head) -> str:
        """All that the fit depends on, as a name of a file."""
        training, beside = self.training, self.training.beside
        weights = self.class_weights(training.labels)
        digest = hashlib.sha256(training.key)
        digest.update(repr((_FIT_VERSION, self.l2, self.labels, self.max_steps, STORED_TOLERANCE)).encode())
        arrays = [*self.unit, *start, training.labels, training.stored.rows]
        arrays += [] if weights is None else [weights]
        arrays += [] if beside is None else [beside.features, beside.labels]
        for array in arrays:
            digest.update(np.ascontiguousarray(array).data)
        return digest.hexdigest()[:32]


def growing_parts(training: StoredTraining) -> Iterator[StoredTraining]:
    """Parts of ``training``, each four times as large as the one before, and last all of it.

    The photos of a part are taken evenly from the photos of each class. Those beside the stored ones are in all parts.
    """
    photos = len(training.stored.labels)
    order = np.argsort(training.stored.labels, kind="stable")
    count = _GROWTH * len(training.sample.labels)
    while count * 2 <= photos:
        chosen = np.sort(order[np.arange(count) * photos // count])
        yield training._replace(stored=training.stored.where(chosen))
        count *= _GROWTH
    yield training


def _checked(loss: BlockedLoss, weights: npt.NDArray[np.float64], bias: npt.NDArray[np.float64]) -> TrainingLoss:
    found = loss(weights, bias)
    if not np.isfinite(found.losses).all():
        raise DatasetError("a bottleneck is not a finite number; are the weights of the backbone sound?")
    return found
