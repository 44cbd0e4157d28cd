"""The loop, with a real model and frames from a list."""

from __future__ import annotations

import itertools
import os
import queue
import shutil
import threading
import time
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest

from edge import Classifier
from edge.errors import ConfigurationError, UsageError
from edge.live.model import ModelChoice
from edge.live.region import Region
from edge.live.swap import ModelSwap
from edge.live.watch import Watch, WatchSettings
from edge.service.notify import Notifier
from edge.sources.protocol import EndOfStream
from edge.statistics import StreamStatistics
from edge.types import UNKNOWN, Frame, Observation
from support import surgery
from support.gated import GATED, grey
from support.paths import DATA
from support.waiting import wait_for

COLOURS = {"red": (200, 30, 30), "green": (40, 190, 50), "blue": (30, 40, 200)}


def picture(colour: str, width: int = 40, height: int = 30) -> np.ndarray:
    """A plain picture: (height, width, 3), uint8, RGB."""
    return np.full((height, width, 3), COLOURS[colour], np.uint8)


class Frames:
    """Gives frames as a grabber does, one for each call; then the stream has ended."""

    def __init__(self, pictures: Sequence[np.ndarray | None], step_s: float = 0.0) -> None:
        self._pictures = list(pictures)
        self._step_s = step_s
        self._next = 0
        self._start_s = time.monotonic()

    def newest(self, after: int = -1, timeout_s: float | None = None) -> Frame | None:
        if self._next == len(self._pictures):
            raise EndOfStream
        pixels = self._pictures[self._next]
        self._next += 1
        if pixels is None:
            return None
        assert self._next - 1 > after
        return Frame(pixels, self._start_s + self._step_s * (self._next - 1), self._next - 1)

    def rest_until(self, due_s: float) -> None:
        self.due_s = due_s


class Stream:
    """A watch, its counts, its messages and its observations."""

    def __init__(self, frames: Frames, path: Path, reject: bool = False, **settings: object) -> None:
        choice = ModelChoice(path, settings.pop("labels", None), 1, None, reject, **settings.pop("pixels", {}))
        self.statistics, self.messages, self.seen = StreamStatistics(), [], []
        self.swap = ModelSwap(choice, self.statistics, self.messages.append, poll_s=0.01, settle_s=0.02)
        plain = WatchSettings(
            every_s=0.0,
            region=None,
            smooth_s=0.0,
            score_threshold=None,
            limit=None,
            needed_labels=(),
        )
        self.watch = Watch(
            plain._replace(**settings),
            frames=frames,
            models=self.swap,
            write=self.seen.append,
            statistics=self.statistics,
            notifier=Notifier(),
            write_message=self.messages.append,
        )
        self.stopping = threading.Event()

    def run(self) -> list[Observation]:
        self.watch.run(self.stopping)
        self.swap.stop()
        return self.seen


def test_pixels_of_another_project(tmp_path: Path) -> None:
    """A guess about a model of another project is printed once; a range that is given is used without a message."""
    labels = tmp_path / "labels.txt"
    labels.write_text("blue\ngreen\nred\n")
    path, scores = DATA / "foreign" / "softmax.tflite", []
    for pixels, printed in (({}, 1), ({"input_range": (0, 1)}, 0)):
        stream = Stream(Frames([picture("red")] * 2), path, labels=str(labels), pixels=pixels)
        scores.append(stream.run()[0].score)
        assert sum("no normalisation in the file" in line for line in stream.messages) == printed
    expected = Classifier.load(path, labels=labels, input_range=(0, 1)).scores(picture("red"))
    assert scores[1] == pytest.approx(expected.max())
    assert scores[0] != scores[1]


def test_frames_rest_until_the_next_one_is_due(int8_model: Path) -> None:
    """Where frames come from is told when none will be asked for."""
    frames, before_s = Frames([picture("red")]), time.monotonic()
    Stream(frames, int8_model, every_s=1000.0, limit=1).run()
    assert before_s + 1000.0 <= frames.due_s <= time.monotonic() + 1000.0


