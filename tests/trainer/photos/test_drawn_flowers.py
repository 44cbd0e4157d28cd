"""Tests of the drawn flowers."""

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from trainer.photos.drawn_flowers import KINDS, draw_flower, draw_flower_folder


def _pixels(kind: str, seed: int, size: int = 96) -> np.ndarray:
    return np.asarray(draw_flower(kind, seed, size))


@pytest.mark.parametrize("kind", KINDS)
def test_same_seed_gives_same_pixels_and_other_seed_others(kind: str) -> None:
    """A picture follows from its kind and seed alone."""
    first, again, other = _pixels(kind, 7), _pixels(kind, 7), _pixels(kind, 8)
    assert np.array_equal(first, again)
    assert first.shape != other.shape or not np.array_equal(first, other)


def test_kinds_with_one_seed_differ() -> None:
    """The kind is part of what a picture follows from."""
    assert len({_pixels(kind, 3).tobytes() for kind in KINDS}) == len(KINDS) == 5


@pytest.mark.parametrize("size", [32, 101, 160])
def test_sizes_are_four_to_three_and_sometimes_upright(size: int) -> None:
    """The longer side has the asked length, the shorter three quarters of it."""
    shapes = [draw_flower("tulips", seed, size).size for seed in range(12)]
    assert set(shapes) == {(size, size * 3 // 4), (size * 3 // 4, size)}
    assert shapes.count((size, size * 3 // 4)) > 6


def test_picture_is_rgb_with_contrast() -> None:
    """No picture is flat, black or burnt out."""
    for kind in KINDS:
        for seed in range(6):
            picture = draw_flower(kind, seed, 96)
            gray = np.asarray(picture.convert("L"))
            assert picture.mode == "RGB"
            assert 15 < gray.mean() < 240
            assert gray.std() > 6


@pytest.mark.parametrize(("kind", "size"), [("orchid", 320), ("Daisy", 320), ("daisy", 31), ("daisy", 0)])
def test_unknown_kind_or_small_size_is_refused(kind: str, size: int) -> None:
    """The refusal names what was asked and what could have been."""
    with pytest.raises(ValueError, match=rf"{kind}.*{size} pixels.*sunflowers.*32"):
        draw_flower(kind, 0, size)


def test_colour_alone_does_not_tell_the_kinds_apart() -> None:
    """The kinds' mean colours lie closer together than the pictures of one kind are spread."""
    means = np.array([[_pixels(kind, seed, 48).mean(axis=(0, 1)) for seed in range(25)] for kind in KINDS])
    between = means.mean(axis=1).std(axis=0)
    within = means.std(axis=1).mean(axis=0)
    assert (within > 15).all()
    assert (between < within).all()


def test_a_picture_keeps_its_design_when_it_is_drawn_larger() -> None:
    """The size scales the same scene: a large picture shrunk resembles the small one."""
    small = draw_flower("sunflowers", 5, 80)
    large = draw_flower("sunflowers", 5, 320).resize(small.size, Image.Resampling.BOX)
    apart = np.abs(np.asarray(small, dtype=float) - np.asarray(large, dtype=float)).mean()
    other = np.asarray(draw_flower("sunflowers", 6, 80).resize(small.size), dtype=float)
    assert apart < 0.5 * np.abs(np.asarray(small, dtype=float) - other).mean()


def test_folder_names_order_and_bytes(tmp_path: Path) -> None:
    """Two folders from one seed hold the same files with the same bytes, another seed gives others."""
    names = [f"{kind}/{kind}_{i:03d}.jpg" for kind in KINDS for i in range(2)]
    seeds = {"a": 1, "b": 1, "c": 2}
    folders = {name: list(draw_flower_folder(tmp_path / name, 2, seed, 48)) for name, seed in seeds.items()}
    for name, paths in folders.items():
        assert [path.relative_to(tmp_path / name).as_posix() for path in paths] == names
    first, again, other = ([path.read_bytes() for path in paths] for paths in folders.values())
    assert first == again
    assert not set(first) & set(other)
    assert len(set(first)) == len(names)


def test_folder_files_are_whole_jpegs_and_nothing_else_is_left(tmp_path: Path) -> None:
    """Every file decodes as JPEG, and no temporary file stays behind."""
    paths = list(draw_flower_folder(tmp_path, 1, size=64))
    for path in paths:
        with Image.open(path) as picture:
            picture.load()
            assert (picture.format, max(picture.size)) == ("JPEG", 64)
    assert sorted(path for path in tmp_path.rglob("*") if path.is_file()) == sorted(paths)


def test_paths_come_while_the_folder_grows(tmp_path: Path) -> None:
    """A path comes as soon as its file is there, before the next one is drawn."""
    growing = draw_flower_folder(tmp_path, 2, size=32)
    first = next(growing)
    assert list(tmp_path.rglob("*.jpg")) == [first]
    second = next(growing)
    assert (first.name, second.name) == ("daisy_000.jpg", "daisy_001.jpg")


def test_resume_keeps_what_is_there_and_fills_the_gaps(tmp_path: Path) -> None:
    """A file that exists is left alone, a missing one comes back with the bytes it had."""
    paths = list(draw_flower_folder(tmp_path, 2, seed=4, size=32))
    lost, kept = paths[3], paths[4]
    bytes_before = lost.read_bytes()
    lost.unlink()
    kept.write_bytes(b"a photo of my own")
    assert list(draw_flower_folder(tmp_path, 2, seed=4, size=32)) == paths
    assert lost.read_bytes() == bytes_before
    assert kept.read_bytes() == b"a photo of my own"


def test_failed_write_leaves_no_half_picture(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """When saving breaks off, no file bears the final name."""

    def break_off(self: Image.Image, name: Path, *_: object, **__: object) -> None:
        Path(name).write_bytes(b"half")
        raise OSError("disk full")

    monkeypatch.setattr(Image.Image, "save", break_off)
    with pytest.raises(OSError, match="disk full"):
        next(draw_flower_folder(tmp_path, 1, size=32))
    assert not list(tmp_path.rglob("*.jpg"))
