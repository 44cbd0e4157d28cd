"""Frames that the model was unsure of become photos for the next training."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from edge.controls import StreamControls
from edge.errors import StorageError
from edge.sinks.capture.folder_name import folder_name
from edge.sinks.capture.sink import CaptureSink, is_unsure
from edge.types import UNKNOWN, Category, Observation
from support.observed import CARD, observe, observe_without_labels, plain

LIMIT = 10_000_000


def scene(seed: int, noise: float = 0.0) -> npt.NDArray[np.uint8]:
    """A picture of 160 x 120 with big blocks of colour; ``noise`` is a camera's."""
    random = np.random.default_rng(seed)
    blocks = random.integers(40, 216, (6, 8, 3)).repeat(20, 0).repeat(20, 1)
    return (blocks + np.random.default_rng().normal(0, noise, blocks.shape)).clip(0, 255).astype(np.uint8)


def unsure(sequence: int, pixels: npt.NDArray[np.uint8], label: str = "daisy", **fields: Any) -> Observation:
    """An observation of ``pixels`` with a best score of 0.5."""
    return observe(sequence, label, 0.5, pixels=pixels, **fields)


@pytest.fixture
def capture(tmp_path: Path) -> Callable[..., CaptureSink]:
    """An open sink into ``tmp_path / "kept"`` that does not wait between frames."""

    def make(limit_bytes: int = LIMIT) -> CaptureSink:
        sink = CaptureSink(tmp_path / "kept", limit_bytes, at_most_every_s=0.0)
        sink.open()
        return sink

    return make


def photos(root: Path) -> list[str]:
    """The files below ``root``, hidden ones included."""
    return sorted(path.relative_to(root).as_posix() for path in root.rglob("*") if path.is_file())


@pytest.mark.parametrize(
    ("raw", "label", "expected"),
    [
        ((0.95, 0.05), "daisy", False),
        ((0.59, 0.1), "daisy", True),
        ((0.625, 0.375), "daisy", False),
        ((0.625, 0.45), "daisy", True),
        ((0.95,), "daisy", False),
        ((0.95, 0.05), UNKNOWN, True),
        ((), "daisy", True),
    ],
)
def test_what_counts_as_unsure(raw: tuple[float, ...], label: str, expected: bool) -> None:
    """A low best score, a narrow lead, no score at all or the answer unknown: of the frame alone, unsmoothed."""
    categories = tuple(Category(index, str(index), score) for index, score in enumerate(raw))
    assert is_unsure(observe(label=label, score=0.99, raw=categories)) is expected


def test_a_sure_answer_of_the_rest_of_the_world_is_sure() -> None:
    """A wall that the model knows to be none of its classes is no photo for the next training; a doubtful one is."""
    card = CARD._replace(labels=("daisy", "roses", "other"), unknown="other")
    for best, expected in ((0.95, False), (0.55, True)):
        raw = (Category(2, "other", best), Category(0, "daisy", 1 - best))
        assert is_unsure(observe(label=UNKNOWN, raw=raw, model=card)) is expected
    by_the_gate = (Category(0, "daisy", 0.95), Category(2, "other", 0.05))
    assert is_unsure(observe(label=UNKNOWN, raw=by_the_gate, model=card))


def test_a_photo_is_named_by_its_guess_and_its_time(capture, tmp_path: Path) -> None:
    """The best label of the frame names the folder, UTC the file; it is the picture, in full size and almost exact."""
    sink, pixels = capture(), scene(1)
    sink.write(observe(pixels=pixels))
    sink.write(unsure(0, pixels, raw=(Category(1, "roses", 0.5),)))
    sink.close()
    assert photos(tmp_path / "kept") == ["roses/20270115T080000.123Z.jpg"]
    with Image.open(tmp_path / "kept/roses/20270115T080000.123Z.jpg") as photo:
        assert photo.size == (160, 120)
        assert np.abs(np.asarray(photo, float) - pixels).mean() < 2


