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
from trainer.head.calibration import with_temperature
from trainer.head.linear import Head
from trainer.teach.learning.examples import Snapshot, make_examples
from trainer.teach.learning.features import Features
from trainer.teach.learning.figures import Abandoned, make_figures
from trainer.teach.learning.taught_head import Choice, TaughtHead, quick_head, teach_head
from trainer.teach.state import Figures, Learnt, TaughtPhoto

_REST = 1.0  # after a quick fit the learner rests for this times the time that it took: the stream needs the processor


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
        self._choice = Choice()
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
            self._on_figures(make_figures(snapshot, None, Choice(), self._check))
            return
        quick = quick_head(
            snapshot.everything, len(snapshot.labels), snapshot.remembered, self._choice, self._start(snapshot.labels)
        )
        quick_s = time.monotonic() - started
        self._on_learnt(self._keep(snapshot, quick, quick_s, thorough=False))
        self._rest(_REST * quick_s)
        examples = make_examples(snapshot, self._features, self._compared)
        self._check()
        taught = teach_head(examples, self._check)
        self._on_learnt(self._keep(snapshot, taught, time.monotonic() - started, thorough=True))
        self._check()
        self._on_figures(
            make_figures(snapshot, examples, taught.choice, self._check, self._features.extractor.backbone.tuned)
        )

    def _keep(self, snapshot: Snapshot, taught: TaughtHead, seconds: float, *, thorough: bool) -> Learnt:
        """Begin at ``taught`` the next time; what it is for others."""
        self._last, self._choice = (snapshot.labels, taught.head), taught.choice
        head = with_temperature(taught.head, taught.choice.temperature)
        threshold = taught.choice.score_threshold if thorough else None
        return Learnt(snapshot.version, snapshot.labels, head, threshold, thorough, seconds)

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
