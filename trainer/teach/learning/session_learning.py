"""What is learnt in a session: bottlenecks of all photos, the newest head, its figures, and its answers."""

from __future__ import annotations

import threading
from collections.abc import Callable

from edge.errors import EdgeError
from trainer.bottlenecks.extractor import FeatureExtractor
from trainer.bottlenecks.remembered import Remembered
from trainer.progress import Stage
from trainer.teach.folders.class_folders import ClassFolders
from trainer.teach.learning.features import Features
from trainer.teach.learning.figures import Abandoned
from trainer.teach.learning.learner import Learner
from trainer.teach.review import PhotoScores
from trainer.teach.state import CLASS, INBOX, TRASH, Figures, Learnt, TaughtPhoto

_RESCAN_S = 2.0  # how often new files of other programs are looked for


class Learning:
    """Keeps bottlenecks, head and figures of ``folders`` up to date, on threads of its own."""

    def __init__(
        self,
        folders: ClassFolders,
        extractor: FeatureExtractor,
        *,
        remembered: Remembered | None = None,
        publish: Callable[[Learnt], None],
        announce: Callable[[], int],
        write_message: Callable[[str], None],
    ) -> None:
        """Learn from the photos of ``folders`` with the bottlenecks of ``extractor``, and from what is ``remembered``.

        ``publish`` gets each new head. ``announce`` is called after every change and returns the number of the state;
        ``write_message`` gets a line for each photo that cannot be read.
        """
        self._folders, self._publish = folders, publish
        self._announce, self._write_message = announce, write_message
        self.learnt: Learnt | None = None
        self.figures: Figures | None = None
        self.work: Stage | None = None
        self.asked = 0
        """The version of the photos that is to be learnt."""
        self.features = Features(extractor)
        self._lock = threading.Lock()
        self._unreadable: set[str] = set()
        self._scores: tuple[tuple[Learnt | None, int], PhotoScores | None] = (None, 0), None
        self._learner = Learner(
            self.features,
            on_learnt=self._on_learnt,
            on_figures=self._on_figures,
            on_problem=write_message,
            remembered=remembered,
        )
        self._wake, self._closing = threading.Event(), threading.Event()
        self._filler = threading.Thread(target=self._fill_forever, name="bottlenecks", daemon=True)
        self._filler.start()

    def learn(self) -> None:
        """Learn from the photos of now. Photos without a bottleneck come later, when it is computed."""
        with self._lock:  # a later call has the later photos
            self.asked = self._announce()
            photos = self._folders.of(CLASS)
            ready = [photo for photo in photos if self.features.has(photo.id)]
            self._learner.learn(self.asked, ready)
        if len(ready) < len(photos):
            self._wake.set()

    def add(self, photo: TaughtPhoto, content: bytes) -> None:
        """Compute the bottleneck of a photo that just came, whose file has the bytes ``content``, and learn it."""
        self.features.add(photo, content)
        self.learn()

    def scores(self) -> PhotoScores | None:
        """The scores of all photos but those in the trash with the newest head; None before there is a head."""
        with self._lock:
            learnt = self.learnt
            (scored, count), scores = self._scores
            if scored is not learnt or count != len(self.features):
                scores = None
                if learnt is not None and learnt.head is not None:
                    photos = self._folders.photos.values()
                    ids = [photo.id for photo in photos if photo.place != TRASH and self.features.has(photo.id)]
                    scores = PhotoScores(learnt.head, learnt.labels, ids, self.features.rows(ids))
                self._scores = (learnt, len(self.features)), scores
            return scores

    def close(self) -> None:
        """End the threads, at the next photo if bottlenecks are being computed; nothing is published after that."""
        with self._lock:
            self._closing.set()
        self._wake.set()
        self._learner.close()
        self._filler.join(1.0)

    def _on_learnt(self, learnt: Learnt) -> None:
        with self._lock:
            if self._closing.is_set():
                return
            self.learnt = learnt
            self._publish(learnt)
        self._announce()

    def _on_figures(self, figures: Figures) -> None:
        self.figures = figures
        self._announce()

    def _fill_forever(self) -> None:
        """On a thread of its own: bottlenecks of photos that came as files, and files of other programs."""
        first = True
        while not self._closing.is_set():
            try:
                changed = not first and self._folders.rescan()
                if self._fill(CLASS) or first or changed:
                    self.learn()
                if self._fill(INBOX):
                    self._announce()
            except Abandoned:
                return
            except EdgeError as error:
                self._write_message(str(error))
            first = False
            self._wake.wait(_RESCAN_S)
            self._wake.clear()

    def _fill(self, place: str) -> bool:
        """Compute what is missing for the photos of ``place``; True if there was something."""
        missing = [
            photo
            for photo in self._folders.of(place)
            if not self.features.has(photo.id) and photo.id not in self._unreadable
        ]
        if not missing:
            return False

        def on_progress(stage: Stage) -> None:
            if self._closing.is_set():
                raise Abandoned
            self._set_work(stage._replace(name="bottlenecks"))

        try:
            for id_, reason in self.features.fill(missing, on_progress).items():
                self._unreadable.add(id_)
                name = next(photo.relative for photo in missing if photo.id == id_)
                self._write_message(f"{name}: skipped: {reason}")
        finally:
            self._set_work(None)
        return True

    def _set_work(self, work: Stage | None) -> None:
        self.work = work
        self._announce()
