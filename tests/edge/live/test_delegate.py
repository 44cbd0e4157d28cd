"""A stream with a delegate: it computes the labels, and its crash with a new model does not end the stream."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from edge.live.model import LiveModel, ModelChoice
from edge.live.swap import ModelSwap
from edge.statistics import StreamStatistics
from support.delegates import choice
from support.paths import DATA
from support.waiting import wait_for

INT8, FLOAT32 = (DATA / f"tiny-{quantization}.tflite" for quantization in ("int8", "float32"))
RED = np.full((32, 32, 3), (200, 30, 30), np.uint8)


class Stream:
    """The model of a stream with a delegate that crashes with each new model while a file is there."""

    def __init__(self, library: Path, folder: Path) -> None:
        self.path, self.poison, self.calls = (folder / name for name in ("model.tflite", "poison", "calls"))
        self.path.write_bytes(INT8.read_bytes())
        self.statistics, self.messages = StreamStatistics(), list[str]()
        delegate = choice(library, poison=self.poison, calls=self.calls)
        model = ModelChoice(self.path, None, 1, None, delegate=delegate)
        self.swap = ModelSwap(model, self.statistics, self.messages.append, poll_s=0.01, settle_s=0.02)
        self.model: LiveModel = self.swap.load_first()

    def label(self) -> str:
        """The label of a red frame, which the kernel of the delegate computed."""
        before = self.calls.stat().st_size
        scores = self.model.gated_scores(RED).scores
        assert self.calls.stat().st_size == before + 1
        return self.model.card.labels[int(scores.argmax())]


@pytest.fixture
def stream(delegate_library: Path, tmp_path: Path) -> Iterator[Stream]:
    """A stream whose model file is watched."""
    made = Stream(delegate_library, tmp_path)
    yield made
    made.swap.stop()


def test_a_crash_at_the_swap_does_not_end_it(stream: Stream) -> None:
    """The new model is refused in one line and the old one labels on; the next one, which works, is taken."""
    assert stream.label() == "red"
    stream.poison.touch()
    stream.path.write_bytes(FLOAT32.read_bytes())
    (message,) = wait_for(lambda: stream.messages)
    assert message.startswith("new model refused: ")
    assert "(the process crashed (SIGSEGV)): " in message
    assert message.endswith("; the old one stays")
    assert stream.statistics.snapshot().model_refusals == 1
    assert stream.label() == "red"
    stream.poison.unlink()
    stream.swap.request()
    stream.model = wait_for(stream.swap.take)
    assert (stream.model.card.quantization, stream.label()) == ("float32", "red")
