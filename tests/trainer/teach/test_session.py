"""A session as the page uses it: photos come, classes change, and the state follows."""

from __future__ import annotations

import asyncio
import queue
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest

from edge.errors import ImageError, StorageError, UsageError
from support import tiny
from support.colours import encoded
from trainer.bottlenecks.extractor import FeatureExtractor
from trainer.bottlenecks.remembered import Remembered
from trainer.teach.session import Session
from trainer.teach.state import CLASS, INBOX, TRASH, Learnt, SessionState

_WAIT_S = 120.0


class Opened:
    """A session and what it publishes."""

    def __init__(self, folder: Path, extractor: FeatureExtractor, **options: object) -> None:
        self.learnt: queue.Queue[Learnt] = queue.Queue()
        self.messages: list[str] = []
        self._changed = threading.Condition()
        self.session = Session(
            folder,
            extractor,
            publish=self.learnt.put,
            write_message=self.messages.append,
            **options,  # type: ignore[arg-type]
        )

    def state_when(self, holds: Callable[[SessionState], bool]) -> SessionState:
        """The first state for which ``holds`` is true."""

        async def wait() -> SessionState:
            self.session.attach(asyncio.get_running_loop())
            while not holds(state := self.session.state()):
                await self.session.wait_for_other(state.version, 1.0)
            return state

        return asyncio.run(asyncio.wait_for(wait(), _WAIT_S))

    def settled(self) -> SessionState:
        """The state when everything is learnt."""
        return self.state_when(lambda state: not state.learning and not state.computing and not state.work)


@pytest.fixture
def empty(tmp_path: Path, extractor: FeatureExtractor) -> Iterator[Opened]:
    """A session of an empty folder."""
    opened = Opened(tmp_path / "taught", extractor)
    yield opened
    opened.session.close()


@pytest.fixture
def full(photos: Path, extractor: FeatureExtractor) -> Iterator[Opened]:
    """A session of the tiny photos."""
    opened = Opened(photos, extractor)
    yield opened
    opened.session.close()


def png(label: str, index: int) -> bytes:
    """The bytes of a tiny photo."""
    return encoded(tiny.paint(label, index), "PNG")


def test_an_empty_folder_becomes_a_model(empty: Opened) -> None:
    """Two classes with a photo each give a head that knows both; before that the state says what is missing."""
    session = empty.session
    state = empty.settled()
    assert (state.classes, state.folder, state.architecture) == ((), "taught", tiny.ARCHITECTURE.name)
    assert state.figures is not None and state.figures.worth.startswith("Nothing was taught yet")
    session.add_class("red")
    session.add_class("blue")
    for label in ("red", "blue"):
        assert session.add_photo(png(label, 1), label).outcome == "added"
        assert session.add_photo(png(label, 1), label).outcome == "present"
    assert session.add_photo(png("red", 1), "blue").outcome == "elsewhere"
    state = empty.settled()
    assert [(one.name, one.photos, one.right) for one in state.classes] == [("red", 1, None), ("blue", 1, None)]
    assert state.learnt is not None and state.learnt.labels == ("blue", "red")
    for label in ("red", "blue"):
        (reviewed,) = session.review(label=label)
        assert reviewed.answer is not None and reviewed.answer.label == label


