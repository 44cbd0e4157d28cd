"""Retraining on photos in a bucket: the model of the same photos in a folder."""

from __future__ import annotations

import dataclasses
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from support.s3_server import KEYS, S3Server
from trainer.fine_tuning.job import TuningPhoto
from trainer.fine_tuning.photos import TuningPhotos
from trainer.photos.bucket import as_place
from trainer.progress import Progress
from trainer.report.thumbnail import thumbnail
from trainer.retraining.options import RetrainOptions, default_output
from trainer.retraining.retrain_all import retrain_all

pytestmark = pytest.mark.xdist_group("s3")


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[S3Server]:
    """The server, with a key for it."""
    pytest.importorskip("pyarrow", reason="the extra ray is not installed")
    for name, value in KEYS.items():
        monkeypatch.setenv(name, value)
    made = S3Server()
    yield made
    made.stop()


def test_a_bucket_gives_the_model_of_the_folder(
    server: S3Server, options: RetrainOptions, photos: Path, cache: Path, tmp_path: Path
) -> None:
    """The same file, byte for byte, with augmented copies, the rest of the world and cross-validation."""
    server.put_folder(photos)
    root = as_place(server.address("photos"))
    made = dataclasses.replace(options, augment=1, unknown="unknown", cross_validate=True)
    for folder in (photos, root):
        own = tmp_path / f"cache-{folder is root}"
        shutil.copytree(cache, own)
        output = tmp_path / f"{folder is root}.tflite"
        (model,) = retrain_all(
            dataclasses.replace(made, folder=folder, bottleneck_dir=own, output=output),
            Progress(None, lambda text: None),
        )
        assert model.computed_bottlenecks == len(model.dataset.photos)
    assert (tmp_path / "False.tflite").read_bytes() == (tmp_path / "True.tflite").read_bytes()
    assert default_output(root, options.architecture, ("int8",)).name.startswith("photos-mobilenet")


def test_reports_and_fine_tuning_read_a_bucket(server: S3Server, photos: Path) -> None:
    """Thumbnails and decoded photos are those of the folder; a photo that is gone has no thumbnail."""
    server.put("photos/red/000.png", (photos / "red" / "000.png").read_bytes())
    here, there = photos / "red" / "000.png", as_place(server.address("photos/red")) / "000.png"
    assert thumbnail(there) == thumbnail(here) is not None
    decoded = [TuningPhotos([TuningPhoto(str(path), 0)], 32).pixels(0).tobytes() for path in (here, there)]
    assert decoded[0] == decoded[1]
    assert thumbnail(there.with_name("gone.png")) is None
