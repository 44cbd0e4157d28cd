"""A frame and the same picture as a file give the same label and the same scores, for every source."""

from __future__ import annotations

import io
import sys
import time
import types
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from edge import Classifier
from edge.sources.fake import FakeSource
from edge.sources.protocol import FrameSource
from edge.sources.uri import open_source
from support.colours import COLOURS, encoded, plain
from support.paths import DATA
from support.stream_server import StreamServer

pytestmark = pytest.mark.numeric

SIZE = (120, 90)


def scene(label: str, size: tuple[int, int] = SIZE) -> Image.Image:
    """A picture of mostly the colour of ``label``, with other colours in its corners, so that order matters."""
    picture = plain(label, size)
    for corner, colour in enumerate(((250, 10, 10), (10, 250, 10), (10, 10, 250))):
        picture.paste(colour, (corner * size[0] // 3, 0, corner * size[0] // 3 + size[0] // 5, size[1] // 4))
    return picture


def first(source: FrameSource) -> np.ndarray:
    """The first frame of ``source``."""
    try:
        source.open()
        deadline_s = time.monotonic() + 20
        while time.monotonic() < deadline_s:
            frame = source.read()
            if frame is not None:
                return frame
    finally:
        source.close()
    pytest.fail("no frame came")


def check(classifier: Classifier, frame: np.ndarray, file: bytes | Path, label: str) -> None:
    """``frame`` and ``file`` are the same to the model, within 1 of 255, and both are ``label``."""
    of_frame, of_file = classifier.scores(frame), classifier.scores(file)
    assert np.abs(of_frame - of_file).max() <= 1 / 255
    assert classifier.labels[of_frame.argmax()] == classifier.labels[of_file.argmax()] == label


def lossless(frame: np.ndarray) -> bytes:
    """The same frame as a PNG file."""
    return encoded(Image.fromarray(frame), "PNG")


@pytest.fixture(params=sorted(COLOURS))
def label(request: pytest.FixtureRequest) -> str:
    """Each label in turn."""
    return str(request.param)


@pytest.fixture(params=["int8", "float32"])
def either(request: pytest.FixtureRequest) -> Classifier:
    """Each tiny model in turn."""
    return Classifier.load(DATA / f"tiny-{request.param}.tflite")


def test_fake(label: str, either: Classifier) -> None:
    """The fake source plays a picture as it is."""
    picture = scene(label)
    check(either, first(FakeSource([picture])), encoded(picture, "PNG"), label)


@pytest.mark.parametrize("form", ["PNG", "JPEG"])
def test_folder(form: str, label: str, either: Classifier, tmp_path: Path) -> None:
    """A picture that appears in a folder is the file itself."""
    source = open_source(f"folder:{tmp_path}")
    path = tmp_path / f"new.{form.lower()}"
    path.write_bytes(encoded(scene(label), form))
    check(either, first(source), path, label)


def test_mjpeg(label: str, either: Classifier, monkeypatch: pytest.MonkeyPatch) -> None:
    """A frame of an MJPEG stream and the JPEG that was sent."""
    part = encoded(scene(label), "JPEG")
    monkeypatch.setattr(StreamServer, "_part", lambda self: part)
    with StreamServer(60.0) as server:
        frame = first(open_source(server.uri))
    check(either, frame, part, label)
    assert (frame == np.asarray(Image.open(io.BytesIO(part)))).all()


@pytest.mark.parametrize(("codec", "suffix"), [("FFV1", ".mkv"), ("MJPG", ".avi"), ("mp4v", ".mp4")])
def test_video(codec: str, suffix: str, label: str, either: Classifier, tmp_path: Path) -> None:
    """A frame of a film and that frame saved without loss; for a lossless film also the picture it was made of."""
    cv2 = pytest.importorskip("cv2", reason="needs the extra 'camera'")
    path = tmp_path / f"film{suffix}"
    writer = cv2.VideoWriter(str(path), cv2.VideoWriter_fourcc(*codec), 25, SIZE)
    writer.write(cv2.cvtColor(np.asarray(scene(label)), cv2.COLOR_RGB2BGR))
    writer.release()
    frame = first(open_source(str(path)))
    check(either, frame, lossless(frame), label)
    # The film itself is lossy: its colours are near those filmed, so that no two channels have changed places.
    assert np.abs(frame.astype(int) - np.asarray(scene(label))).mean() < 12


def test_picamera(label: str, either: Classifier, monkeypatch: pytest.MonkeyPatch) -> None:
    """A frame of the Pi camera's stand-in, whose memory is as picamera2 documents it."""
    picture = scene(label, (640, 480))

    class Picamera2:
        def __init__(self, camera_num: int) -> None:
            self._order: Callable[[np.ndarray], np.ndarray] = lambda rgb: rgb

        def create_video_configuration(self, main: dict[str, Any]) -> dict[str, Any]:
            assert main["format"] in ("RGB888", "BGR888")
            return main

        def configure(self, main: dict[str, Any]) -> None:
            if main["format"] == "RGB888":
                self._order = lambda rgb: rgb[:, :, ::-1]

        def capture_array(self, name: str, wait: bool) -> str:
            return "job"

        def wait(self, job: str, timeout: float) -> np.ndarray:
            return self._order(np.asarray(picture))

        def start(self) -> None: ...
        def close(self) -> None: ...

    module: Any = types.ModuleType("picamera2")
    module.Picamera2 = Picamera2
    monkeypatch.setitem(sys.modules, "picamera2", module)
    check(either, first(open_source("picamera2:")), encoded(picture, "PNG"), label)


def test_opencv_pictures(label: str, either: Classifier) -> None:
    """The frames of V4L2 cameras and RTSP streams come from this function; here OpenCV holds the picture as BGR."""
    cv2 = pytest.importorskip("cv2", reason="needs the extra 'camera'")
    from edge.sources.opencv import next_picture

    file = encoded(scene(label), "PNG")

    class Capture:
        def read(self) -> tuple[bool, Any]:
            return True, cv2.imdecode(np.frombuffer(file, np.uint8), cv2.IMREAD_COLOR)

    frame = next_picture(cv2, Capture())
    assert frame is not None
    check(either, frame, file, label)
    assert (frame == np.asarray(scene(label))).all()


def test_a_real_model_on_camera_frames(shared: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """640 x 480 JPEGs of real photos as MJPEG parts and as files, with a real MobileNet: all scores are equal."""
    model = shared / "tflite" / "mobilenet_v1_0.25_128_quant.tflite"
    labels = shared / "tflite" / "imagenet_labels.txt"
    if not model.is_file() or not labels.is_file():
        pytest.skip("no model in the shared data")
    classifier = Classifier.load(model, labels=labels)
    photo = min((shared / "flower_photos" / "daisy").glob("*.jpg"))
    part = encoded(Image.open(photo).convert("RGB").resize((640, 480)), "JPEG")
    monkeypatch.setattr(StreamServer, "_part", lambda self: part)
    with StreamServer(60.0) as server:
        frame = first(open_source(server.uri))
    assert (classifier.scores(frame) == classifier.scores(part)).all()
