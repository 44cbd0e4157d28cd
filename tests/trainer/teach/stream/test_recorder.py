"""Recording while a button is held: which frames become photos, and when it stops."""

from __future__ import annotations

import io
import threading
import time
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import pytest
from PIL import Image

from edge.errors import StorageError, UnavailableError
from edge.types import Frame
from support.observed import observe
from support.waiting import wait_for
from trainer.teach.state import Hold, Recording
from trainer.teach.stream.recorder import Recorder

LONG_S = 600.0


def scene(seed: int, size: tuple[int, int] = (64, 48)) -> np.ndarray:
    """A picture of coloured blocks, another one for each ``seed``: (height, width, 3)."""
    blocks = np.random.default_rng(seed).integers(0, 256, (4, 4, 3))
    return blocks.repeat(size[1] // 4, 0).repeat(size[0] // 4, 1).astype(np.uint8)


class Session:
    """Takes the photos of a recorder, and its messages; ``failing`` is raised instead of keeping a photo."""

    def __init__(self, **times: float) -> None:
        self.saved: list[tuple[bytes, str, Hold]] = []
        self.messages: list[str] = []
        self.announced = 0
        self.failing: Exception | None = None
        self.busy = threading.Lock()
        self.recorder = Recorder(
            self.save, announce=self.announce, write_message=self.messages.append, **{"per_s": 1e9, **times}
        )
        self._sequence = 0

    def save(self, jpeg: bytes, label: str, hold: Hold) -> None:
        with self.busy:
            if self.failing is not None:
                raise self.failing
            self.saved.append((jpeg, label, hold))

    def announce(self) -> None:
        self.announced += 1

    def write(self, seed: int, *, timestamp_s: float | None = None, **fields: Any) -> None:
        """Write the next frame, and wait until the recorder has looked at it."""
        frame = Frame(scene(seed), time.monotonic() if timestamp_s is None else timestamp_s, self._sequence)
        self._sequence += 1
        self.recorder.write(observe(**fields)._replace(frame=frame))
        wait_for(lambda: self.recorder._taken is None)
        with self.busy:
            pass

    def counts(self) -> tuple[int, int]:
        """How many frames were kept and folded."""
        recording = self.recorder.recording
        assert recording is not None
        return recording.kept, recording.folded


@pytest.fixture
def make() -> Iterator[Callable[..., Session]]:
    """Make sessions with an open recorder; the times are those of :class:`Recorder`."""
    made: list[Session] = []

    def make(**times: float) -> Session:
        made.append(Session(**times))
        made[-1].recorder.open()
        return made[-1]

    yield make
    for session in made:
        session.recorder.close()


def test_frames_of_a_hold_become_photos(make: Callable[..., Session]) -> None:
    """Frames are kept from the press to the release, as JPEGs of the labelled region, all with the same hold."""
    session = make(lease_s=LONG_S)
    session.write(0)
    session.recorder.record("rose", "one")
    began_s = time.time()
    for seed in (1, 2):
        session.write(seed, region=(16, 0, 32, 48))
    wait_for(lambda: len(session.saved) == 2)
    session.recorder.stop("one")
    session.write(3)
    assert session.recorder.recording is None
    (jpeg, label, hold), (_, _, again) = session.saved
    assert (label, hold.id, again) == ("rose", "one", hold)
    assert hold.started_s == pytest.approx(began_s, abs=60)
    picture = Image.open(io.BytesIO(jpeg))
    assert (picture.format, picture.size) == ("JPEG", (32, 48))
    assert np.abs(np.asarray(picture, int) - scene(1)[:, 16:48]).mean() < 8


def test_frames_from_before_the_press_are_not_recorded(make: Callable[..., Session]) -> None:
    """A frame that was grabbed before the button was pressed shows something else."""
    session = make(lease_s=LONG_S)
    early_s = time.monotonic()
    session.recorder.record("rose", "one")
    session.write(1, timestamp_s=early_s - 0.1)
    session.write(2)
    wait_for(lambda: session.saved)
    assert session.counts() == (1, 0)


def test_nearly_equal_frames_are_folded(make: Callable[..., Session]) -> None:
    """A frame that looks like one of the same hold is counted and not kept; another hold keeps its own."""
    session = make(lease_s=LONG_S)
    session.recorder.record("rose", "one")
    for seed in (1, 1, 2, 1):
        session.write(seed)
    wait_for(lambda: session.counts() == (2, 2))
    assert session.recorder.recording == Recording("rose", "one", 2, 2)
    session.recorder.stop("one")
    session.recorder.record("rose", "two")
    session.write(1)
    wait_for(lambda: session.counts() == (1, 0))
    assert [hold.id for _, _, hold in session.saved] == ["one", "one", "two"]


def test_at_most_five_a_second(make: Callable[..., Session]) -> None:
    """Frames that come faster than the rate are skipped."""
    session = make(lease_s=LONG_S, per_s=1e-3)
    session.recorder.record("rose", "one")
    for seed in range(5):
        session.write(seed)
    wait_for(lambda: session.saved)
    assert session.counts() == (1, 0)
    assert len(session.saved) == 1


def test_a_hold_that_is_not_renewed_ends(make: Callable[..., Session]) -> None:
    """Without renewal the recording ends by itself, with an announcement; renewed later, it is the same hold."""
    session = make(lease_s=0.05)
    session.recorder.record("rose", "one")
    wait_for(lambda: session.recorder.recording is None)
    wait_for(lambda: session.announced == 2)
    session.write(1)
    assert session.saved == []
    session.recorder._lease_s = LONG_S
    for seed in (1, 2):
        session.recorder.record("rose", "one")
        session.write(seed)
    wait_for(lambda: len(session.saved) == 2)
    assert session.saved[0][2] is session.saved[1][2]


def test_a_late_renewal_does_not_start_again(make: Callable[..., Session]) -> None:
    """A renewal that arrives after the stop of its hold is ignored; the stop of another hold changes nothing."""
    session = make(lease_s=LONG_S)
    session.recorder.record("rose", "one")
    session.recorder.stop("other")
    assert session.recorder.recording == Recording("rose", "one", 0, 0)
    session.recorder.stop("one")
    session.recorder.record("rose", "one")
    assert session.recorder.recording is None


def test_two_pages_do_not_mix(make: Callable[..., Session]) -> None:
    """While one page records, another one is refused; afterwards it may."""
    session = make(lease_s=LONG_S)
    session.recorder.record("rose", "one")
    with pytest.raises(UnavailableError, match="another page records rose now"):
        session.recorder.record("tulip", "two")
    session.recorder.stop("one")
    session.recorder.record("tulip", "two")
    assert session.recorder.recording == Recording("tulip", "two", 0, 0)


@pytest.mark.parametrize("error", [StorageError("no space left"), OSError(28, "no space left")])
def test_a_full_disk_stops_it_with_one_message(make: Callable[..., Session], error: Exception) -> None:
    """The hold ends with one line, and its renewal gives the reason; when there is space again, the next hold works."""
    session = make(lease_s=LONG_S)
    session.failing = error
    session.recorder.record("rose", "one")
    session.write(1)
    wait_for(lambda: session.messages)
    for _ in range(3):
        with pytest.raises(StorageError, match="the recording of rose was stopped: no space left"):
            session.recorder.record("rose", "one")
        session.write(2)
    assert session.messages == ["the recording of rose was stopped: no space left"]
    assert session.recorder.recording is None
    session.failing = None
    session.recorder.record("rose", "two")
    session.write(3)
    wait_for(lambda: session.saved)
    assert session.counts() == (1, 0)


def test_a_bug_stops_it_with_its_traceback(make: Callable[..., Session]) -> None:
    """An error that is not expected keeps its traceback, and the recorder works on."""
    session = make(lease_s=LONG_S)
    session.failing = ZeroDivisionError("bug")
    session.recorder.record("rose", "one")
    session.write(1)
    wait_for(lambda: len(session.messages) == 2)
    assert "Traceback" in session.messages[0]
    session.failing = None
    session.recorder.record("rose", "two")
    session.write(2)
    wait_for(lambda: session.saved)


def test_a_camera_that_goes_away_stops_it(make: Callable[..., Session]) -> None:
    """Without frames the hold ends, although it is renewed, and the line says why."""
    session = make(lease_s=LONG_S, silent_s=0.05)
    session.recorder.record("rose", "one")
    wait_for(lambda: session.recorder.recording is None)
    wait_for(lambda: session.messages)
    assert session.messages == ["the recording of rose was stopped: the camera gives no pictures"]
    with pytest.raises(UnavailableError, match="gives no pictures"):
        session.recorder.record("rose", "one")


def test_a_slow_disk_does_not_hold_the_stream(make: Callable[..., Session]) -> None:
    """While a photo is being written, frames pass without waiting; only the newest of them is recorded after it."""
    session = make(lease_s=LONG_S)
    session.recorder.record("rose", "one")
    with session.busy:  # the disk hangs
        for seed in range(50):
            frame = Frame(scene(seed), time.monotonic(), seed)
            session.recorder.write(observe()._replace(frame=frame))
            if seed == 0:
                wait_for(lambda: session.recorder._taken is None)
    wait_for(lambda: len(session.saved) == 2)
    newest = np.asarray(Image.open(io.BytesIO(session.saved[1][0])), int)
    assert np.abs(newest - scene(49)).mean() < 8