def test_observations(int8_model: Path) -> None:
    """Each frame becomes one observation: its scores as a file would have them, its age, what changed."""
    frames = Frames([picture("red"), None, picture("red"), picture("blue")])
    stream = Stream(frames, int8_model)
    seen = stream.run()
    assert [(o.label, o.changed, o.frame.sequence) for o in seen] == [
        ("red", True, 0),
        ("red", False, 2),
        ("blue", True, 3),
    ]
    alone = Classifier.load(int8_model).classify(picture("blue"))
    assert seen[-1].raw == alone.categories
    assert seen[-1].categories == alone.categories
    assert seen[-1].score == seen[-1].categories[0].score
    assert seen[-1].frame_age_ms >= seen[-1].latency_ms > 0
    assert abs(time.time() - seen[-1].time_s) < 60
    assert seen[0].region is None
    assert seen[0].model is seen[-1].model
    assert (seen[0].model.name, seen[0].model.labels) == ("tiny-int8.tflite", ("blue", "green", "red"))
    assert stream.statistics.snapshot().frames_labelled == 3


def test_smoothing_holds_a_short_change_back(int8_model: Path) -> None:
    """One frame of another colour does not change the answer of a smoothed stream; its raw scores say so."""
    pictures = [picture("red")] * 5 + [picture("blue")] + [picture("red")] * 5
    seen = Stream(Frames(pictures, step_s=0.1), int8_model, smooth_s=0.5).run()
    assert {o.label for o in seen} == {"red"}
    assert seen[5].raw[0].label == "blue"
    assert 0.7 < seen[5].score < seen[4].score


def test_region(int8_model: Path) -> None:
    """Only the region is labelled; the whole frame is passed on."""
    whole = np.hstack([picture("red"), picture("green")])
    seen = Stream(Frames([whole]), int8_model, region=Region(40, 0, 40, 30)).run()
    assert seen[0].label == "green"
    assert seen[0].region == (40, 0, 40, 30)
    assert seen[0].frame.pixels.shape == (30, 80, 3)


def test_region_outside_the_first_frame(int8_model: Path) -> None:
    """A region that does not fit the first frame is a wrong option and ends the run."""
    stream = Stream(Frames([picture("red")]), int8_model, region=Region(10, 0, 40, 30))
    with pytest.raises(UsageError, match=r"--region 10,0,40,30 reaches outside the frame of 40 x 30"):
        stream.run()


def test_frames_that_became_smaller_are_skipped(int8_model: Path) -> None:
    """A stream may change to a size that the region does not fit; there is one message until it fits again."""
    small = picture("green", 20, 10)
    frames = Frames([picture("red"), small, small, picture("blue"), small])
    stream = Stream(frames, int8_model, region=Region(0, 0, 40, 30))
    assert [o.label for o in stream.run()] == ["red", "blue"]
    assert [line.split(":")[0] for line in stream.messages] == ["frame skipped", "frame skipped"]
    assert stream.statistics.snapshot().source_errors == 3


def test_a_frame_of_no_size_is_skipped(int8_model: Path) -> None:
    """A frame that is not a picture is skipped, counted and named, and the stream continues."""
    stream = Stream(Frames([np.zeros((0, 0, 3), np.uint8), picture("red")]), int8_model)
    assert [o.label for o in stream.run()] == ["red"]
    assert stream.statistics.snapshot().source_errors == 1


def test_threshold_of_the_option(int8_model: Path) -> None:
    """Below ``--score-threshold`` the answer is unknown, with the score of the best label."""
    seen = Stream(Frames([picture("red")]), int8_model, score_threshold=1.0).run()
    assert (seen[0].label, seen[0].score) == (UNKNOWN, seen[0].categories[0].score)


def test_threshold_of_the_model(tmp_path: Path) -> None:
    """Without the option the threshold that the model recommends is used."""
    path = tmp_path / "careful.tflite"
    path.write_bytes(surgery.with_facts(surgery.tiny("int8"), score_threshold=1.0))
    assert Stream(Frames([picture("red")]), path).run()[0].label == UNKNOWN
    assert Stream(Frames([picture("red")]), path, score_threshold=0.5).run()[0].label == "red"


def test_every(int8_model: Path) -> None:
    """No two frames are labelled within the time that ``--every`` gives."""
    asked_s: list[float] = []

    class Timed(Frames):
        def newest(self, after: int = -1, timeout_s: float | None = None) -> Frame | None:
            asked_s.append(time.monotonic())
            return super().newest(after, timeout_s)

    stream = Stream(Timed([picture("red")] * 4), int8_model, every_s=0.05, limit=4)
    assert len(stream.run()) == len(asked_s) == 4
    assert all(later - earlier >= 0.05 for earlier, later in itertools.pairwise(asked_s))


