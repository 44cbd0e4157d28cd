"""The messages to systemd, on a real datagram socket."""

from __future__ import annotations

import os
import socket
from collections.abc import Iterator
from pathlib import Path

import pytest

from edge.service.notify import Notifier


@pytest.fixture(params=["path", "abstract"])
def systemd(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[socket.socket]:
    """A socket as systemd listens on, by path and by abstract name."""
    monkeypatch.delenv("WATCHDOG_USEC", raising=False)
    name = str(tmp_path / "notify") if request.param == "path" else f"@edge-test-{os.getpid()}"
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as listening:
        listening.bind(name.replace("@", "\0", 1) if request.param == "abstract" else name)
        listening.settimeout(5)
        monkeypatch.setenv("NOTIFY_SOCKET", name)
        yield listening


def test_ready_with_the_first_label_then_the_watchdog(systemd: socket.socket, monkeypatch: pytest.MonkeyPatch) -> None:
    """The first labelled frame makes the service ready; further ones reset the watchdog, at most once a second."""
    now_s = [100.0]
    monkeypatch.setattr("time.monotonic", lambda: now_s[0])
    notifier = Notifier()
    notifier.labelled("daisy\n0.9")
    assert systemd.recv(999) == b"READY=1\nWATCHDOG=1\nSTATUS=daisy 0.9"
    now_s[0] += 0.9
    notifier.labelled("too early")
    now_s[0] += 0.2
    notifier.labelled("roses")
    assert systemd.recv(999) == b"WATCHDOG=1\nSTATUS=roses"
    notifier.stopping()
    assert systemd.recv(999) == b"STOPPING=1"
    notifier.close()


def test_a_short_watchdog_is_reset_in_time(systemd: socket.socket, monkeypatch: pytest.MonkeyPatch) -> None:
    """Four messages fit into the limit of systemd."""
    now_s = [100.0]
    monkeypatch.setattr("time.monotonic", lambda: now_s[0])
    monkeypatch.setenv("WATCHDOG_USEC", "400000")
    notifier = Notifier()
    for text in ("one", "two"):
        notifier.labelled(text)
        assert systemd.recv(999).endswith(f"STATUS={text}".encode())
        now_s[0] += 0.11
    notifier.close()


def test_without_a_socket_nothing_happens(monkeypatch: pytest.MonkeyPatch) -> None:
    """Outside a service no message is sent."""
    monkeypatch.delenv("NOTIFY_SOCKET", raising=False)
    notifier = Notifier()
    notifier.labelled("daisy")
    notifier.stopping()
    notifier.close()


def test_a_socket_that_is_gone_stops_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A message that cannot be sent is lost without an error."""
    monkeypatch.setenv("NOTIFY_SOCKET", str(tmp_path / "none"))
    notifier = Notifier()
    notifier.labelled("daisy")
    notifier.close()
