"""A session: the photos on disk, what is learnt from them, and the state that the page shows."""

from __future__ import annotations

import asyncio
import threading
import time
from collections import deque
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import NamedTuple

from edge.errors import UsageError
from edge.sinks.web.changes import Changes
from trainer.bottlenecks.cache import BottleneckCache
from trainer.bottlenecks.extractor import FeatureExtractor
from trainer.bottlenecks.remembered import Remembered
from trainer.teach.folders.class_folders import Added, ClassFolders
from trainer.teach.learning.session_learning import Learning
from trainer.teach.protocols import FrameRecorder, Handover
from trainer.teach.review import Neighbour, ReviewedPhoto, chosen, in_order, neighbours, review
from trainer.teach.session_state import describe_session
from trainer.teach.state import (
    CLASS,
    PLACES,
    Action,
    Answer,
    Hold,
    Learnt,
    Message,
    ModelState,
    SessionState,
)

_MOST_MESSAGES = 50


class PhotoDetails(NamedTuple):
    """A photo, the score of every label, the best first, and its nearest photos."""

    reviewed: ReviewedPhoto
    scores: list[Answer]
    neighbours: list[Neighbour]


class Session:
    """Any thread may call the methods; :meth:`wait_for_other` belongs to the event loop of :meth:`attach`."""

    def __init__(
        self,
        folder: Path,
        extractor: FeatureExtractor,
        *,
        inbox: Path | None = None,
        remembered: Remembered | None = None,
        publish: Callable[[Learnt], None] = lambda learnt: None,
        write_message: Callable[[str], None] = lambda text: None,
    ) -> None:
        """Open the session of ``folder`` and start to learn, on threads of its own.

        ``extractor`` gives the bottlenecks. ``inbox`` is the folder of captured frames (default: inside ``folder``).
        The classes of ``remembered`` are classes of the session too; their photos are gone.
        ``publish`` gets each new head; ``write_message`` gets the lines that the page shows too.

        Raises the errors of :class:`~trainer.teach.folders.class_folders.ClassFolders`.
        """
        self._publish, self._write_message = publish, write_message
        with BottleneckCache(extractor.bottleneck_dir) as cache:
            known = cache.known_files()
        self.folders = ClassFolders(folder, inbox, known_files=known, progress=extractor.progress)
        self.folder = folder
        self._before = frozenset(self.folders.photos)  # not by a time: a board without a clock learns it later
        self.recorder: FrameRecorder | None = None
        self.handover: Handover | None = None
        self._lock = threading.RLock()
        self._version, self._closed = 0, False
        self._changes = Changes()
        self._messages: deque[Message] = deque(maxlen=_MOST_MESSAGES)
        self._state: SessionState | None = None
        for entry in self.folders.skipped:
            self.message(f"{entry.path}: skipped: {entry.reason}")
        self._add_remembered(remembered)
        self._learn_with(extractor, remembered)

    def use_backbone(
        self, extractor: FeatureExtractor, remembered: Remembered | None, switch: Callable[[], None]
    ) -> None:
        """Go on with another backbone: that of ``extractor``, whose file has ``remembered`` classes.

        ``switch`` is called when no head of the old backbone will be published any more. All bottlenecks are computed
        anew, in the background; the first head comes after them.

        Raises the errors of :meth:`add_class`, for a class that is remembered; the session is then as it was.
        """
        self._add_remembered(remembered)
        self.learning.close()
        switch()
        self._learn_with(extractor, remembered)
        self.announce()

    def _add_remembered(self, remembered: Remembered | None) -> None:
        for label in remembered.labels if remembered else ():
            self.folders.add_class(label)

    def _learn_with(self, extractor: FeatureExtractor, remembered: Remembered | None) -> None:
        self.extractor, self.remembered = extractor, remembered
        self.learning = Learning(
            self.folders,
            extractor,
            remembered=remembered,
            publish=self._publish,
            announce=self.announce,
            write_message=self.message,
        )

    # What the page shows.

    def attach(self, loop: asyncio.AbstractEventLoop) -> None:
        """Set the event loop on which :meth:`wait_for_other` is called."""
        self._changes.attach(loop)

    async def wait_for_other(self, version: int, timeout_s: float) -> None:
        """Wait until the state is not that of ``version``, for at most ``timeout_s`` seconds."""
        await self._changes.wait_while(lambda: not self._closed and self._version == version, timeout_s)

    @property
    def version(self) -> int:
        """A number that grows with every change of the state."""
        return self._version

    def state(self) -> SessionState:
        """The state of now."""
        with self._lock:
            if self._state is None or self._state.version != self._version:
                self._state = describe_session(
                    self.folders,
                    version=self._version,
                    extractor=self.extractor,
                    remembered=self.remembered,
                    recording=self.recorder.recording if self.recorder else None,
                    learning=self.learning,
                    model=self.handover.state if self.handover else ModelState("none", "no model was saved yet"),
                    messages=tuple(self._messages),
                )
            return self._state

    def message(self, text: str) -> None:
        """Show ``text``, one line, on the page and in the terminal."""
        self._write_message(text)
        with self._lock:
            self._messages.append(Message(time.time(), text))
        self.announce()

    def announce(self) -> int:
        """Count a change of the state and wake those who wait for one; returns the number of the state."""
        with self._lock:
            self._version += 1
            version = self._version
        self._changes.announce()
        return version

    # Photos and classes.

    def add_photo(self, content: bytes, label: str, *, name: str | None = None, hold: Hold | None = None) -> Added:
        """Add a picture, the bytes of a file, to the class ``label``; ``name`` is the name that it had.

        Raises :class:`~edge.errors.ImageError` if it cannot be decoded, :class:`~edge.errors.UsageError` if there is no
        such class, and :class:`~edge.errors.StorageError` if it cannot be written.
        """
        added = self.folders.add(content, label, name=name, hold=hold)
        if added.outcome == "added":
            self.learning.add(added.photo, content)
        return added

    def add_class(self, name: str) -> str:
        """Add the class ``name`` if it is not there; returns its name as it is kept."""
        kept = self.folders.add_class(name)
        self.learning.learn()
        return kept

    def rename_class(self, old: str, new: str) -> Action | None:
        """Give the class ``old`` the name ``new``."""
        return self._done(self.folders.rename_class(old, new))

    def merge_class(self, source: str, into: str) -> Action | None:
        """Move all photos of the class ``source`` into another class, and remove ``source``."""
        return self._done(self.folders.merge_class(source, into))

    def delete_class(self, name: str) -> Action | None:
        """Remove the class ``name``; its photos go to the trash."""
        return self._done(self.folders.delete_class(name))

    def assign(self, ids: Sequence[str], label: str) -> Action | None:
        """Move photos, given by id, into the class ``label``."""
        return self._done(self.folders.assign(ids, label))

    def delete(self, ids: Sequence[str]) -> Action | None:
        """Move photos, given by id, to the trash."""
        return self._done(self.folders.delete(ids))

    def undo(self, action: int) -> Action | None:
        """Undo ``action`` if it is the last one; None if it is another one."""
        return self._done(self.folders.undo(action))

    def redo(self, action: int) -> Action | None:
        """Do ``action`` again if it was undone last; None if it is another one."""
        return self._done(self.folders.redo(action))

    def empty_trash(self) -> None:
        """Remove the deleted photos for good; no action can be undone after that."""
        self.folders.empty_trash()
        self.announce()

    def record(self, label: str, hold: str) -> None:
        """Record the frames of the stream for ``label``, for a second; called again, it goes on.

        Raises :class:`~edge.errors.UsageError` if there is no stream or no such class.
        """
        if self.recorder is None:
            raise UsageError("there is no camera in this session; add photos from files")
        if label not in self.folders.classes:
            raise UsageError(f"there is no class {label!r}; add it first")
        self.recorder.record(label, hold)

    def stop_recording(self, hold: str) -> None:
        """Stop the recording ``hold`` if it is the one that runs."""
        if self.recorder is not None:
            self.recorder.stop(hold)

    # Review.

    def review(
        self, place: str = CLASS, label: str | None = None, filter_: str | None = None, order: str = "newest"
    ) -> list[ReviewedPhoto]:
        """The photos of ``place`` (and of the class ``label``) that the filter takes, in ``order``.

        See :data:`trainer.teach.review.FILTERS` and :data:`trainer.teach.review.ORDERS`.
        """
        assert place in PLACES
        photos = self.folders.of(place, label)
        return in_order(chosen(review(photos, self.learning.scores(), self._doubtful()), filter_, self._before), order)

    def details(self, id_: str) -> PhotoDetails | None:
        """What is known of the photo ``id_``; None if there is no such photo."""
        photo = self.folders.photos.get(id_)
        if photo is None:
            return None
        scores = self.learning.scores()
        held = [other for other in self.folders.of(photo.place) if other.hold == photo.hold] if photo.hold else [photo]
        reviewed = review(held, scores, self._doubtful())
        near: list[Neighbour] = []
        features = self.learning.features
        if features.has(id_):
            others = [other for other in self.folders.of(CLASS) if features.has(other.id)]
            near = neighbours(photo, features.rows([id_])[0], others, features.rows([other.id for other in others]))
        one = next((entry for entry in reviewed if entry.photo.id == id_), None)
        return one and PhotoDetails(one, scores.scores(id_) if scores else [], near)

    def close(self) -> None:
        """End the threads and give the folder back; photos that came are kept."""
        self._closed = True
        self._changes.announce()
        self.learning.close()
        self.folders.close()

    def _done(self, action: Action | None) -> Action | None:
        if action is not None:
            self.learning.learn()
        return action

    def _doubtful(self) -> dict[str, float]:
        figures = self.learning.figures
        return dict(figures.doubtful) if figures else {}
