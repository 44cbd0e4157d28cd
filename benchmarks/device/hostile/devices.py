"""Hostile devices in a fleet of ``trainer flash``, over a real SSH server on loopback.

Each run has some hostile devices and a good one. Every hostile device must be one row with one line that names the
cause, and the good one must be flashed.
"""

from __future__ import annotations

import contextlib
import json
import shutil
import socket
import sys
import threading
from collections.abc import Iterator, Sequence
from pathlib import Path

from benchmarks.device.faults.loopback import SSHD, write_program
from benchmarks.device.faults.scene import sha256
from benchmarks.device.faults.ssh_scene import SshScene, environment, make_ssh_scene
from benchmarks.device.hostile.case import HANG_S, CaseResult, Ended, Result, fault_of, run_limited
from benchmarks.device.hostile.device_cases import CASES, DeviceCase
from edge.errors import ConfigurationError
from edge.store.layout import Store

AREA = "devices"
_GOOD = "good"
_AT_ONCE = 6
_LIMIT_S = 4.0  # in place of the trainer's own limits of a minute and more, so that a device that hangs is left soon
_MODEL_BYTES = 200_000
_LONGEST = 700  # letters of a row's message
_CODES = (1, 2, 65, 69, 74, 78)
# With these limits, and as a user would: trainer flash ...
_TRAINER = f"""
import sys
from trainer.flash import device_store, ssh_connection
ssh_connection.ANSWER_S = ssh_connection.STALL_S = ssh_connection.LOGIN_S = device_store.CHANGE_S = {_LIMIT_S}
from edge.run_command import run_command
from trainer.cli import app
sys.exit(run_command("trainer", app))
"""


def cases(folder: Path, _: int) -> Iterator[CaseResult]:
    """Run a flash for every few hostile devices; one that ends wrongly is run again with each of them alone.

    Raises :class:`~edge.errors.ConfigurationError` if there is no ``sshd``.
    """
    if SSHD is None:
        raise ConfigurationError("the devices need an SSH server: sudo apt install openssh-server")
    with make_ssh_scene(folder, _MODEL_BYTES) as scene:
        usual_s = _flash(scene, [])[0].duration_s
        for start in range(0, len(CASES), _AT_ONCE):
            group = CASES[start : start + _AT_ONCE]
            results = run_cases(scene, group, usual_s)
            if len(group) > 1 and any(result.result != "ok" for result in results):
                results = [run_cases(scene, [case], usual_s)[0] for case in group]
            yield from results


def run_cases(scene: SshScene, group: Sequence[DeviceCase], usual_s: float) -> list[CaseResult]:
    """The results of one flash of ``group`` and a good device; ``usual_s`` is how long the good one alone takes."""
    ended, new = _flash(scene, group)
    common: Result = fault_of(ended)
    # The devices share the processor; each may use up the limits of its login, of an answer and of a change.
    if common == "ok" and ended.duration_s > (1 + len(group)) * usual_s + 3 * _LIMIT_S + HANG_S:
        common = "hang"
    detail = f"code {ended.code} after {ended.duration_s:.0f} s: {ended.err[-300:]!r}"
    if common != "ok":
        return [CaseResult(AREA, case.name, common, detail) for case in group]
    try:
        rows = {row["target"]: row for row in json.loads(ended.out)["targets"]}
    except (ValueError, KeyError):
        return [CaseResult(AREA, case.name, "accepted wrongly", f"no results: {detail}") for case in group]
    results = []
    for number, case in enumerate(group):
        wrong = _wrong(case, rows[_host(number)]) or ("" if new else "the good device was not flashed")
        results.append(CaseResult(AREA, case.name, "accepted wrongly" if wrong else "ok", wrong))
    return results


def _wrong(case: DeviceCase, row: dict[str, object]) -> str:
    """What is wrong with the ``row`` of a hostile device; empty if it is as it must be."""
    state, detail = row["state"], str(row["detail"])
    if not detail.isprintable() or len(detail) > _LONGEST:
        return f"its message is not one short line: {detail[:300]!r}"
    if case.message is None:
        return "" if state == "flashed" else f"{state}: {detail}"
    if state != "failed" or row["exit_code"] not in _CODES:
        return f"{state}, code {row['exit_code']}: {detail}"
    return "" if case.message in detail else f"the message does not say {case.message!r}: {detail}"