def test_limit(int8_model: Path) -> None:
    """After ``limit`` labelled frames the run ends, even if the source has more."""
    assert len(Stream(Frames([picture("red")] * 9), int8_model, limit=3).run()) == 3


def test_the_model_is_replaced_between_two_frames(tmp_path: Path) -> None:
    """A new file is used without a lost frame; the observations name their model, and the change is counted."""
    path = tmp_path / "model.tflite"
    shutil.copy(DATA / "tiny-int8.tflite", path)
    waiting: queue.Queue[np.ndarray | None] = queue.Queue()

    class Queued(Frames):
        def newest(self, after: int = -1, timeout_s: float | None = None) -> Frame | None:
            self._pictures.append(waiting.get())
            return super().newest(after, timeout_s)

    stream = Stream(Queued([]), path)
    thread = threading.Thread(target=stream.run)
    thread.start()
    waiting.put(picture("red"))
    wait_for(lambda: len(stream.seen) == 1)
    shutil.copy(DATA / "tiny-float32.tflite", tmp_path / "new")
    os.replace(tmp_path / "new", path)
    wait_for(lambda: stream.swap._ready)
    stream.stopping.set()
    waiting.put(picture("red"))
    thread.join()
    assert [o.model.quantization for o in stream.seen] == ["int8", "float32"]
    assert [o.changed for o in stream.seen] == [True, False]
    assert stream.statistics.snapshot().model_swaps == 1
    assert stream.messages == [f"model replaced: model.tflite, sha256 {stream.seen[1].model.sha256[:12]}"]


def test_labels_that_are_needed(int8_model: Path) -> None:
    """A label that the model does not have ends the stream before its first frame; the nearest one is named."""
    assert len(Stream(Frames([picture("red")]), int8_model, needed_labels=("red", "unknown")).run()) == 1
    stream = Stream(Frames([picture("red")]), int8_model, needed_labels=("red", "gren"))
    with pytest.raises(UsageError, match=r"^the model has no label gren; did you mean green\? it has blue, green, red"):
        stream.run()
    assert stream.seen == []


def test_a_model_that_cannot_be_run_ends_it(int8_model: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A missing interpreter is an error before any frame."""
    monkeypatch.setattr("edge.inference.interpreter.installed_runtimes", list)
    stream = Stream(Frames([picture("red")]), int8_model)
    with pytest.raises(ConfigurationError, match="no TFLite interpreter is installed"):
        stream.run()
    assert stream.seen == []


def test_rejected_frames_are_unknown() -> None:
    """With a gate a picture like no class is unknown; the observation has its scores too."""
    (seen,) = Stream(Frames([grey(0)]), GATED, reject=True).run()
    assert seen.label == "unknown"
    assert len(seen.categories) == 3


def test_the_class_for_the_rest_of_the_world_is_unknown(int8_model: Path, tmp_path: Path) -> None:
    """Whatever the file calls it, the observation's label is unknown; its scores have the file's label."""
    path = tmp_path / "outside.tflite"
    facts = {"label": "red", "photos": 0, "directions": 800, "drawings": 64, "source": "random"}
    path.write_bytes(surgery.with_facts(int8_model.read_bytes(), unknown=facts))
    seen = Stream(Frames([picture("red"), picture("green")]), path).run()
    assert [observation.label for observation in seen] == [UNKNOWN, "green"]
    assert seen[0].categories[0].label == seen[0].model.unknown == "red"
    assert seen[0].score == seen[0].categories[0].score > 0.5


def test_a_model_that_is_stuck_in_a_frame(int8_model: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A message says it once for each such frame, and not when the model has answered."""
    stream, scores = Stream(Frames([picture("red")] * 2), int8_model), Classifier.gated_scores

    def look_meanwhile(classifier: Classifier, image: np.ndarray) -> object:
        for _ in range(2):
            stream.watch.look()
        return scores(classifier, image)

    monkeypatch.setattr(Classifier, "gated_scores", look_meanwhile)
    monkeypatch.setattr("edge.live.watch.STUCK_S", -1.0)
    assert [seen.label for seen in stream.run()] == ["red", "red"]
    stream.watch.look()
    assert stream.messages == ["the model has been in one frame for more than -1 s; nothing is labelled"] * 2
