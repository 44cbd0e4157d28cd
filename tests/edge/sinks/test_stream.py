"""A stream's observations as lines: for programs, in a terminal, in a log."""

from __future__ import annotations

import fcntl
import json
import os
import pty
import re
import struct
import termios
import threading
import time
import unicodedata
from collections.abc import Callable, Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge.sinks.json_lines import JsonLinesSink
from edge.sinks.protocol import SinkClosed
from edge.sinks.terminal import TerminalSink, status_line
from edge.statistics import StreamStatistics
from support.observed import CARD, observe, observe_without_labels

LABELS = st.text(min_size=1, max_size=40)


@pytest.fixture
def pipe() -> Iterator[tuple[int, int]]:
    """The two ends of a pipe: the one to read from, the one to write to."""
    ends = os.pipe()
    yield ends
    for end in ends:
        os.close(end)


@pytest.fixture
def terminal() -> Iterator[tuple[Callable[..., str], int]]:
    """A real terminal of 60 columns: a function that gives what was written up to an end, and its descriptor."""
    master, slave = pty.openpty()
    fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack("HHHH", 24, 60, 0, 0))

    def read(end: str = "\x1b[K") -> str:
        content = b""
        while not content.endswith(end.encode()):  # a terminal hands over what it has, in parts
            content += os.read(master, 100_000)
        return content.decode()

    yield read, slave
    os.close(master)
    os.close(slave)


def _columns(text: str) -> int:
    return sum(
        0 if unicodedata.combining(character) else 2 if unicodedata.east_asian_width(character) in "WF" else 1
        for character in text
    )


def test_a_line_for_programs(pipe) -> None:
    """A line has the time in UTC, the sequence number, label and scores, times and whether the label changed."""
    JsonLinesSink(pipe[1]).write(observe(3, score=0.75, changed=True))
    assert json.loads(os.read(pipe[0], 10_000)) == {
        "timestamp": "2027-01-15T08:00:00.223Z",
        "sequence": 3,
        "label": "daisy",
        "score": 0.75,
        "categories": [{"label": "daisy", "score": 0.75}, {"label": "roses", "score": 0.25}],
        "frame_age_ms": 41.235,
        "latency_ms": 12.346,
        "changed": True,
    }


def test_each_line_can_be_read_immediately(pipe) -> None:
    """A reader has each line when write returns."""
    sink = JsonLinesSink(pipe[1])
    for sequence in range(3):
        sink.write(observe(sequence))
        line = os.read(pipe[0], 10_000)
        assert line.endswith(b"}\n") and json.loads(line)["sequence"] == sequence


@given(LABELS)
def test_any_label_is_one_line(label: str) -> None:
    """Any label becomes one line of ASCII, and is the same when it is read."""
    reader, writer = os.pipe()
    JsonLinesSink(writer).write(observe(label=label))
    os.close(writer)
    with os.fdopen(reader, "rb") as lines:
        line = lines.read()
    assert line.isascii() and line.count(b"\n") == 1 and json.loads(line)["label"] == label


def test_a_reader_that_has_gone() -> None:
    """A closed pipe ends the sink, without repeated messages."""
    reader, writer = os.pipe()
    os.close(reader)
    with pytest.raises(SinkClosed):
        JsonLinesSink(writer).write(observe())
    os.close(writer)


def test_a_descriptor_that_does_not_wait(pipe) -> None:
    """A pipe that another program made non-blocking, and that is full, loses no byte."""
    os.set_blocking(pipe[1], False)
    with pytest.raises(BlockingIOError):
        while True:
            os.write(pipe[1], b" " * 65536)
    writer = threading.Thread(target=JsonLinesSink(pipe[1]).write, args=(observe(5),))
    writer.start()
    content = b""
    while not content.endswith(b"\n"):
        content += os.read(pipe[0], 65536)
    writer.join()
    assert json.loads(content)["sequence"] == 5


def test_one_line_in_a_terminal(terminal) -> None:
    """The line begins at the left, clears what was there, and has label, bar, score, rate and age."""
    read, descriptor = terminal
    sink = TerminalSink(descriptor, StreamStatistics())
    sink.open()
    sink.write(observe(score=0.5))
    assert read() == "\rdaisy ██████████░░░░░░░░░░ 0.50  0.0 fps  age 41 ms\x1b[K"
    sink.close()
    assert read("\n") == "\r\n"


