"""Video files, written here with OpenCV."""

from __future__ import annotations

import contextlib
import os
import struct
import time
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from edge.errors import DataError
from edge.sources import video as module
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


@pytest.mark.parametrize(("suffix", "codec"), [(".avi", "MJPG"), (".mp4", "mp4v")])
def test_a_film_that_is_cut_off(suffix: str, codec: str, tmp_path: Path) -> None:
    """The undamaged part of a damaged film is played; then an error says how many pictures are missing."""
    path = write_video(tmp_path / f"cut{suffix}", _numbered(30), fps=50, codec=codec)
    if suffix == ".avi":
        path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])
    else:
        _lose_pictures(path, after=14)
    video = VideoFile(str(path))
    video.open()
    numbers = []
    with pytest.raises(DataError, match=r"cut\.\w+: ends after 1[345] of 30 pictures; the file is damaged") as ended:
        while True:
            picture = video.read()
            if picture is not None:
                numbers.append(read_number(picture))
    assert numbers[0] == 0 and numbers[-1] in (12, 13, 14)
    assert ended.value.exit_code == 65
    video.close()


def _lose_pictures(path: Path, after: int) -> None:
    """Cut the MP4 file at ``path`` in the data of picture ``after``; its header, moved before them, names all."""
    content = path.read_bytes()
    sizes = _box(content, b"stsz")
    lengths = struct.unpack(f">{struct.unpack('>I', sizes[8:12])[0]}I", sizes[12:])
    data, header = content.index(b"mdat") - 4, content.index(b"moov") - 4
    moov = bytearray(content[header:])
    offsets = moov.index(b"stco") + 4
    (count,) = struct.unpack(">I", moov[offsets + 4 : offsets + 8])
    for place in range(offsets + 8, offsets + 8 + 4 * count, 4):
        (offset,) = struct.unpack(">I", moov[place : place + 4])
        moov[place : place + 4] = struct.pack(">I", offset + len(moov))
    path.write_bytes(content[:data] + moov + content[data : data + 8 + sum(lengths[:after])])


def _box(content: bytes, name: bytes) -> bytes:
    """The content of the first box ``name`` of an MP4 file."""
    start = content.index(name)
    (size,) = struct.unpack(">I", content[start - 4 : start])
    return content[start + 4 : start - 4 + size]


def test_a_film_without_a_number_of_pictures(tmp_path: Path) -> None:
    """Matroska names a time and no number of pictures: a whole film ends without an error."""
    path = write_video(tmp_path / "few.mkv", _numbered(20), fps=100, codec="MJPG")
    video = VideoFile(str(path))
    video.open()
    assert read_number(_play(video)[-1]) == 19
    video.close()


TURNS = {0: (1, 0, 0, 1), 90: (0, 1, -1, 0), 180: (-1, 0, 0, -1), 270: (0, -1, 1, 0)}
"""Degrees clockwise by which a player turns a film -> a, b, c and d of the matrix in its header."""


@pytest.mark.parametrize("degrees", TURNS)
def test_films_are_turned_as_their_header_says(degrees: int, tmp_path: Path) -> None:
    """A film that was filmed with the camera turned gives the same upright pictures as one that was not."""
    upright = np.asarray(draw(77, (320, 240)))
    filmed = np.ascontiguousarray(np.rot90(upright, degrees // 90))  # counter-clockwise
    path = write_video(tmp_path / "turned.mp4", [filmed], codec="mp4v")
    content = bytearray(path.read_bytes())
    matrix = content.index(b"tkhd") + 4 + 40  # version 0: 40 bytes of times, numbers and volume come before it
    a, b, c, d = (value << 16 for value in TURNS[degrees])
    content[matrix : matrix + 36] = struct.pack(">9i", a, b, 0, c, d, 0, 0, 0, 1 << 30)
    path.write_bytes(content)
    video = VideoFile(str(path))
    video.open()
    (picture,) = _play(video)
    video.close()
    assert picture.shape == (240, 320, 3)
    assert read_number(picture) == 77
    assert np.abs(picture.astype(int) - upright).mean() < 12


class _Clock:
    """A clock for the module: it passes only as :class:`_SlowCapture` takes time."""

    def __init__(self) -> None:
        self.now_s = 0.0

    def monotonic(self) -> float:
        return self.now_s

    def sleep(self, seconds: float) -> None:
        self.now_s += seconds


class _SlowCapture:
    """OpenCV's capture, whose decoding takes ``slow_s`` a picture."""

    def __init__(self, capture: Any, clock: _Clock, slow_s: float) -> None:
        self._capture, self._clock, self._slow_s = capture, clock, slow_s

    def grab(self) -> bool:
        self._clock.now_s += self._slow_s
        return bool(self._capture.grab())

    def read(self) -> Any:
        self._clock.now_s += self._slow_s
        return self._capture.read()

    def __getattr__(self, name: str) -> Any:
        return getattr(self._capture, name)


@pytest.mark.parametrize("slow_s", [0.03, 0.2, 3.0])
def test_a_film_that_decodes_slower_than_it_plays(
    slow_s: float, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """No call takes longer than a quarter of a second and two pictures, and the film ends."""
    clock = _Clock()
    monkeypatch.setattr(module, "time", clock)
    video = VideoFile(str(write_video(tmp_path / "slow.avi", _numbered(60), fps=50)))
    video.open()
    video._capture = _SlowCapture(video._capture, clock, slow_s)
    numbers, longest_s = [], 0.0
    with contextlib.suppress(EndOfStream):
        while True:
            before_s = clock.now_s
            picture = video.read()
            longest_s = max(longest_s, clock.now_s - before_s)
            assert picture is not None
            numbers.append(read_number(picture))
    assert longest_s <= 0.25 + 2 * slow_s + 0.02
    assert numbers == sorted(set(numbers)) and numbers[0] == 0 and len(numbers) >= 6
    assert clock.now_s == pytest.approx(60 * slow_s, abs=3 * slow_s)  # each picture was decoded once
    video.close()


def test_names_that_are_not_utf8(tmp_path: Path) -> None:
    """A film may have any name that the system allows, in a folder with such a name too."""
    folder = tmp_path / os.fsdecode(b"caf\xe9")
    folder.mkdir()
    write_video(tmp_path / "plain.avi", _numbered(3)).rename(folder / os.fsdecode(b"f\xfc\xff.avi"))
    video = VideoFile(str(folder / os.fsdecode(b"f\xfc\xff.avi")))
    video.open()
    assert read_number(_play(video)[0]) == 0
    video.close()
    with pytest.raises(DataError, match="not a video that OpenCV can read"):
        broken = folder / "broken.avi"
        broken.write_bytes(b"no film")
        VideoFile(str(broken)).open()


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
