"""A cluster that is lost as a whole: its head, or the node of this machine."""

from __future__ import annotations

import contextlib
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from edge.errors import UnavailableError
from support import tiny
from support.paths import PACKAGES, TESTS, python_path
from trainer.bottlenecks.compute import compute_bottlenecks
from trainer.cluster import cluster_watch
from trainer.cluster.cluster_watch import ClusterWatch, is_head
from trainer.photos.folder import list_photos

SETTINGS = b"\0\0\0\x04" + bytes(5)

LOST = """
import dataclasses
import sys
import time
from pathlib import Path
from support import tiny
from edge.run_command import run_command
from trainer.bottlenecks.compute import compute_bottlenecks
from trainer.cluster import cluster_watch
from trainer.cluster.connect import LOCAL, connected
from trainer.photos.folder import list_photos
from trainer.progress import Progress

class Slow:
    def __init__(self, workers):
        self.workers = workers
    def map(self, make_worker, items):
        def make_slow():
            worker = make_worker()
            def slow(item, read):
                import ray
                if ray.get_runtime_context().get_actor_id() and item.path.stem > "005":
                    time.sleep(600)
                return worker(item, read)
            return slow
        for result in self.workers.map(make_slow, items):
            print("first", file=sys.stderr, flush=True)
            yield result

def run():
    cluster_watch.HEAD_LIMIT_S = 1.0
    with connected(LOCAL, Progress(None, lambda text: None)) as workers:
        extractor = dataclasses.replace(tiny.extractor(Path(sys.argv[2])), workers=Slow(workers))
        compute_bottlenecks(extractor, list_photos(Path(sys.argv[1])))

sys.exit(run_command("trainer", run))
"""
"""A program that computes on a cluster of its own, which gets no further than the first results."""


@pytest.fixture
def head() -> Iterator[socket.socket]:
    """A socket that listens, as the head of a cluster does; :func:`answer` answers."""
    with socket.create_server(("127.0.0.1", 0)) as listening:
        yield listening
        listening.shutdown(socket.SHUT_RDWR)  # whoever waits for a connection waits no longer


@pytest.fixture
def node() -> Iterator[socket.socket]:
    """A socket that listens, as the node of this machine does."""
    with socket.create_server(("127.0.0.1", 0)) as listening:
        yield listening


@pytest.fixture(autouse=True)
def often(monkeypatch: pytest.MonkeyPatch) -> None:
    """The watch looks twenty times a second."""
    monkeypatch.setattr(cluster_watch, "_LOOK_S", 0.05)


@pytest.fixture
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """It waits for less than a second."""
    monkeypatch.setattr(cluster_watch, "HEAD_LIMIT_S", 0.3)
    monkeypatch.setattr(cluster_watch, "CONNECT_LIMIT_S", 0.3)


def answer(head: socket.socket, times: int) -> threading.Thread:
    """In a thread, answer as a head does; after ``times`` answers it is silent."""

    def serve() -> None:
        with contextlib.suppress(OSError):
            for _ in range(times):
                connection, _ = head.accept()
                with connection:
                    connection.recv(100)
                    connection.sendall(SETTINGS)

    server = threading.Thread(target=serve, daemon=True)
    server.start()
    return server


def address_of(listening: socket.socket) -> str:
    """As Ray writes it."""
    return f"127.0.0.1:{listening.getsockname()[1]}"


def test_what_a_head_is(head: socket.socket, monkeypatch: pytest.MonkeyPatch) -> None:
    """It answers in HTTP/2; a silent one ends the wait."""
    answer(head, 1)
    assert is_head(address_of(head))
    monkeypatch.setattr(cluster_watch, "CONNECT_LIMIT_S", 0.1)
    with pytest.raises(OSError, match="timed out"):
        is_head(address_of(head))


@pytest.mark.usefixtures("impatient")
def test_a_head_that_falls_silent_ends_the_block(head: socket.socket, node: socket.socket) -> None:
    """The main thread waits for something else; afterwards the signal means what it meant before."""
    answer(head, 3)
    before, watch = signal.getsignal(signal.SIGALRM), ClusterWatch(address_of(head), address_of(node))
    told = r"its head 127.0.0.1:\d+ gave no answer for 0.3 s\); run again to go on"
    with pytest.raises(UnavailableError, match=told), watch.watching():
        while True:
            time.sleep(0.01)
    assert watch.is_lost()
    assert signal.getsignal(signal.SIGALRM) == before


def test_a_node_that_is_gone_ends_the_block(head: socket.socket, node: socket.socket) -> None:
    """The error comes at once. Ray would end the process the next time it needs that node."""
    answer(head, 1_000)
    watch = ClusterWatch(address_of(head), address_of(node))
    with pytest.raises(UnavailableError, match=r"the node of this machine, 127.0.0.1:\d+, is gone"), watch.watching():
        node.close()
        while True:
            time.sleep(0.01)


def test_a_cluster_that_answers_is_not_lost(head: socket.socket, node: socket.socket) -> None:
    """The watch ends with the block."""
    server, watch = answer(head, 20), ClusterWatch(address_of(head), address_of(node))
    before = set(threading.enumerate())
    with watch.watching():
        assert len(set(threading.enumerate()) - before) == 1
        server.join()
    assert not watch.is_lost()
    assert set(threading.enumerate()) <= before


def test_another_thread_is_not_interrupted(head: socket.socket, node: socket.socket) -> None:
    """There is no way to; Ray itself ends the process."""
    watch = ClusterWatch(address_of(head), address_of(node))
    found: list[set[threading.Thread]] = []

    def use() -> None:
        with watch.watching():
            found.append(set(threading.enumerate()))

    before = set(threading.enumerate())
    user = threading.Thread(target=use)
    user.start()
    user.join()
    assert found[0] <= before | {user}


@pytest.mark.xdist_group("ray")
@pytest.mark.parametrize("lost", ["gcs_server", "raylet"])
def test_a_lost_cluster_is_one_line(photos: Path, tmp_path: Path, lost: str) -> None:
    """Its head is killed, or the node of this machine: the exit code is 69, and what was computed is in the cache."""
    pytest.importorskip("ray", reason="the extra ray is not installed")
    environment = {**os.environ, "PYTHONPATH": python_path(PACKAGES, TESTS)}
    arguments = [sys.executable, "-c", LOST, str(photos), str(tmp_path / "cache")]
    with subprocess.Popen(arguments, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=environment) as run:
        assert run.stderr is not None
        assert run.stdout is not None
        assert run.stderr.readline() == "first\n"
        os.kill(child_of(run.pid, lost), signal.SIGKILL)
        said = [line for line in run.stderr.read().splitlines() if line != "first"]
        assert (run.wait(), run.stdout.read()) == (69, "")
    assert len(said) == 1
    assert said[0].startswith("trainer: the cluster is lost (")
    assert said[0].endswith("); run again to go on")
    assert compute_bottlenecks(tiny.extractor(tmp_path / "cache"), list_photos(photos)).computed < 36


def child_of(parent: int, name: str) -> int:
    """The child process of ``parent`` with this name."""
    for status in Path("/proc").glob("[0-9]*/stat"):
        try:
            found, _, rest = status.read_text().partition(") ")
        except OSError:  # it has ended
            continue
        if found.partition(" (")[2] == name and int(rest.split()[1]) == parent:
            return int(status.parent.name)
    raise AssertionError(f"{parent} has no child {name}")
