"""Bottlenecks of a folder: bad files named, the rest computed, the same on any number of threads."""

from __future__ import annotations

import hashlib
import io
import json
import os
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from edge.inference.interpreter import ImageInterpreter
from edge.pictures.bounded_file import MAX_FILE_BYTES
from edge.preprocess import decode, preprocess
from support import tiny
from trainer.bottlenecks import compute
from trainer.bottlenecks.compute import Extracted, compute_bottlenecks, compute_for_all
from trainer.photos.folder import list_photos
from trainer.photos.reading import Contents, read_contents
from trainer.progress import Progress, Stage


def spoil(photos: Path) -> dict[str, str]:
    """Put one bad file of each kind among the photos; returns a part of the reason for each."""
    jpeg, png = io.BytesIO(), io.BytesIO()
    noise = tiny.paint("red", 99, (200, 200))
    noise.save(jpeg, "JPEG")
    Image.new("1", (20_000, 20_000)).save(png, "PNG")
    huge = photos / "red" / "huge.png"
    with huge.open("wb") as file:
        file.truncate(MAX_FILE_BYTES + 1)
    contents = {
        "truncated.jpg": jpeg.getvalue()[: len(jpeg.getvalue()) // 2],
        "empty.jpg": b"",
        "text.png": b"hello, I am no picture",
        "svg.jpg": b"<svg xmlns='http://www.w3.org/2000/svg'/>",
        "bomb.png": png.getvalue(),
    }
    for name, content in contents.items():
        (photos / "red" / name).write_bytes(content)
    return {
        "red/truncated.jpg": "truncated",
        "red/empty.jpg": "empty file",
        "red/text.png": "not an image of a known format",
        "red/svg.jpg": "an SVG drawing; save it as PNG",
        "red/bomb.png": "too large",
        "red/huge.png": "too large for a photo: 256 MiB",
    }


@pytest.mark.parametrize("quantization", ["int8", "float32"])
def test_bottlenecks_are_the_artifacts_own_outputs(photos: Path, tmp_path: Path, quantization: str) -> None:
    """Each cached row is what the interpreter computes of the preprocessed photo, exactly."""
    extractor, folder = tiny.extractor(tmp_path, quantization), list_photos(photos)
    extracted = compute_bottlenecks(extractor, folder)
    features = extractor.load(list(extracted.contents.sha256.values()))
    interpreter = ImageInterpreter(extractor.backbone.model)
    expected = np.stack([interpreter.scores(preprocess(file.path, (32, 32))) for file in folder.files])
    assert features.dtype == np.float32
    assert (features == expected).all()
    hashes = {file.relative: hashlib.sha256(file.path.read_bytes()).digest() for file in folder.files}
    assert extracted == Extracted(Contents(hashes, {}), 36)


@pytest.mark.parametrize("threads", [1, 2, 7])
def test_number_of_threads_changes_nothing(photos: Path, tmp_path: Path, threads: int) -> None:
    """One thread and many give the same hashes, reasons and features, bit for bit."""
    spoil(photos)
    folder = list_photos(photos)
    results = []
    for count in (1, threads):
        extractor = tiny.extractor(tmp_path / f"cache {count} {len(results)}")
        extracted = compute_bottlenecks(extractor, folder, threads=count)
        results.append((extracted, extractor.load(list(extracted.contents.sha256.values())).tobytes()))
    assert results[0] == results[1]


def test_bad_files_are_named_and_the_rest_goes_on(photos: Path, tmp_path: Path) -> None:
    """Every bad file has its reason, every good one its hash, and progress counts both."""
    bad = spoil(photos)
    folder = list_photos(photos)
    stages: list[Stage] = []
    extracted = compute_bottlenecks(tiny.extractor(tmp_path, progress=Progress(stages.append)), folder)
    assert stages[-1] == Stage("bottlenecks int8", len(folder.files), 36 + len(bad))
    assert extracted.computed == 36
    sha256, unreadable = extracted.contents
    assert unreadable.keys() == bad.keys()
    assert sha256.keys() == {file.relative for file in folder.files} - bad.keys()
    for relative, reason in unreadable.items():
        assert bad[relative] in reason
        assert "\n" not in reason


def test_second_run_computes_nothing_but_tries_bad_files_again(photos: Path, tmp_path: Path) -> None:
    """A bad file is not kept as bad in the cache: after it is repaired, it is used."""
    spoil(photos)
    first = compute_bottlenecks(tiny.extractor(tmp_path), list_photos(photos))
    second = compute_bottlenecks(tiny.extractor(tmp_path), list_photos(photos))
    assert second == first._replace(computed=0)
    tiny.paint("red", 500).save(photos / "red" / "empty.jpg", "JPEG")
    third = compute_bottlenecks(tiny.extractor(tmp_path), list_photos(photos))
    assert third.computed == 1
    assert len(third.contents.sha256) == 37


def test_file_that_vanishes_is_named(photos: Path, tmp_path: Path) -> None:
    """A photo deleted between listing and reading is skipped, cached or not."""
    folder, gone = list_photos(photos), "cannot be read: No such file or directory"
    (photos / "blue" / "000.png").unlink()
    extracted = compute_bottlenecks(tiny.extractor(tmp_path), folder)
    assert extracted.contents.unreadable == {"blue/000.png": gone}
    (photos / "blue" / "001.png").unlink()
    again = compute_bottlenecks(tiny.extractor(tmp_path), folder)
    assert again.contents.unreadable == {"blue/000.png": gone, "blue/001.png": gone}
    assert again.computed == 0


def test_advance_counts_cached_photos_too(photos: Path, tmp_path: Path) -> None:
    """The bar is full at the end of a run that had nothing to do."""
    compute_bottlenecks(tiny.extractor(tmp_path), list_photos(photos))
    stages: list[Stage] = []
    compute_bottlenecks(tiny.extractor(tmp_path, progress=Progress(stages.append)), list_photos(photos))
    assert [stage.done for stage in stages] == [0, 36]


def test_reading_agrees_with_training_on_what_is_a_photo(photos: Path, tmp_path: Path) -> None:
    """An evaluation skips exactly the files that training skipped; otherwise its split would be another."""
    bad = spoil(photos)
    os.truncate(photos / "green" / "003.png", 200)
    folder = list_photos(photos)
    extracted = compute_bottlenecks(tiny.extractor(tmp_path), folder)
    contents = read_contents(folder)
    assert contents.sha256 == extracted.contents.sha256
    assert contents.unreadable.keys() == extracted.contents.unreadable.keys()
    assert (len(contents.sha256), len(contents.unreadable)) == (35, 1 + len(bad))


def test_another_interpreter_has_bottlenecks_of_its_own(photos: Path, tmp_path: Path, run_python) -> None:
    """What one interpreter computed is never used for another: a head must not be fitted on a mixture."""
    pytest.importorskip("tflite_runtime")
    tiny.write_backbone(tmp_path / "cache")
    arguments = ["-m", "trainer", "bottlenecks", photos, "--architecture", tiny.ARCHITECTURE.name, "--json"]
    arguments += ["--weights", "random", "--bottleneck-dir", tmp_path / "cache"]
    computed = []
    for runtime in ("litert", "tflite-runtime", "litert", "tflite-runtime"):
        done = run_python(*arguments, env={"EDGE_RUNTIME": runtime})
        computed.append(json.loads(done.stdout)["bottlenecks"][0]["computed"])
    assert computed[0] == computed[1] > 0
    assert computed[2:] == [0, 0]


def test_several_networks_share_the_reading(photos: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each photo is read and decoded once for all networks of one size; the numbers are those of one after the other.

    A network that joins later gets what it lacks, and the others compute nothing again.
    """
    folder = list_photos(photos)
    alone = [tiny.extractor(tmp_path / "alone", name) for name in ("int8", "float32")]
    expected = [compute_bottlenecks(each, folder) for each in alone]
    decoded = []

    def count(content: bytes, size: tuple[int, int]) -> Image.Image:
        decoded.append(size)
        return decode(content, size)

    monkeypatch.setattr(compute, "decode", count)
    together = [tiny.extractor(tmp_path / "together", name) for name in ("int8", "float32")]
    assert compute_for_all(together, folder) == expected
    assert len(decoded) == len(folder.files)
    images = list(expected[0].contents.sha256.values())
    for one, other in zip(alone, together, strict=True):
        assert one.load(images).tobytes() == other.load(images).tobytes()
    joined = [tiny.extractor(tmp_path / "joined", name) for name in ("int8", "float32")]
    compute_bottlenecks(joined[0], folder)
    assert [each.computed for each in compute_for_all(joined, folder)] == [0, len(images)]
