"""``trainer flash`` as Windows runs it: an ssh that shares no login, pipes that no system call waits for."""

from __future__ import annotations

import itertools
import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from benchmarks.device.faults.loopback import SSHD
from benchmarks.device.faults.scene import sha256
from benchmarks.device.faults.ssh_scene import SshScene, make_ssh_scene
from edge.errors import ConfigurationError
from support.other_systems import MACOS, WINDOWS, seen
from trainer.flash.finished import Finished, OutOfTime, TooMuchOutput
from trainer.flash.pipe_threads import ThreadExchange
from trainer.flash.sd_card import roll_back_card
from trainer.flash.target import Target


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SshScene]:
    """A server, two models, and a store for each host in which the old one is current."""
    with make_ssh_scene(tmp_path_factory.mktemp("flash"), model_bytes=200_000) as place:
        yield place


def flash(place: SshScene, *arguments: object) -> subprocess.CompletedProcess[str]:
    """Run ``trainer flash`` as on Windows."""
    command = place.command(*arguments, "--json")
    return subprocess.run(command, capture_output=True, text=True, env={**os.environ, **seen(WINDOWS)}, timeout=60)


@pytest.mark.skipif(SSHD is None, reason="no sshd here: apt install openssh-server")
@pytest.mark.xdist_group("sshd")
def test_each_command_logs_in_anew(place: SshScene) -> None:
    """The model becomes current, and no socket of a shared login is made."""
    place.fresh_store("pi1")
    logins = (place.server.folder / "log").read_text().count("Accepted publickey")
    done = flash(place, place.new, "pi1")
    assert done.returncode == 0, done.stderr
    (row,) = json.loads(done.stdout)["targets"]
    assert (row["state"], row["current"], row["sent_bytes"]) == ("flashed", sha256(place.new), place.new.stat().st_size)
    assert (place.server.folder / "log").read_text().count("Accepted publickey") > logins + 3


@pytest.mark.skipif(SSHD is None, reason="no sshd here: apt install openssh-server")
@pytest.mark.xdist_group("sshd")
def test_a_refused_login_names_the_command_of_windows(place: SshScene, tmp_path: Path) -> None:
    """Windows has no ssh-copy-id."""
    config = tmp_path / "config"
    config.write_text(place.server.config.read_text().replace("/user_key", "/stranger_key"))
    command = [sys.executable, "-m", "trainer", "flash", str(place.new), "pi1", "--ssh-config", str(config)]
    done = subprocess.run(command, capture_output=True, text=True, env={**os.environ, **seen(WINDOWS)}, timeout=60)
    assert done.returncode == 69
    key = "Get-Content ~/.ssh/id_ed25519.pub | ssh pi1 'mkdir -p .ssh; cat >> .ssh/authorized_keys'"
    assert f"it refused the login; copy your key there with {key}" in done.stderr


@pytest.mark.parametrize(("system", "name"), [(WINDOWS, "Windows"), (MACOS, "macOS")])
def test_a_card_is_for_linux(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, system: str, name: str) -> None:
    """Other systems cannot read its file system."""
    monkeypatch.setattr(sys, "platform", system)
    with pytest.raises(ConfigurationError, match=f"flashing a mounted card is for Linux, and this is {name}; flash "):
        roll_back_card(Target.parse(f"{tmp_path}/"))


def exchange(script: str, limit_s: float, chunks: Iterator[bytes] | None = None, most: int = 1 << 20) -> Finished:
    """What ``sh -c script`` answers to ``chunks``; an exit code of 0 is replaced by the bytes that were sent."""
    stdin = subprocess.DEVNULL if chunks is None else subprocess.PIPE
    process = subprocess.Popen(
        ["sh", "-c", script], stdin=stdin, stdout=subprocess.PIPE, stderr=subprocess.PIPE, bufsize=0
    )
    sent: list[int] = []
    threads = ThreadExchange(process, limit_s, chunks or iter(()), sent.append, most)
    try:
        done = threads.run()
        return done._replace(code=sum(sent)) if done.code == 0 else done
    finally:
        process.kill()
        threads.close()
        process.wait()


def test_threads_write_and_read_at_the_same_time() -> None:
    """More bytes than any pipe holds go in and come back."""
    content = bytes(range(256)) * 1024
    done = exchange("cat; echo message >&2", 60.0, iter([content, content, b"end"]))
    assert done == (2 * len(content) + 3, content + content + b"end", b"message\n")


def test_a_program_that_ends_early_ends_the_writing() -> None:
    """Its exit code and stderr say why."""
    assert exchange("echo full >&2; exit 3", 60.0, itertools.repeat(bytes(1 << 16))) == (3, b"", b"full\n")


def test_limits_of_time_and_output() -> None:
    """A silent program, one that takes no bytes, and one that answers without end."""
    with pytest.raises(OutOfTime):
        exchange("exec sleep 1000", 0.2)
    with pytest.raises(OutOfTime):
        exchange("exec sleep 1000", 0.2, itertools.repeat(bytes(1 << 16)))
    with pytest.raises(TooMuchOutput):
        exchange("exec yes", 60.0, most=1 << 18)
    done = exchange("yes | head -c 300000 >&2; echo last >&2", 60.0)
    assert len(done.err) == 65536 and done.err.endswith(b"y\nlast\n")
