"""The photos that fine-tuning sees: each once an epoch, as decoded for the device, in an order that is seeded."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from edge.errors import StorageError
from edge.preprocess import preprocess
from support import tiny
from trainer.fine_tuning.job import TuningPhoto
from trainer.fine_tuning.photos import TuningPhotos, batches, load_training, plain_batches, training_batches
from trainer.fine_tuning.recipe import Recipe

SIZE = 16
RECIPE = Recipe(epochs=2, from_block=0, picture_size=SIZE, batch=4)


@pytest.fixture
def listed(tmp_path: Path) -> list[TuningPhoto]:
    """Ten photos whose label is their place, so that a batch shows which ones are in it."""
    paths = sorted(tiny.paint_folder(tmp_path / "photos", 4).rglob("*.png"))[:10]
    return [TuningPhoto(str(path), place) for place, path in enumerate(paths)]


def test_plain_batches_are_what_the_device_sees(listed: list[TuningPhoto]) -> None:
    """Validation photos come in order, as edge.preprocess makes them, the last batch smaller."""
    found = list(plain_batches(TuningPhotos(listed, SIZE), 4))
    assert [len(labels) for _, labels in found] == [4, 4, 2]
    assert np.concatenate([labels for _, labels in found]).tolist() == list(range(10))
    pictures = np.concatenate([pictures for pictures, _ in found])
    assert all((one == preprocess(photo.path, (SIZE, SIZE))).all() for one, photo in zip(pictures, listed, strict=True))


def test_epoch_shows_every_photo_once_in_even_batches(listed: list[TuningPhoto]) -> None:
    """Ten photos in batches of at most four are 4, 3 and 3."""
    found = list(training_batches(load_training(listed, SIZE), RECIPE, 1))
    assert [pictures.shape for pictures, _ in found] == [(n, SIZE, SIZE, 3) for n in (4, 3, 3)]
    assert sorted(np.concatenate([labels for _, labels in found])) == list(range(10))
    assert batches(10, 4) == len(found) == 3


def test_epoch_done_again_is_done_alike_and_another_is_not(listed: list[TuningPhoto]) -> None:
    """Order and pixels depend on seed and epoch alone, whatever the threads do."""

    def pixels(epoch: int, seed: int = 0) -> bytes:
        recipe = Recipe(epochs=2, from_block=0, picture_size=SIZE, batch=4, seed=seed)
        found = training_batches(load_training(listed, SIZE), recipe, epoch)
        return b"".join(pictures.tobytes() + labels.tobytes() for pictures, labels in found)

    assert pixels(1) == pixels(1)
    assert len({pixels(1), pixels(2), pixels(1, seed=1)}) == 3


def test_photos_beyond_the_memory_are_decoded_when_needed(listed: list[TuningPhoto]) -> None:
    """With room for three of ten photos the batches are the same."""
    roomy, tight = TuningPhotos(listed, SIZE), TuningPhotos(listed, SIZE, most_bytes=3 * 3 * SIZE**2)
    for (some, _), (others, _) in zip(plain_batches(roomy, 4), plain_batches(tight, 4), strict=True):
        assert (some == others).all()
    Path(listed[0].path).unlink()
    assert tight.pixels(0).shape == (SIZE, SIZE, 3)
    Path(listed[9].path).unlink()
    with pytest.raises(StorageError, match=f"{listed[9].path}: cannot be read"):
        tight.pixels(9)
