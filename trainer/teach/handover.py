"""Handing over: the photos become the usual model file, and the device's store makes it the current model."""

from __future__ import annotations

import threading
from collections.abc import Callable
from pathlib import Path

from edge.errors import EdgeError, StorageError, UsageError
from edge.shorten import shorten
from edge.status import WatchStatus, read_status
from edge.store.activate import rollback
from edge.store.health import await_confirmation
from edge.store.install import InstallRequest, install
from edge.store.layout import Store, short
from edge.store.state import read_state
from trainer.progress import Progress
from trainer.retraining.given_backbone import Given
from trainer.retraining.options import RetrainOptions
from trainer.retraining.retrain_all import retrain_all
from trainer.retraining.retrained import Retrained
from trainer.teach.state import ModelState

HEALTH_WINDOW_S = 30.0
"""The time in which an ``edge watch`` that labels frames must label one with the new model, in seconds; it is that of
``edge store install --activate``."""

_LONGEST_TEXT = 300
_BUSY = ("saving", "installed")  # what a state is called while work goes on


class ModelHandover:
    """Saves a model of the session's photos, and puts it into the device's store if there is one.

    The model file is the one that ``trainer retrain --final`` makes of the folder with the same backbone.
    """

    def __init__(
        self,
        options: RetrainOptions,
        given: Given | None = None,
        *,
        announce: Callable[[], object],
        store: Store | None = None,
        status: Path | None = None,
        progress: Progress,
        window_s: float = HEALTH_WINDOW_S,
    ) -> None:
        """Make models as ``options`` say, which have one output file; install them in ``store``, None: nowhere.

        ``given`` is that of :func:`~trainer.retraining.retrain_all.retrain_all`. ``status`` is the status file of the
        device's ``edge watch``. ``announce`` is called after every change of :attr:`state`.
        """
        self._options, self._given, self._store, self._status = options, given, store, status
        self._announce, self._progress, self._window_s = announce, progress, window_s
        self._lock = threading.Lock()
        self._worker: threading.Thread | None = None
        self.state = ModelState(
            "none", "no model was saved yet", store=store.root if store else None, can_go_back=self._can()
        )

    def use(self, options: RetrainOptions, given: Given) -> None:
        """Make models as ``options`` say, of the backbone ``given``, from now on; what is being made is waited for."""
        self.wait()
        with self._lock:
            self._options, self._given = options, given

    def save(self) -> None:
        """Make the model, install it and activate it, on a thread of its own. Nothing happens if that is going on."""
        self._start("the model is being made", self._save)

    def back(self) -> None:
        """Go back to the model that was current before, on a thread of its own.

        Raises :class:`~edge.errors.UsageError` if there is no store.
        """
        if self._store is None:
            raise UsageError("models go to a file only; start with --store DIR to install them and to go back")
        self._start("going back", self._back)

    def wait(self) -> None:
        """Wait until the work that was started has ended."""
        if self._worker is not None:
            self._worker.join()

    def _start(self, text: str, work: Callable[[], None]) -> None:
        with self._lock:
            if self._worker is not None and self._worker.is_alive():
                if self.state.state in _BUSY:
                    return
                self._worker.join()  # it has said how it ended, and a click that answers that is not to be lost
            self._set("saving", text)
            self._worker = threading.Thread(target=self._run, args=(work,), name="handover", daemon=True)
            self._worker.start()

    def _run(self, work: Callable[[], None]) -> None:
        try:
            work()
        except (EdgeError, MemoryError) as error:
            self._set("refused", str(error) or "not enough memory to make the model")

    def _save(self) -> None:
        (model,) = retrain_all(self._options, self._progress, self._given)
        accuracy = model.accuracy
        self.state = self.state._replace(path=model.path, size_bytes=model.size_bytes, accuracy=accuracy)
        if self._store is None:
            self._set("saved", f"saved as {model.path.name}{_measured(model)}")
            return
        self._set("saving", f"{model.path.name} is being checked")
        before = self._watch()
        installed = install(self._store, InstallRequest(model.path, activate=True, allow_older=True))
        self._set("installed", f"{short(installed.sha256)} is in the store, but not confirmed yet")
        if not installed.state.pending:
            self._set("running", f"{short(installed.sha256)} was the current model already")
            return
        try:
            by = await_confirmation(
                self._store,
                installed.sha256,
                window_s=self._window_s,
                status=self._status or Path(),
                before=before,
            )
        except EdgeError as error:
            gone_back = read_state(self._store).current != installed.sha256
            self._set("returned" if gone_back else "installed", str(error))
            return
        self._set("running", f"{short(installed.sha256)} is running, confirmed by {_by(by)}{_measured(model)}")

    def _back(self) -> None:
        assert self._store is not None
        state = rollback(self._store)
        self._set("running", f"back to {short(state.current)}")

    def _watch(self) -> WatchStatus | None:
        """The running ``edge watch`` before the switch; None if there is none, or it cannot be read."""
        try:
            return read_status(self._status) if self._status else None
        except StorageError as error:
            self._progress.message(f"only the self-test will confirm the model: {error}")
            return None

    def _can(self) -> bool:
        return self._store is not None and self._store.linked("previous") is not None

    def _set(self, state: str, text: str) -> None:
        text = shorten(text, _LONGEST_TEXT)
        self.state = self.state._replace(state=state, text=text, can_go_back=self._can())
        self._announce()


def _measured(model: Retrained) -> str:
    """How good the model is, with the number of photos that show it: a few of them show little."""
    if model.accuracy is None or model.interval is None:
        return "; too few independent photos to say how good it is"
    (low, high), count = model.interval, model.evaluation.independent
    photos = "photo" if count == 1 else "photos"
    return f"; {model.accuracy:.0%} of {count} test {photos} right: on others like them {low:.0%} to {high:.0%}"


def _by(what: str) -> str:
    return "edge watch" if what == "watch" else "its self-test"