def test_an_unknown_frame_goes_into_a_folder_of_its_own(capture, tmp_path: Path) -> None:
    """A frame whose label is unknown goes to the folder ``unknown``, with any best label of the model."""
    capture().write(unsure(0, scene(1), label=UNKNOWN, raw=(Category(0, "daisy", 0.3),)))
    assert photos(tmp_path / "kept") == ["unknown/20270115T080000.123Z.jpg"]


def test_the_region_is_what_is_kept(capture, tmp_path: Path) -> None:
    """A photo shows what was labelled: the region of the frame."""
    pixels = scene(1)
    capture().write(unsure(0, pixels, region=(20, 40, 60, 20)))
    with Image.open(tmp_path / "kept" / photos(tmp_path / "kept")[0]) as photo:
        assert photo.size == (60, 20)
        assert np.abs(np.asarray(photo, float) - pixels[40:60, 20:80]).mean() < 2


def test_a_frame_whose_label_is_wrong(capture, tmp_path: Path) -> None:
    """It is kept once, however sure the model is and whatever was kept before; the sink need not be open."""
    sink, shown = capture(), observe(pixels=scene(1))
    sink.write(unsure(1, scene(1)))
    path = tmp_path / "kept/daisy/20270115T080000.123Z.jpg"
    assert sink.keep(shown) == f"{path}: kept, because its label is wrong"
    assert sink.keep(shown) == f"{path}: is kept already"
    assert len(photos(tmp_path / "kept")) == 2
    closed = CaptureSink(tmp_path / "new", LIMIT)
    assert closed.keep(shown).endswith("because its label is wrong")
    with pytest.raises(StorageError, match="full, 0 of 0 MB"):
        CaptureSink(tmp_path / "new", 10).keep(observe(2))


def test_capturing_that_is_switched_off(tmp_path: Path) -> None:
    """No frame is kept but one whose label is wrong; switched on again, frames are."""
    controls = StreamControls()
    sink = CaptureSink(tmp_path, LIMIT, controls=controls, at_most_every_s=0.0)
    sink.open()
    controls.capturing = False
    sink.write(unsure(0, scene(0)))
    assert photos(tmp_path) == []
    sink.keep(observe(1, pixels=scene(1)))
    controls.capturing = True
    sink.write(unsure(2, scene(2)))
    assert len(photos(tmp_path)) == 2


def test_near_duplicates_are_left_out(capture, tmp_path: Path) -> None:
    """Thirty noisy pictures of three scenes, coming back in turn, are three photos, also after a restart."""
    for _ in range(2):
        sink = capture()
        for sequence in range(30):
            sink.write(unsure(sequence, scene(sequence % 3, noise=12.0)))
    assert len(photos(tmp_path / "kept")) == 3