def test_what_is_new_does_not_depend_on_the_clock(
    photos: Path, extractor: FeatureExtractor, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A board whose clock was wrong at the start: what came in this session is new, and nothing else."""
    monkeypatch.setattr("time.time", lambda: 4e9)
    opened = Opened(photos, extractor)
    monkeypatch.setattr("time.time", lambda: 30.0)
    try:
        added = opened.session.add_photo(png("red", 99), "red")
        assert [one.photo.id for one in opened.session.review(filter_="new")] == [added.photo.id]
    finally:
        opened.session.close()


def test_a_full_folder_is_known_soon(full: Opened) -> None:
    """Bottlenecks are computed in the background, figures follow, and every photo has an answer."""
    state = full.settled()
    assert [(one.name, one.photos) for one in state.classes] == [("blue", 12), ("green", 12), ("red", 12)]
    assert state.figures is not None and state.figures.right is not None and state.figures.right.share > 0.9
    assert all(one.right is not None for one in state.classes)
    reviewed = full.session.review()
    assert len(reviewed) == 36 and all(one.answer is not None for one in reviewed)
    assert full.session.review(filter_="new") == []
    details = full.session.details(reviewed[0].photo.id)
    assert details is not None
    assert [answer.score for answer in details.scores] == sorted((a.score for a in details.scores), reverse=True)
    assert sum(answer.score for answer in details.scores) == pytest.approx(1)
    assert len(details.neighbours) == 8
    assert all(near.photo.label == reviewed[0].photo.label for near in details.neighbours[:3])
    assert full.session.details("0" * 32) is None


def test_actions_change_what_is_learnt_and_can_be_undone(full: Opened) -> None:
    """A class that is deleted is forgotten and known again after the undo; photos in the trash are not learnt."""
    session = full.session
    full.settled()
    action = session.delete_class("red")
    assert action is not None
    state = full.settled()
    assert state.learnt is not None and state.learnt.labels == ("blue", "green")
    assert (state.trash_photos, state.undo) == (12, action)
    assert session.undo(action.id + 1) is None
    session.undo(action.id)
    state = full.settled()
    assert state.learnt is not None and state.learnt.labels == ("blue", "green", "red")
    assert (state.trash_photos, state.redo) == (0, action)
    ids = [one.photo.id for one in session.review(label="blue")][:3]
    session.assign(ids, "green")
    session.rename_class("green", "leaf")
    state = full.settled()
    assert [(one.name, one.photos) for one in state.classes] == [("blue", 9), ("leaf", 15), ("red", 12)]
    assert {one.photo.id for one in session.review(filter_="doubtful", order="doubtful")} & set(ids)


def test_files_of_other_programs_come_in(full: Opened, photos: Path) -> None:
    """A photo that is copied into a class folder or the inbox is found, computed and answered."""
    full.settled()
    inbox = photos / ".teach" / "inbox" / "unknown"
    inbox.mkdir(parents=True, exist_ok=True)
    (inbox / "new.png").write_bytes(png("red", 77))
    tiny.paint("blue", 78).save(photos / "blue" / "new.png")
    state = full.state_when(lambda state: state.inbox_photos == 1 and state.classes[0].photos == 13)
    full.settled()
    (reviewed,) = full.session.review(INBOX)
    full.state_when(lambda _: full.session.review(INBOX)[0].answer is not None)
    (reviewed,) = full.session.review(INBOX)
    assert reviewed.answer is not None and reviewed.answer.label == "red"
    full.session.assign([reviewed.photo.id], "red")
    assert full.session.review(INBOX) == []
    assert full.settled().classes[2].photos == 13
    assert state.version < full.session.version


def test_bad_pictures_and_classes_are_refused(full: Opened) -> None:
    """Neither changes anything."""
    session = full.session
    with pytest.raises(ImageError):
        session.add_photo(b"no picture", "red")
    with pytest.raises(UsageError):
        session.add_photo(png("red", 99), "purple")
    with pytest.raises(UsageError, match="no camera"):
        session.record("red", "hold")
    assert len(session.folders.of(CLASS)) == 36 and session.folders.of(TRASH) == []


def test_remembered_classes_are_classes_of_the_session(tmp_path: Path, extractor: FeatureExtractor) -> None:
    """They are shown with the number of bottlenecks, and are labels beside the class that is taught."""
    rng = np.random.default_rng(0)
    size = extractor.backbone.bottleneck_size
    remembered = Remembered(("a", "b"), rng.random((8, size)).astype(np.float32), np.repeat([0, 1], [3, 5]))
    opened = Opened(tmp_path / "taught", extractor, remembered=remembered)
    try:
        opened.session.add_class("red")
        for index in range(3):
            opened.session.add_photo(png("red", index), "red")
        state = opened.settled()
    finally:
        opened.session.close()
    assert [(one.name, one.photos, one.remembered) for one in state.classes] == [
        ("a", 0, 3),
        ("b", 0, 5),
        ("red", 3, 0),
    ]
    assert state.learnt is not None and state.learnt.labels == ("a", "b", "red")


def test_another_backbone(full: Opened, cache: Path) -> None:
    """All photos get the other backbone's bottlenecks; its first head is published after the switch, and no old one."""
    full.settled()
    ids = [photo.id for photo in full.session.folders.of(CLASS)]
    before = full.session.learning.features.rows(ids)
    other = tiny.extractor(cache, "float32")
    switched: list[int] = []

    def switch() -> None:
        while not full.learnt.empty():
            full.learnt.get()
        switched.append(1)

    full.session.use_backbone(other, None, switch)
    state = full.settled()
    assert switched == [1]
    assert (state.quantization, state.learnt.labels if state.learnt else ()) == ("float32", ("blue", "green", "red"))
    assert full.learnt.get().head is not None
    after = full.session.learning.features.rows(ids)
    assert after.shape == before.shape and not np.array_equal(after, before)
    assert np.allclose(after, before, atol=0.1)


def test_a_switch_that_fails_leaves_the_session_as_it_was(
    full: Opened, cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """If a remembered class cannot be added, because the disk is full, the old backbone goes on to learn."""
    full.settled()

    def refuse(name: str) -> str:
        raise StorageError("no space left on the disk")

    remembered = Remembered(("violet",), np.zeros((1, tiny.FEATURES), np.float32), np.zeros(1, np.intp))
    switched: list[int] = []
    with monkeypatch.context() as patched:
        patched.setattr(full.session.folders, "add_class", refuse)
        with pytest.raises(StorageError):
            full.session.use_backbone(tiny.extractor(cache, "float32"), remembered, lambda: switched.append(1))
    assert switched == [] and full.session.remembered is None
    full.session.delete([full.session.folders.of(CLASS)[0].id])
    assert full.settled().quantization == "int8"


def test_the_photos_stay_after_the_end(tmp_path: Path, extractor: FeatureExtractor) -> None:
    """Another session goes on where the first one ended."""
    folder = tmp_path / "taught"
    first = Opened(folder, extractor)
    first.session.add_class("red")
    first.session.add_photo(png("red", 1), "red", name="mine.png")
    first.session.close()
    second = Opened(folder, extractor)
    try:
        assert [(one.name, one.photos) for one in second.settled().classes] == [("red", 1)]
    finally:
        second.session.close()


def test_answers_are_those_of_the_newest_head(full: Opened) -> None:
    """A head that is chosen anew for the same photos gives other scores than the quick one before it."""
    full.settled()
    learning = full.session.learning
    learnt, before = learning.learnt, learning.scores()
    assert learnt is not None and learnt.head is not None and before is not None
    sharper = learnt._replace(head=type(learnt.head)(2 * learnt.head.weights, 2 * learnt.head.bias))
    learning.learnt = sharper
    after = learning.scores()
    assert after is not None and after is learning.scores()
    (one, *_) = full.session.review()
    assert one.answer is not None
    assert one.answer.score == after.scores(one.photo.id)[0].score > before.scores(one.photo.id)[0].score
