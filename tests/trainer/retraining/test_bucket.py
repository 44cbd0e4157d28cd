"""Retraining on photos in a bucket: the model of the same photos in a folder."""

from __future__ import annotations

import dataclasses
import json
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from support import tiny
from support.complaint import complaint
from support.s3_server import KEYS, S3Server, running_server
from trainer.backbones.architectures import Architecture
from trainer.fine_tuning.job import TuningPhoto
from trainer.fine_tuning.photos import TuningPhotos
from trainer.photos.bucket import as_place
from trainer.progress import Progress
from trainer.report.thumbnail import thumbnail
from trainer.retraining.options import RetrainOptions, default_output
from trainer.retraining.retrain_all import retrain_all

pytestmark = pytest.mark.xdist_group("s3")


@pytest.fixture(scope="module")
def server() -> Iterator[S3Server]:
    """The server, with a key for it."""
    with running_server() as made:
        yield made


def test_a_bucket_gives_the_model_of_the_folder(
    server: S3Server, options: RetrainOptions, photos: Path, cache: Path, tmp_path: Path
) -> None:
    """The same file, byte for byte, with augmented copies."""
    server.put_folder(photos)
    root = as_place(server.address("photos"))
    for folder in (photos, root):
        own = tmp_path / f"cache-{folder is root}"
        shutil.copytree(cache, own)
        output = tmp_path / f"{folder is root}.tflite"
        made = dataclasses.replace(options, folder=folder, bottleneck_dir=own, output=output, augment=1)
        (model,) = retrain_all(made, Progress(None, lambda text: None))
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


def test_the_command_takes_an_address(server: S3Server, trainer, photos: Path, cache: Path) -> None:  # type: ignore[no-untyped-def]
    """Two networks in one run; a folder that is not in the bucket is one line, with the exit code of bad data."""
    other = Architecture(0.25, 160)
    tiny.write_backbone(cache, architecture=other)
    server.put_folder(photos)
    names = ("--architecture", tiny.ARCHITECTURE.name, "--architecture", other.name)
    arguments = (*names, "--weights", "random", "--bottleneck-dir", cache)
    done = trainer("bottlenecks", server.address("photos"), *arguments, "--json", env=KEYS)
    rows = json.loads(done.stdout)["bottlenecks"]
    assert [(row["architecture"], row["photos"], row["computed"]) for row in rows] == [
        (tiny.ARCHITECTURE.name, 36, 36),
        (other.name, 36, 36),
    ]
    assert done.stderr == ""
    missing = trainer("bottlenecks", server.address("none"), *arguments, env=KEYS)
    assert "/none: no such folder in the bucket; give a folder" in complaint(missing, 65)
