"""How ``edge watch`` ends: bad options, no source, a closed pipe, a closed terminal, a signal at any time."""

from __future__ import annotations

import os
import pty
import signal
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from support.paths import DATA
from support.stream_server import StreamServer
from support.waiting import TIMEOUT_S

INT8 = DATA / "tiny-int8.tflite"


def test_a_reader_that_leaves_ends_it(tmp_path: Path, server: StreamServer) -> None:
    """When its pipe is closed it ends with exit code 0."""
    command = [sys.executable, "-m", "edge", "watch", server.uri, "--json", "--model", str(INT8)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL) as process:
        process.stdout.readline()
        process.stdout.close()
        assert process.wait(TIMEOUT_S) == 0


@pytest.mark.parametrize(
    ("options", "code", "words"),
    [
        (["--model", "none.tflite"], 65, "none.tflite: cannot read the model"),
        (["--region", "0,0,9999,10"], 2, "--region 0,0,9999,10 reaches outside the frame of 640 x 480 pixels"),
        (["--region", "0,0,0,10"], 2, "has no area"),
        (["--smooth", "-1"], 2, "is not a number of seconds"),
        (["--max-frame-age", "0"], 2, "give a time above 0"),
        (["--retries", "x"], 2, "is not a whole number"),
    ],
)
def test_bad_options(edge_command, server: StreamServer, options: list[str], code: int, words: str) -> None:
    """One line says what is wrong, and the exit code says whether an option or the model is bad."""
    model = [] if "--model" in options else ["--model", str(INT8)]
    done = edge_command("watch", server.uri, *model, *options)
    assert (done.returncode, done.stdout) == (code, "")
    assert words in done.stderr.splitlines()[-1]
    assert "Traceback" not in done.stderr


def test_a_source_that_is_not_there(edge_command, tmp_path: Path) -> None:
    """With no retries it ends with 69 if the source does not answer, and with 2 if the file is missing."""
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        uri = f"http://127.0.0.1:{unused.getsockname()[1]}/"
        done = edge_command("watch", uri, "--model", str(INT8), "--retries", "0")
    assert done.returncode == 69
    assert len(done.stderr.splitlines()) == 1
    assert edge_command("watch", "none.avi", "--model", str(INT8)).returncode == 2


ELSEWHERE = """
import signal, threading
import numpy as np
from edge import Classifier
quick = Classifier.scores
def signalled(self, image):
    if np.shape(image)[0] == 480:
        signal.pthread_kill(threading.get_ident(), signal.SIGTERM)
    return quick(self, image)
Classifier.scores = signalled
from edge.__main__ import start
start()
"""


def test_a_signal_that_another_thread_gets(server: StreamServer) -> None:
    """It does not wake the main thread, and ends the process all the same."""
    command = [sys.executable, "-c", ELSEWHERE, "watch", server.uri, "--json", "--model", str(INT8)]
    with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True) as process:
        try:
            assert process.wait(TIMEOUT_S) == 0
        finally:
            process.kill()
        assert process.stderr.read().endswith("0 reconnects\n")


SLOW = """
import sys, time
import numpy as np
from edge.inference.classifier import Classifier
quick = Classifier.scores
def slow(self, image):
    if np.shape(image)[0] == 480:  # a frame, not a pattern of the self-test
        print("busy", file=sys.stderr, flush=True)
        time.sleep(600)
    return quick(self, image)
Classifier.scores = slow
from edge.__main__ import start
start()
"""


def test_a_model_that_never_answers_cannot_hold_up_a_signal(tmp_path: Path, server: StreamServer) -> None:
    """In the middle of an inference of ten minutes SIGTERM ends the process cleanly, long before that."""
    command = [sys.executable, "-c", SLOW, "watch", server.uri, "--json", "--model", str(INT8)]
    with subprocess.Popen(command, stderr=subprocess.PIPE, text=True) as process:
        assert process.stderr.readline() == "busy\n"
        process.terminate()
        assert process.wait(TIMEOUT_S) == 0
        assert process.stderr.read().endswith("0 reconnects\n")


def test_it_ends_with_its_terminal(tmp_path: Path, server: StreamServer) -> None:
    """If the terminal is closed, SIGHUP ends it and does not read the model again."""
    ours, theirs = pty.openpty()
    command = [sys.executable, "-m", "edge", "watch", server.uri, "--model", str(INT8)]
    process = subprocess.Popen(command, stdin=theirs, stdout=theirs, stderr=subprocess.DEVNULL, start_new_session=True)
    os.close(theirs)
    assert os.read(ours, 10)
    os.close(ours)
    process.send_signal(signal.SIGHUP)
    assert process.wait(TIMEOUT_S) == 0
