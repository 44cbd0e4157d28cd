"""Records frames of the stream as photos of a class, while a button is held."""

from __future__ import annotations

import threading
import time
import traceback
from collections import deque
from collections.abc import Callable
from typing import NamedTuple

from edge.errors import EdgeError, StorageError, UnavailableError
from edge.sinks.capture.picture import region_picture, training_jpeg
from edge.sinks.capture.thumbnails import Thumbnails
from edge.types import Observation
from trainer.teach.state import Hold, Recording

PER_S = 5.0
"""The most frames that are recorded each second."""

LEASE_S = 1.0
"""How long a recording goes on after :meth:`Recorder.record` was called last, in seconds."""

SILENT_S = 3.0
"""A recording stops after this time without a frame, in seconds."""

_ENDED_KEPT = 64
_CLOSE_S = 0.3

Save = Callable[[bytes, str, Hold], object]
"""Takes the JPEG of a frame, the class, and the hold. Raises :class:`~edge.errors.EdgeError` if it cannot be kept."""


class _Held:
    """A hold, the class that is recorded, and what came of it. ``seen_s`` is when its last frame came."""

    def __init__(self, label: str, hold: str) -> None:
        self.label, self.hold = label, Hold(hold, time.time())
        self.started_s = self.seen_s = time.monotonic()
        self.lease_until_s = self.due_s = self.started_s
        self.kept = self.folded = 0
        self.thumbnails = Thumbnails()


class _Taken(NamedTuple):
    held: _Held
    observation: Observation


class Recorder:
    """A sink that keeps frames for the hold that is alive; :meth:`write` only stores a reference to the newest one.

    Frames are compared, encoded and saved on a thread of its own. If that is slower than the stream, frames are left
    out, and none waits.
    """

    name = "recorder"

    def __init__(
        self,
        save: Save,
        *,
        announce: Callable[[], object],
        write_message: Callable[[str], None],
        every_s: float = 0.0,
        silent_s: float = SILENT_S,
        lease_s: float = LEASE_S,
        per_s: float = PER_S,
    ) -> None:
        """Give the frames to ``save``. ``announce`` is called after every change of :attr:`recording`.

        ``write_message`` gets one line if a recording must stop. ``every_s`` is the shortest time between two labelled
        frames. The other times are those of the constants of this module.
        """
        self._save, self._announce, self._write_message = save, announce, write_message
        self._silent_s, self._lease_s, self._interval_s = silent_s + 2 * every_s, lease_s, 1 / per_s
        self._changed = threading.Condition()
        self._held: _Held | None = None
        self._before: _Held | None = None  # goes on if the same hold is renewed after its lease
        self._ended: deque[str] = deque(maxlen=_ENDED_KEPT)
        self._failures: deque[tuple[str, EdgeError]] = deque(maxlen=_ENDED_KEPT)
        self._taken: _Taken | None = None
        self._closing = False
        self._thread = threading.Thread(target=self._run, name="recorder", daemon=True)

    # The session.

    @property
    def recording(self) -> Recording | None:
        """What is being recorded."""
        held = self._held
        return None if held is None else Recording(held.label, held.hold.id, held.kept, held.folded)

    def record(self, label: str, hold: str) -> None:
        """Record the frames from now on for ``label``, or go on with it, for a second. It returns immediately.

        ``hold`` is the id of the time in which the button is held. After :meth:`stop` its frames are not recorded any
        more.

        Raises :class:`~edge.errors.UnavailableError` if another hold is being recorded, and for a hold that had to
        stop the error that stopped it.
        """
        with self._changed:
            for id_, error in self._failures:
                if id_ == hold:
                    raise type(error)(str(error))
            if hold in self._ended:  # this call was overtaken by the one that stopped it
                return
            if self._held is not None and self._held.hold.id != hold:
                raise UnavailableError(f"another page records {self._held.label} now; wait until it has stopped")
            begins = self._held is None
            if self._held is None:
                again = self._before is not None and (self._before.hold.id, self._before.label) == (hold, label)
                self._held = self._before if again else _Held(label, hold)
            assert self._held is not None
            self._held.lease_until_s = time.monotonic() + self._lease_s
            if begins:
                self._held.seen_s = time.monotonic()
            self._changed.notify()
        if begins:
            self._announce()

    def stop(self, hold: str) -> None:
        """Stop the recording ``hold``; another one goes on."""
        with self._changed:
            self._ended.append(hold)
            stops = self._held is not None and self._held.hold.id == hold
            if stops:
                self._before, self._held = None, None
        if stops:
            self._announce()

    # The stream.

    def open(self) -> None:
        """Start the thread that saves."""
        self._thread.start()

    def write(self, observation: Observation) -> None:
        """Take ``observation`` if one is due."""
        held = self._held
        if held is None:
            return
        with self._changed:
            now_s = held.seen_s = time.monotonic()
            if now_s > held.lease_until_s or now_s < held.due_s or observation.frame.timestamp_s < held.started_s:
                return
            held.due_s = max(held.due_s + self._interval_s, now_s)  # the mean rate is kept between frames
            self._taken = _Taken(held, observation)
            self._changed.notify()

    def close(self) -> None:
        """Stop recording, and save the frame that was taken last."""
        with self._changed:
            self._held, self._closing = None, True
            self._changed.notify()
        if self._thread.ident is not None:
            self._thread.join(_CLOSE_S)

    # On its own thread.

    def _run(self) -> None:
        while True:
            with self._changed:
                if self._taken is None and not self._closing:
                    self._changed.wait(self._wait_s())
                taken, self._taken = self._taken, None
                if taken is None and self._closing:
                    return
            if taken is not None:
                self._keep(*taken)
            self._end_what_is_over()

    def _wait_s(self) -> float | None:
        held = self._held
        if held is None:
            return None
        return max(0.0, min(held.lease_until_s, held.seen_s + self._silent_s) - time.monotonic())

    def _is_over(self) -> bool:
        return self._held is not None and self._wait_s() == 0

    def _end_what_is_over(self) -> None:
        with self._changed:
            held = self._held
            if held is None or not self._is_over():
                return
            silent = time.monotonic() < held.lease_until_s
        if silent:
            self._fail(held, UnavailableError("the camera gives no pictures"))
        else:
            self._end(held)

    def _keep(self, held: _Held, observation: Observation) -> None:
        picture = region_picture(observation)
        if held.thumbnails.is_new(picture):
            try:
                self._save(training_jpeg(picture), held.label, held.hold)
            except EdgeError as error:
                self._fail(held, error)
                return
            except OSError as error:
                self._fail(held, StorageError(error.strerror or str(error)))
                return
            except Exception as error:  # a bug keeps its traceback, and the next hold its chance
                self._write_message("".join(traceback.format_exception(error)).rstrip())
                self._fail(held, StorageError(repr(error)))
                return
            held.thumbnails.add(picture)
            held.kept += 1
        else:
            held.folded += 1
        self._announce()

    def _fail(self, held: _Held, error: EdgeError) -> None:
        """Stop ``held`` for good because of ``error``, with one message."""
        text = f"the recording of {held.label} was stopped: {error}"
        with self._changed:
            self._failures.append((held.hold.id, type(error)(text)))
        self._end(held)
        self._write_message(text)

    def _end(self, held: _Held) -> None:
        with self._changed:
            ends = self._held is held
            if ends:
                self._before, self._held = held, None
        if ends:
            self._announce()
