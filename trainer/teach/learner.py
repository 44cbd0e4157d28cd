"""Learning on a thread of its own: from the newest state of the photos to a head, and then to its figures."""

from __future__ import annotations

import threading
import time
import traceback
from collections.abc import Callable, Sequence

import numpy as np

from edge.errors import EdgeError
from trainer.bottlenecks.remembered import Remembered
from trainer.groups.find_groups import Compared
from trainer.head.calibration import calibrate, with_temperature
from trainer.head.choose import choose_head
from trainer.head.fit import DEFAULT_STEPS, Head, fit_again, weights_beside
from trainer.retraining.options import DEFAULT_PRECISION
from trainer.teach.examples import Examples, Snapshot, make_examples
from trainer.teach.features import Features
from trainer.teach.figures import Abandoned, make_figures
from trainer.teach.state import Figures, Learnt, TaughtPhoto

DEFAULT_L2 = 0.1
"""The penalty while a class has too few photos to choose one: see docs/measurements.md, few photos."""

_REST = 1.0  # after a quick fit the learner rests for this times the time that it took: the stream needs the processor
_QUICK_TOLERANCE = 1e-4


class Learner:
    """Learns from the newest state that it got; states that came while it was busy are skipped.

    The first head for a state comes quickly: the last penalty, from the last head. Then penalty, temperature and
    threshold are chosen as ``trainer retrain`` chooses them, and the head is fitted on all photos as its ``--final``
    does. Then the figures are computed. A newer state ends this at the next step.
    """

    def __init__(
        self,
        features: Features,
        *,
        on_learnt: Callable[[Learnt], None],
        on_figures: Callable[[Figures], None],
        on_problem: Callable[[str], None] = lambda text: None,
        remembered: Remembered | None = None,
    ) -> None:
        """Start to wait for a state. The functions are called on the learner's thread."""
        self._features, self._remembered = features, remembered
        self._on_learnt, self._on_figures, self._on_problem = on_learnt, on_figures, on_problem
        self._compared: Compared = {}
        self._condition = threading.Condition()
        self._next: tuple[int, tuple[TaughtPhoto, ...]] | None = None
        self._closing = False
        self._l2, self._temperature = DEFAULT_L2, 1.0
        self._last: tuple[tuple[str, ...], Head] | None = None  # the last head, without its temperature
        self._thread = threading.Thread(target=self._run, name="learner", daemon=True)
        self._thread.start()

    def learn(self, version: int, photos: Sequence[TaughtPhoto]) -> None:
        """Learn from ``photos``, the state ``version``; it does not wait. Their bottlenecks are known."""
        with self._condition:
            self._next = version, tuple(photos)
            self._condition.notify_all()

    def close(self) -> None:
        """End the thread; a fit that runs is not waited for longer than a second."""
        with self._condition:
            self._closing = True
            self._condition.notify_all()
        self._thread.join(1.0)

    def _run(self) -> None:
        while (state := self._take()) is not None:
            try:
                self._learn(Snapshot.of(*state, self._features, self._remembered))
            except Abandoned:
                continue
            except (EdgeError, MemoryError, np.linalg.LinAlgError) as error:
                self._on_problem(f"nothing could be learnt: {error or 'not enough memory'}")
            except Exception:  # a fault of this program: the session must go on, and the fault must be seen
                traceback.print_exc()
                self._on_problem("nothing could be learnt: a fault of this program; its trace is in the terminal")

    def _take(self) -> tuple[int, tuple[TaughtPhoto, ...]] | None:
        """The next state, None at the end."""
        with self._condition:
            self._condition.wait_for(lambda: self._closing or self._next is not None)
            state, self._next = self._next, None
            return None if self._closing else state

    def _check(self) -> None:
        """Raise :class:`Abandoned` if there is a newer state, or this is the end."""
        with self._condition:
            if self._closing or self._next is not None:
                raise Abandoned

    def _learn(self, snapshot: Snapshot) -> None:
        started = time.monotonic()
        if len(snapshot.labels) < 2:
            self._last = None
            self._on_learnt(Learnt(snapshot.version, snapshot.labels, None, None, True, 0.0))
            self._on_figures(make_figures(snapshot, None, DEFAULT_L2, 1.0, self._check))
            return
        everything = snapshot.everything
        head = fit_again(
            everything,
            len(snapshot.labels),
            self._l2,
            DEFAULT_STEPS,
            weights_beside(everything, len(snapshot.labels), snapshot.remembered),
            start=self._start(snapshot.labels),
            tolerance=_QUICK_TOLERANCE,
        )
        self._last = snapshot.labels, head
        quick_s = time.monotonic() - started
        calibrated = with_temperature(head, self._temperature)
        self._on_learnt(Learnt(snapshot.version, snapshot.labels, calibrated, None, False, quick_s))
        self._rest(_REST * quick_s)
        examples = make_examples(snapshot, self._features, self._compared)
        self._check()
        learnt = self._learn_thoroughly(snapshot.version, examples)
        self._on_learnt(learnt._replace(seconds=time.monotonic() - started))
        self._check()
        self._on_figures(make_figures(snapshot, examples, self._l2, self._temperature, self._check))

    def _learn_thoroughly(self, version: int, examples: Examples) -> Learnt:
        """What ``trainer retrain --final`` would learn; if it would refuse: the default penalty, no temperature."""
        labels, training, validation = examples.labels, examples.training, examples.validation
        self._l2, self._temperature, threshold = DEFAULT_L2, 1.0, None
        if examples.can_choose:
            weights = weights_beside(training, len(labels), examples.remembered)
            fit = choose_head(training, validation, len(labels), weights, self._check)
            calibration = calibrate(fit.head, validation, DEFAULT_PRECISION)
            self._l2, self._temperature = fit.l2, calibration.temperature
            threshold = calibration.score_threshold if examples.dataset.has_evidence else None
        everything = examples.everything
        weights = weights_beside(everything, len(labels), examples.remembered)
        # The quick head is near: it was fitted on the same photos, perhaps with another penalty.
        head = fit_again(everything, len(labels), self._l2, DEFAULT_STEPS, weights, start=self._start(labels))
        self._last = labels, head
        return Learnt(version, labels, with_temperature(head, self._temperature), threshold, True, 0.0)

    def _start(self, labels: tuple[str, ...]) -> Head | None:
        """The last head with the columns of ``labels``; a new label's column is zero."""
        if self._last is None:
            return None
        old, head = self._last
        start = Head(np.zeros((len(head.weights), len(labels))), np.zeros(len(labels)))
        for place, label in enumerate(labels):
            if label in old:
                start.weights[:, place], start.bias[place] = (
                    head.weights[:, old.index(label)],
                    head.bias[old.index(label)],
                )
        return start

    def _rest(self, seconds: float) -> None:
        """Wait, and raise :class:`Abandoned` if there is a newer state then."""
        with self._condition:
            self._condition.wait_for(lambda: self._closing, seconds)
        self._check()