def _host(number: int) -> str:
    return f"hostile{number}"


def _flash(scene: SshScene, group: Sequence[DeviceCase]) -> tuple[Ended, bool]:
    """Flash ``group`` and the good device; returns how that ended, and whether the good one has the new model."""
    with contextlib.ExitStack() as stack:
        ports = {_GOOD: scene.server.port}
        homes = {}
        for number, case in enumerate(group):
            host = _host(number)
            ports[host] = scene.server.port if case.server is None else stack.enter_context(_serving(*case.server))
            homes[host] = case.home
        for host in ports:
            scene.fresh_store(host)
        _write_config(scene, ports, homes)
        stack.enter_context(_programs(scene, group))
        words = ["flash", scene.new, *ports, "--ssh-config", scene.server.config]
        words += ["--jobs", "8", "--health-window", "1", "--json"]
        command = [sys.executable, "-c", _TRAINER, *map(str, words)]
        ended = run_limited(command, limit_s=300, env=environment())
        return ended, Store(scene.server.store(_GOOD)).linked("current") == sha256(scene.new)


def _write_config(scene: SshScene, ports: dict[str, int], homes: dict[str, str | None]) -> None:
    """Let the client find the hosts, whatever key they have: some are other programs."""
    scene.server.write_config(ports, StrictHostKeyChecking="no", UserKnownHostsFile="/dev/null", LogLevel="ERROR")
    text = scene.server.config.read_text()
    for host, home in homes.items():
        if home is not None:
            text = text.replace(f"EDGE_HOME={scene.server.base(host)}", f"EDGE_HOME={home}")
    scene.server.config.write_text(text)


@contextlib.contextmanager
def _programs(scene: SshScene, group: Sequence[DeviceCase]) -> Iterator[None]:
    """The hostile programs of each device of ``group``; a device is known by its store."""
    server = scene.server
    folder = server.folder / "hostile"
    shutil.rmtree(folder, ignore_errors=True)
    names = sorted({name for case in group for name in case.programs})
    edge = (server.binaries / "edge").read_text()
    for number, case in enumerate(group):
        own = folder / _host(number)
        own.mkdir(parents=True)
        for name, script in case.programs.items():
            (own / name).write_text(f"{script}\n")
        (own / "chatter").write_text(f"{case.chatter}\n")
    for name in names:
        real = shutil.which(name, path="/usr/bin:/bin") or "/bin/false"
        if name == "edge":
            real = str(folder / "edge")
            write_program(folder / "edge", edge)
        write_program(
            server.binaries / name,
            f"#!/bin/sh\nexport REAL={real}\nown={folder}/${{EDGE_STORE##*/}}/{name}\n"
            f'if [ -f "$own" ]; then exec sh "$own" "$@"; fi\nexec "$REAL" "$@"\n',
        )
    login = server.home / ".bashrc"
    login.write_text(f'own={folder}/${{EDGE_STORE##*/}}/chatter\nif [ -f "$own" ]; then . "$own"; fi\n')
    try:
        yield
    finally:
        login.unlink()
        for name in names:
            (server.binaries / name).unlink()
        write_program(server.binaries / "edge", edge)


@contextlib.contextmanager
def _serving(greeting: bytes, stays: bool) -> Iterator[int]:
    """A server on loopback that sends ``greeting`` and then closes, or is silent if it ``stays``; gives its port."""
    connections: list[socket.socket] = []

    def accept() -> None:
        with contextlib.suppress(OSError):
            while True:
                connection, _ = listener.accept()
                connections.append(connection)
                threading.Thread(target=greet, args=(connection,), daemon=True).start()

    def greet(connection: socket.socket) -> None:
        with contextlib.suppress(OSError):
            connection.sendall(greeting)
            if not stays:
                connection.close()

    with socket.create_server(("127.0.0.1", 0)) as listener:
        threading.Thread(target=accept, daemon=True).start()
        try:
            yield listener.getsockname()[1]
        finally:
            with contextlib.suppress(OSError):
                listener.shutdown(socket.SHUT_RDWR)
            for connection in connections:
                connection.close()
