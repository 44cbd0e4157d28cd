"""Video files, written here with OpenCV."""

from __future__ import annotations

import time
from pathlib import Path

import numpy as np
import pytest

from edge.errors import DataError
from edge.sources.protocol import EndOfStream
from edge.sources.video import VideoFile
from support.colours import COLOURS
from support.stream_server import draw, read_number

cv2 = pytest.importorskip("cv2", reason="needs the extra 'camera'")


def write_video(path: Path, pictures: list[np.ndarray], fps: float = 100.0, codec: str = "MJPG") -> Path:
    """A video of RGB ``pictures`` at ``path``."""
    height, width, _ = pictures[0].shape
    writer = cv2.VideoWriter(str(path), cv2.VideoWriter_fourcc(*codec), fps, (width, height))
    assert writer.isOpened()
    for picture in pictures:
        writer.write(cv2.cvtColor(picture, cv2.COLOR_RGB2BGR))
    writer.release()
    return path


def _numbered(count: int) -> list[np.ndarray]:
    return [np.asarray(draw(number, (320, 240))) for number in range(count)]


def _play(video: VideoFile) -> list[np.ndarray]:
    pictures = []
    while True:
        try:
            picture = video.read()
        except EndOfStream:
            return pictures
        if picture is not None:
            pictures.append(picture)


def test_colours_are_rgb(tmp_path: Path) -> None:
    """Red is red in the frame: OpenCV's BGR is turned into RGB."""
    red = np.full((48, 64, 3), COLOURS["red"], np.uint8)
    video = VideoFile(str(write_video(tmp_path / "red.avi", [red])))
    video.open()
    (picture,) = _play(video)
    assert (picture.shape, picture.dtype) == ((48, 64, 3), np.uint8)
    assert np.abs(picture.astype(int) - COLOURS["red"]).max() <= 8
    video.close()


def test_a_video_is_played_at_its_own_pace(tmp_path: Path) -> None:
    """Twenty pictures at 40 a second take no less than their time, and can be played again."""
    video = VideoFile(str(write_video(tmp_path / "numbers.avi", _numbered(20), fps=40)))
    for _ in range(2):
        video.open()
        started_s = time.monotonic()
        numbers = [read_number(picture) for picture in _play(video)]
        assert time.monotonic() - started_s >= 19 / 40
        assert numbers[0] == 0 and numbers == sorted(set(numbers))
        video.close()


def test_pictures_whose_time_has_passed_are_left_out(tmp_path: Path) -> None:
    """After a pause of the reader the film continues at its own time."""
    video = VideoFile(str(write_video(tmp_path / "numbers.avi", _numbered(60), fps=100)))
    video.open()
    video.read()
    time.sleep(0.2)
    picture = video.read()
    assert picture is not None
    assert read_number(picture) >= 19
    video.close()


def test_slow_films_do_not_block(tmp_path: Path) -> None:
    """If the next picture is not due for a long time, the reader gets None until then."""
    video = VideoFile(str(write_video(tmp_path / "slow.avi", _numbered(2), fps=1)))
    video.open()
    assert video.read() is not None
    assert video.read() is None
    video.close()


@pytest.mark.parametrize("content", [b"", b"no video at all" * 100, b"RIFF\0\0\0\0AVI LIST"])
def test_what_is_no_video(content: bytes, tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    """A file that OpenCV cannot read is refused in one line with the way to convert it."""
    path = tmp_path / "film.mp4"
    path.write_bytes(content)
    video = VideoFile(str(path))
    with pytest.raises(DataError, match="not a video that OpenCV can read; convert it: ffmpeg"):
        video.open()
        video.read()
    video.close()
    assert capfd.readouterr() == ("", "")


def test_a_film_that_is_cut_off(tmp_path: Path) -> None:
    """The undamaged part of a damaged film is played."""
    path = write_video(tmp_path / "cut.avi", _numbered(30), fps=500)
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])
    video = VideoFile(str(path))
    video.open()
    assert read_number(_play(video)[0]) == 0
    video.close()


def test_a_file_that_went_away(tmp_path: Path) -> None:
    """The message says that the file is missing, not that its codec is bad."""
    with pytest.raises(DataError, match=r"gone\.mp4: cannot be read: No such file or directory"):
        VideoFile(str(tmp_path / "gone.mp4")).open()


def test_names_that_look_like_addresses(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A file name that looks like a protocol to FFmpeg is read as a file."""
    monkeypatch.chdir(tmp_path)
    write_video(tmp_path / "plain.avi", _numbered(1)).rename(tmp_path / "udp:1.avi")
    video = VideoFile("udp:1.avi")
    video.open()
    assert len(_play(video)) == 1
    video.close()