def test_a_terminal_without_a_width(terminal) -> None:
    """A serial console reports 0 columns; the line is drawn too."""
    read, descriptor = terminal
    fcntl.ioctl(descriptor, termios.TIOCSWINSZ, struct.pack("HHHH", 0, 0, 0, 0))
    TerminalSink(descriptor, StreamStatistics()).write(observe(score=0.5))
    assert read().startswith("\rdaisy ██████████░░░░░░░░░░ 0.50 ")


def test_the_rate_is_that_of_labelled_frames(terminal, monkeypatch: pytest.MonkeyPatch) -> None:
    """Frames a second are those labelled over the last three seconds, also those that this sink missed."""
    read, descriptor = terminal
    statistics = StreamStatistics()
    now_s = 1000.0
    monkeypatch.setattr("edge.sinks.terminal.time.monotonic", lambda: now_s)
    sink = TerminalSink(descriptor, statistics)
    shown = []
    for second in range(8):
        sink.write(observe(second))
        shown.append(re.search(r"([\d.]+) fps", read()).group(1))  # type: ignore[union-attr]
        for _ in range(30 if second < 3 else 10):
            statistics.labelled(1.0, 1.0)
        now_s += 1
    assert shown == ["0.0", "30.0", "30.0", "30.0", "23.3", "16.7", "10.0", "10.0"]


def test_the_line_is_not_drawn_for_every_frame(terminal, monkeypatch: pytest.MonkeyPatch) -> None:
    """The line is drawn ten times a second, and immediately for another label."""
    read, descriptor = terminal
    now_s = 1000.0
    monkeypatch.setattr("edge.sinks.terminal.time.monotonic", lambda: now_s)
    sink = TerminalSink(descriptor, StreamStatistics())
    for sequence in range(30):
        sink.write(observe(sequence, label="roses" if sequence == 10 else "daisy"))
        now_s += 1 / 32  # every fourth is drawn: 0 4 8, both changes, 15 19 23 27
    sink.close()
    drawn = [line.split()[0] for line in read("\n").split("\r")[1:-1]]
    assert len(drawn) == 9 and drawn.count("roses") == 1


def test_a_line_for_each_change_without_a_terminal(pipe, monkeypatch: pytest.MonkeyPatch) -> None:
    """In a log only changes are lines, each with its local time; the sink compares labels itself."""
    monkeypatch.setenv("TZ", "UTC-1")
    time.tzset()
    sink = TerminalSink(pipe[1], StreamStatistics())
    for sequence, label in enumerate(("daisy", "daisy", "roses", "roses", "daisy")):
        sink.write(observe(sequence * 30, label=label))
    sink.close()
    monkeypatch.undo()
    time.tzset()
    assert os.read(pipe[0], 10_000).decode() == (
        "2027-01-15T09:00:00+01:00 daisy (score=0.90000)\n"
        "2027-01-15T09:00:02+01:00 roses (score=0.90000)\n"
        "2027-01-15T09:00:04+01:00 daisy (score=0.90000)\n"
    )


@given(LABELS, st.floats(0, 1), st.integers(1, 200))
def test_no_terminal_wraps_the_line(label: str, score: float, columns: int) -> None:
    """Any label, score and width give printable text that is narrower than the terminal."""
    line = status_line(observe(label=label, score=score), 29.97, columns)
    assert (line.isprintable() and _columns(line) < columns) or line == ""


def test_wide_characters_are_counted_twice() -> None:
    """Columns are counted as terminals do, and the bar stands in the same column for every label."""
    card = CARD._replace(labels=("雛菊", "roses"))
    lines = [status_line(observe(label=label, model=card), 30.0, 200) for label in ("雛菊", "roses")]
    assert [line.index("█") for line in lines] == [4, 6]
    assert [_columns(line[: line.index("█")]) for line in lines] == [6, 6]


def test_labels_do_not_control_the_terminal() -> None:
    """An escape sequence in a label is printed as text."""
    assert status_line(observe(label="\x1b[2Jx"), 0.0, 200).startswith("?[2Jx ")


def test_a_model_without_labels(pipe: tuple[int, int]) -> None:
    """Before the first label the line says unknown with a score of 0, and an object has no categories."""
    seen = observe_without_labels(7)
    assert status_line(seen, 10.0, 80).startswith(f"unknown {'░' * 20} 0.00  10.0 fps")
    for sink, expected in ((TerminalSink, "unknown (score=0.00000)"), (JsonLinesSink, '"categories": []')):
        made = sink(pipe[1], StreamStatistics()) if sink is TerminalSink else sink(pipe[1])
        made.write(seen)
        assert expected in os.read(pipe[0], 10_000).decode()
