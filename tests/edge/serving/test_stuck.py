"""Workers that do not get on: a probe, the watchdog, the metrics and the log know it."""

from __future__ import annotations

import queue
import socket
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from edge.live import signals
from edge.service.notify import Notifier
from edge.serving import label_pool
from support.label_server import INT8, Blocked, Client, photo, serving
from support.waiting import TIMEOUT_S, wait_for


def _health(client: Client) -> tuple[int, str]:
    answer = client.ask("GET", "/health")
    return answer.status, answer.json["state"]


def test_all_workers_are_stuck(
    blocked: Blocked, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """While one worker gets on, it is ready; when none does, it is not, and systemd is not told that it lives."""
    monkeypatch.setattr(label_pool, "STUCK_S", -1.0)  # each picture counts from its beginning on
    monkeypatch.setenv("NOTIFY_SOCKET", str(tmp_path / "notify"))
    monkeypatch.setenv("WATCHDOG_USEC", "4")  # each time that it looks
    with (
        socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as systemd,
        serving([INT8]) as client,
        ThreadPoolExecutor(2) as threads,
    ):
        systemd.bind(str(tmp_path / "notify"))
        systemd.settimeout(TIMEOUT_S)
        notifier, server = Notifier(), client.server
        answers = [threads.submit(client.label, photo("red"))]
        wait_for(lambda: server.pool.stuck() == 1)
        assert _health(client) == (200, "ready")
        server.look(notifier, "serving")
        assert systemd.recv(99) == b"READY=1\nWATCHDOG=1\nSTATUS=serving"
        answers.append(threads.submit(client.label, photo("red")))
        wait_for(lambda: server.pool.stuck() == 2)
        assert _health(client) == (503, "stuck")
        for _ in range(2):
            server.look(notifier, "serving")
        blocked.go()
        assert [answer.result().status for answer in answers] == [200, 200]
        assert _health(client) == (200, "ready")
        server.look(notifier, "on again")
        assert systemd.recv(99) == b"WATCHDOG=1\nSTATUS=on again"  # there was none between
        notifier.close()
    assert capsys.readouterr().err.splitlines() == [
        "edge: stuck: each worker has been in one picture for more than 60 s; /health answers 503 until one gets on",
        "edge: a worker gets on again",
    ]


def test_a_picture_that_takes_its_time(blocked: Blocked) -> None:
    """Within the limit a worker is not stuck."""
    with serving([INT8], workers=1) as client, ThreadPoolExecutor(1) as threads:
        answer = threads.submit(client.label, photo("red"))
        assert blocked.begun.acquire(timeout=TIMEOUT_S)
        assert (client.server.pool.stuck(), _health(client)) == (0, (200, "ready"))
        blocked.go()
        assert answer.result().status == 200


def test_it_is_looked_at_while_it_waits(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever waits for the end of a program is called again and again meanwhile."""
    monkeypatch.setattr(signals, "_LOOK_EVERY_S", 0.001)
    events: queue.SimpleQueue[int | None] = queue.SimpleQueue()
    looks: list[None] = []

    def look() -> None:
        looks.append(None)
        if len(looks) == 3:
            events.put(None)

    assert signals.wait_for_end(events, lambda: None, look) == 0
    assert len(looks) >= 3
