"""The pool that labels pictures: one worker a core, each with interpreters of its own, and a bounded queue."""

from __future__ import annotations

import asyncio
import contextlib
import queue
import threading
import time
from collections import deque
from collections.abc import Sequence
from typing import NamedTuple, TypeAlias

from edge.errors import ImageError
from edge.inference.classifier import Classifier
from edge.inference.delegate import DelegateChoice
from edge.modelfile.model_file import ModelFile
from edge.serving.answers import Refused, ending
from edge.serving.models import ServedModel
from edge.serving.pictures import GivenPicture
from edge.types import LabelledPhoto

STUCK_S = 60.0
"""A worker that has been in one picture for longer, in seconds, is stuck: the largest pictures take seconds."""

Results: TypeAlias = "list[LabelledPhoto | BaseException]"
"""What came of the pictures of a request, in their order."""


class LabelSettings(NamedTuple):
    """How pictures are labelled: the fields are the arguments of :func:`edge.inference.label_photos.label_photos`."""

    runtime: str | None
    top_k: int
    score_threshold: float
    reject: bool
    delegate: DelegateChoice | None = None


class _Request:
    """The pictures of one request, of which ``missing`` are not labelled yet, and where their labels go."""

    def __init__(self, model: ServedModel, pictures: Sequence[GivenPicture], future: asyncio.Future[Results]) -> None:
        self.model, self.pictures, self.future = model, pictures, future
        self.results: Results = [RuntimeError("not labelled")] * len(pictures)
        self.missing = len(pictures)


class LabelPool:
    """Labels pictures on threads, as ``edge label`` does in a folder (docs/adr/0006-one-worker-a-core.md).

    :meth:`warm` and :meth:`close` are called on any thread, the others on one, that of an event loop.
    """

    def __init__(self, workers: int, room: int, settings: LabelSettings) -> None:
        """Label on ``workers`` threads; at most ``room`` pictures wait or are in work at a time, ``held`` now."""
        self.room, self.held = room, 0
        self._workers, self._settings = workers, settings
        self._queue: queue.SimpleQueue[tuple[_Request, int] | None] = queue.SimpleQueue()
        self._lock = threading.Lock()
        self._futures: set[asyncio.Future[Results]] = set()
        self._ended: deque[_Request] = deque()
        self._closed = self._called = False
        self._begun_s: list[float | None] = [None] * workers  # when each worker began its picture

    def warm(self, models: Sequence[ServedModel]) -> None:
        """Start all workers, and make their interpreters for ``models`` now.

        Raises what :class:`~edge.inference.classifier.Classifier` raises, and :class:`RuntimeError` if there is no room
        for so many threads. Workers that have started run until :meth:`close`.
        """
        made: queue.SimpleQueue[BaseException | None] = queue.SimpleQueue()
        for number in range(self._workers):
            threading.Thread(target=self._work, args=(number, models, made), name=f"label_{number}").start()
        errors = [made.get() for _ in range(self._workers)]
        for error in errors:
            if error is not None:
                raise error

    def stuck(self) -> int:
        """How many workers have been in one picture for more than :data:`STUCK_S`. Any thread may call it."""
        before_s = time.monotonic() - STUCK_S
        return sum(begun_s is not None and begun_s < before_s for begun_s in list(self._begun_s))

    def all_stuck(self) -> bool:
        """Whether all workers are stuck, so that no picture is labelled any more. Any thread may call it."""
        return self.stuck() == self._workers

    def check_room(self, pictures: int) -> None:
        """Raise :class:`Refused`, 429, if there is no room for so many more pictures."""
        if self.held + pictures > self.room:
            raise Refused(
                429,
                f"{self.held} of {self.room} places in the queue are taken; send this again later",
                {"Retry-After": "1"},
            )

    def label(self, model: ServedModel, pictures: Sequence[GivenPicture]) -> asyncio.Future[Results]:
        """Label ``pictures`` with ``model``, all of them or none.

        The future has a result for each, when all have one: that of a picture that cannot be decoded has its error, and
        that of one with which the model fails is an :class:`~edge.errors.EdgeError`. :meth:`close` cancels it.

        Raises :class:`Refused`: 429 if there is no room for them, 503 after :meth:`close`.
        """
        self.check_room(len(pictures))
        future: asyncio.Future[Results] = asyncio.get_running_loop().create_future()
        self._futures.add(future)
        if self._closed:  # after it was added: close() sees it, or it sees close()
            future.cancel()
            raise ending()
        with self._lock:
            self.held += len(pictures)
        request = _Request(model, pictures, future)
        for place in range(len(pictures)):
            self._queue.put((request, place))
        return future

    def close(self) -> None:
        """Begin no picture any more, and cancel all futures; pictures in work end by themselves, for nobody."""
        self._closed = True
        for _ in range(self._workers):
            self._queue.put(None)
        for future in list(self._futures):
            future.get_loop().call_soon_threadsafe(future.cancel)

    def _work(self, number: int, models: Sequence[ServedModel], made: queue.SimpleQueue[BaseException | None]) -> None:
        """Run the worker ``number`` until :meth:`close`. ``made`` gets None when it is ready, or why it ends before."""
        classifiers: dict[str, Classifier] = {}
        try:
            for model in models:
                self._classifier(classifiers, model.name, model.file)
        except BaseException as error:
            made.put(error)
            return
        made.put(None)
        del models
        while (work := self._queue.get()) is not None and not self._closed:
            request, place = work
            self._begun_s[number] = time.monotonic()
            try:
                request.results[place] = self._label(classifiers, request.model, request.pictures[place])
            except BaseException as error:
                request.results[place] = error
            self._begun_s[number] = None
            self._end(request)
            del work, request  # or they would hold pictures, and a model that may have been replaced

    def _end(self, request: _Request) -> None:
        """Count a picture that has its result; hand the request to the event loop after its last one."""
        with self._lock:
            self.held -= 1
            request.missing -= 1
            if request.missing:
                return
        self._ended.append(request)
        if not self._called:  # one call for all that end before it comes
            self._called = True
            with contextlib.suppress(RuntimeError):  # the loop was closed
                request.future.get_loop().call_soon_threadsafe(self._take_ended)

    def _take_ended(self) -> None:
        self._called = False  # before it looks: what ends from now on calls again
        while self._ended:
            request = self._ended.popleft()
            self._futures.discard(request.future)
            if not request.future.done():  # cancelled
                request.future.set_result(request.results)

    def _label(self, classifiers: dict[str, Classifier], model: ServedModel, picture: GivenPicture) -> LabelledPhoto:
        if picture.error is not None:
            return LabelledPhoto(picture.path, None, picture.error)
        classifier = self._classifier(classifiers, model.name, model.file)
        try:
            found = classifier.classify(
                picture.content, top_k=self._settings.top_k, score_threshold=self._settings.score_threshold
            )
        except ImageError as error:
            return LabelledPhoto(picture.path, None, str(error))
        if model.confirm is not None:
            model.confirm(model.file.sha256)
        return LabelledPhoto(picture.path, found)

    def _classifier(self, made: dict[str, Classifier], name: str, file: ModelFile) -> Classifier:
        """The classifier of a worker for ``file``; it takes the place of the one that had the same ``name``."""
        if name not in made or made[name].model is not file:
            made.pop(name, None)  # its memory is free before the new one takes its own
            made[name] = Classifier(
                file,
                runtime=self._settings.runtime,
                reject=self._settings.reject,
                delegate=self._settings.delegate,
            )
        return made[name]
