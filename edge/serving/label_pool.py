"""The pool that labels pictures: one worker a core, each with interpreters of its own, and a bounded queue."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import NamedTuple

from edge.errors import ImageError
from edge.inference.classifier import Classifier
from edge.inference.delegate import DelegateChoice
from edge.modelfile.model_file import ModelFile
from edge.serving.answers import Refused, ending
from edge.serving.models import ServedModel
from edge.serving.pictures import GivenPicture
from edge.types import LabelledPhoto


class LabelSettings(NamedTuple):
    """How pictures are labelled: the fields are the arguments of :func:`edge.inference.label_photos.label_photos`."""

    runtime: str | None
    top_k: int
    score_threshold: float
    reject: bool
    delegate: DelegateChoice | None = None


class LabelPool:
    """Labels pictures on threads, as ``edge label`` does in a folder (docs/adr/0006-one-worker-a-core.md).

    :meth:`warm` and :meth:`close` are called on any thread, the others on one, that of an event loop.
    """

    def __init__(self, workers: int, room: int, settings: LabelSettings) -> None:
        """Label on ``workers`` threads; at most ``room`` pictures wait or are in work at the same time."""
        self.room = room
        self._futures: set[asyncio.Future[LabelledPhoto]] = set()
        self._workers, self._settings = workers, settings
        self._executor = ThreadPoolExecutor(workers, thread_name_prefix="label")
        self._local = threading.local()

    @property
    def held(self) -> int:
        """How many pictures wait or are in work."""
        return len(self._futures)

    def warm(self, models: Sequence[ServedModel]) -> None:
        """Make the interpreters of all workers for ``models`` now.

        Raises what :class:`~edge.inference.classifier.Classifier` raises.
        """
        together = threading.Barrier(self._workers)

        def make(_: int) -> None:
            together.wait()  # so that each worker does this once
            for model in models:
                self._classifier(model.name, model.file)

        try:
            made = self._executor.map(make, range(self._workers))
        except RuntimeError:  # there is no room for so many threads: those that have started wait for the others
            together.abort()
            raise
        list(made)

    def check_room(self, pictures: int) -> None:
        """Raise :class:`Refused`, 429, if there is no room for so many more pictures."""
        if self.held + pictures > self.room:
            raise Refused(
                429,
                f"{self.held} of {self.room} places in the queue are taken; send this again later",
                {"Retry-After": "1"},
            )

    def label(self, model: ServedModel, pictures: Sequence[GivenPicture]) -> list[asyncio.Future[LabelledPhoto]]:
        """Label ``pictures`` with ``model``, all of them or none.

        A future has the error of a picture that cannot be decoded in its result, and raises
        :class:`~edge.errors.EdgeError` if the model fails.

        Raises :class:`Refused`: 429 if there is no room for them, 503 after :meth:`close`.
        """
        self.check_room(len(pictures))
        return [self._submit(model, picture) for picture in pictures]

    def close(self) -> None:
        """Begin no picture any more, and cancel all futures; pictures in work end by themselves, for nobody."""
        self._executor.shutdown(wait=False, cancel_futures=True)
        for future in list(self._futures):
            future.get_loop().call_soon_threadsafe(future.cancel)

    def _submit(self, model: ServedModel, picture: GivenPicture) -> asyncio.Future[LabelledPhoto]:
        try:
            future = asyncio.wrap_future(self._executor.submit(self._label, model, picture))
        except RuntimeError:  # closed
            raise ending() from None
        self._futures.add(future)
        future.add_done_callback(self._futures.discard)
        return future

    def _label(self, model: ServedModel, picture: GivenPicture) -> LabelledPhoto:
        if picture.error is not None:
            return LabelledPhoto(picture.path, None, picture.error)
        classifier = self._classifier(model.name, model.file)
        try:
            found = classifier.classify(
                picture.content, top_k=self._settings.top_k, score_threshold=self._settings.score_threshold
            )
        except ImageError as error:
            return LabelledPhoto(picture.path, None, str(error))
        if model.confirm is not None:
            model.confirm(model.file.sha256)
        return LabelledPhoto(picture.path, found)

    def _classifier(self, name: str, file: ModelFile) -> Classifier:
        """The classifier of this thread for ``file``; it takes the place of the one that had the same ``name``."""
        made: dict[str, Classifier] = self._local.__dict__.setdefault("classifiers", {})
        if name not in made or made[name].model is not file:
            made.pop(name, None)  # its memory is free before the new one takes its own
            made[name] = Classifier(
                file,
                runtime=self._settings.runtime,
                reject=self._settings.reject,
                delegate=self._settings.delegate,
            )
        return made[name]
