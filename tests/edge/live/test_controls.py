"""A stream whose switch and threshold are changed while it runs."""

from __future__ import annotations

import threading
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from edge.controls import StreamControls
from edge.live.model import ModelChoice
from edge.live.swap import ModelSwap
from edge.live.watch import Watch, WatchSettings
from edge.service.notify import Notifier
from edge.sources.protocol import EndOfStream
from edge.statistics import StreamStatistics
from edge.types import UNKNOWN, Frame, Observation
from support.waiting import wait_for

RED = np.full((30, 40, 3), (200, 30, 30), np.uint8)


class Alive(Notifier):
    """Remembers what was reported to systemd."""

    def __init__(self) -> None:
        super().__init__()
        self.texts: list[str] = []

    def labelled(self, text: str) -> None:
        self.texts.append(text)


class Frames:
    """A red frame for each call; ``before`` is called with its number first."""

    def __init__(self, count: int, before: Callable[[int], None]) -> None:
        self._count, self._before = count, before
        self.taken = 0

    def newest(self, after: int = -1, timeout_s: float | None = None) -> Frame | None:
        if self.taken == self._count:
            raise EndOfStream
        self._before(self.taken)
        self.taken += 1
        return Frame(RED, float(self.taken), self.taken - 1)

    def rest_until(self, due_s: float) -> None: ...


def watch(model: Path, frames: Frames, controls: StreamControls, notifier: Notifier, seen: list[Observation]) -> Watch:
    """A watch of ``frames`` that appends to ``seen``."""
    statistics = StreamStatistics()
    return Watch(
        WatchSettings(0.0, None, 0.0, controls.given_threshold, None, ()),
        frames=frames,
        models=ModelSwap(ModelChoice(model, None, 1, None), statistics, print),
        write=seen.append,
        statistics=statistics,
        notifier=notifier,
        write_message=print,
        controls=controls,
    )


def test_a_stream_that_is_switched_off(int8_model: Path) -> None:
    """No frame is taken, and systemd hears that it is alive; switched on, it goes on with the next frame."""
    controls, notifier, seen = StreamControls(), Alive(), list[Observation]()

    def switch_off(number: int) -> None:
        controls.watching = number != 1

    frames = Frames(4, switch_off)
    thread = threading.Thread(target=watch(int8_model, frames, controls, notifier, seen).run, args=(threading.Event(),))
    thread.start()
    wait_for(lambda: notifier.texts.count("switched off") > 1)
    assert frames.taken == len(seen) == 2
    controls.watching = True
    thread.join(60)
    assert len(seen) == 4


@pytest.mark.parametrize("given_one", [None, 0.0])
def test_a_threshold_that_is_changed(int8_model: Path, given_one: float | None) -> None:
    """It counts from the next frame on, more than the one of the options, until the default is back."""
    controls, seen = StreamControls(given_one), list[Observation]()

    def change(number: int) -> None:
        controls.chosen_threshold = 1.0 if number == 0 else None

    frames = Frames(2, change)
    watch(int8_model, frames, controls, Alive(), seen).run(threading.Event())
    assert [each.label for each in seen] == [UNKNOWN, "red"]
    assert controls.threshold == 0.0


def test_which_threshold_counts() -> None:
    """The chosen one before the given one, and that before the one of the model."""
    controls = StreamControls()
    controls.recommended_threshold = 0.3
    assert controls.threshold == 0.3
    controls.given_threshold = 0.0
    assert controls.threshold == 0.0
    controls.chosen_threshold = 0.7
    assert controls.threshold == 0.7