def test_frames_that_follow_each_other_are_left_out(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """At most one frame a second is kept, even if all differ."""
    now_s = 1000.0
    monkeypatch.setattr("edge.sinks.capture.sink.time.monotonic", lambda: now_s)
    sink = CaptureSink(tmp_path, LIMIT)
    sink.open()
    for sequence in range(91):
        sink.write(unsure(sequence, scene(sequence)))
        now_s += 1 / 30
    assert len(photos(tmp_path)) == 3


def test_a_file_that_is_there_is_never_written_over(capture, tmp_path: Path) -> None:
    """On a board whose clock restarts the same time comes twice; both photos are kept."""
    sink = capture()
    for seed in range(3):
        sink.write(unsure(0, scene(seed)))
    stem = "daisy/20270115T080000.123Z"
    assert photos(tmp_path / "kept") == [f"{stem}-2.jpg", f"{stem}-3.jpg", f"{stem}.jpg"]


def test_a_full_folder_keeps_what_it_has(capture, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """At the limit the sink pauses, with one message in ten minutes, and removes nothing; with space it continues."""
    now_s = 1000.0
    monkeypatch.setattr("edge.sinks.capture.sink.time.monotonic", lambda: now_s)
    kept = tmp_path / "kept"
    kept.mkdir()
    (kept / "mine.bin").write_bytes(b"x" * 60_000)
    sink = capture(100_000)
    failures = 0
    for sequence in range(60):
        try:
            sink.write(unsure(sequence, scene(sequence)))
        except StorageError as error:
            failures += 1
            assert str(error) == (
                f"{kept}: full, 0 of 0 MB; no more photos are kept until some are removed or "
                "--capture-limit-mb is raised"
            )
        now_s += 1
    full = photos(kept)
    assert failures == 1
    assert 2 < len(full) < 20 and "mine.bin" in full
    assert 90_000 < sum((kept / name).stat().st_size for name in full) <= 100_000
    (kept / "mine.bin").unlink()
    sink.write(unsure(100, scene(100)))
    assert len(photos(kept)) == len(full) - 1
    now_s += 600
    sink.write(unsure(101, scene(101)))
    assert len(photos(kept)) == len(full)


def test_a_full_disk_is_one_line_and_leaves_no_half_photo(small_disk, monkeypatch: pytest.MonkeyPatch) -> None:
    """A full disk pauses the sink, and all photos on it are whole."""
    now_s = 1000.0
    monkeypatch.setattr("edge.sinks.capture.sink.time.monotonic", lambda: now_s)
    disk = small_disk("64k")
    sink = CaptureSink(disk, LIMIT)
    sink.open()
    failures = []
    for sequence in range(60):
        try:
            sink.write(unsure(sequence, scene(sequence)))
        except StorageError as error:
            failures.append(str(error))
        now_s += 1
    assert len(failures) == 1 and "No space left on device" in failures[0]
    for name in photos(disk):
        with Image.open(disk / name) as photo:
            photo.load()


def test_trainer_reads_the_folder(capture, tmp_path: Path) -> None:
    """The folder is a data set as it stands: class folders, no file skipped, every photo decodable."""
    dataset = pytest.importorskip("trainer.photos.dataset")
    sink = capture()
    for sequence in range(60):
        sink.write(unsure(sequence, scene(sequence), label=("daisy", "roses", UNKNOWN)[sequence % 3]))
    assert dataset.Dataset.from_folder(tmp_path / "kept").labels == ("daisy", "roses", "unknown")
    made = dataset.Dataset.from_folder(tmp_path / "kept")
    assert len(made.photos) == 60 and made.skipped == []


@given(st.text(max_size=300))
def test_any_label_is_a_class_folder(label: str) -> None:
    """No label leads out of the folder, hides, is too long or holds what the trainer refuses in a label."""
    name = folder_name(label)
    assert "/" not in name and not name.startswith(".") and 0 < len(name.encode()) <= 200
    assert name.encode().decode().splitlines() == [name]


@pytest.mark.parametrize("label", ["daisy", "Gänseblümchen", "african violet", "雛菊", "50%", "a.b", "roses, red"])
def test_an_ordinary_label_names_its_folder(label: str) -> None:
    """A label that was a folder's name becomes that name again, so the photos join their class."""
    assert folder_name(label) == label


@pytest.mark.parametrize(
    ("label", "name"), [("../etc", "%2E.%2Fetc"), ("a/b", "a%2Fb"), ("", "_"), ("a\nb", "a%0Ab"), (".", "%2E")]
)
def test_a_strange_label_is_quoted(label: str, name: str) -> None:
    """Characters that cannot be in a folder's name are %-quoted; two labels do not share a folder."""
    assert folder_name(label) == name


def test_a_plain_picture_is_a_scene_too(capture, tmp_path: Path) -> None:
    """A black frame is kept once, although the unused thumbnails are black too."""
    sink = capture()
    sink.write(unsure(0, plain(0)))
    sink.write(unsure(1, plain(0)))
    assert len(photos(tmp_path / "kept")) == 1


def test_a_model_without_labels(capture: Callable[..., CaptureSink], tmp_path: Path) -> None:
    """A model without labels answers nothing, so it is unsure of nothing; with labels frames are kept."""
    sink = capture()
    sink.write(observe_without_labels(0, pixels=scene(1)))
    assert photos(tmp_path / "kept") == []
    sink.write(unsure(1, scene(1)))
    assert len(photos(tmp_path / "kept")) == 1
