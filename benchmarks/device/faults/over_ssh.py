"""Faults between the workstation and the device: ``trainer flash`` over a real SSH server on loopback."""

from __future__ import annotations

import json
import os
import shlex
import shutil
import signal
import subprocess
import tempfile
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

from benchmarks.device.faults.loopback import Cutter, Sshd, write_program
from benchmarks.device.faults.scene import TIME_LIMIT_S, FaultResult, sha256
from benchmarks.device.faults.ssh_scene import SshScene, environment, make_ssh_scene
from benchmarks.device.ports import free_port
from edge.store.layout import Store
from trainer.flash.upload import BLOCK
from trainer.progress import Progress

_MOST_ATTEMPTS = 30


def cut(place: SshScene, offsets: int = 20) -> Iterator[FaultResult]:
    """The connection is cut after more and more bytes, from the first greeting to the last answer."""
    with _cutter(place) as cutter:
        place.fresh_store("pi1")
        place.flash(place.new, "pi1")
        whole = cutter.passed
        for index in range(offsets):
            place.fresh_store("pi1")
            cutter.after = (index + 1) * whole // (offsets + 1)
            done = place.flash(place.new, "pi1")
            case = f"after {cutter.after} of {whole} bytes"
            cutter.after = None
            yield place.check_store("pi1", "the connection cut", case, done)


def cut_again_and_again(place: SshScene) -> Iterator[FaultResult]:
    """Every connection is cut after 400 kB; repeats must succeed, because each continues the one before."""
    with _cutter(place) as cutter:
        place.fresh_store("pi1")
        cutter.after = 400_000
        done, attempt = place.flash(place.new, "pi1"), 1
        while done.returncode and attempt < _MOST_ATTEMPTS:
            done, attempt = place.flash(place.new, "pi1"), attempt + 1
        cutter.after = None
        result = place.check_store("pi1", "the connection cut again and again", f"through at attempt {attempt}", done)
        yield result if not done.returncode else replace(result, violation="it never succeeded")


def killed(place: SshScene, times: int = 5) -> Iterator[FaultResult]:
    """The workstation's command is killed, or interrupted as by Ctrl-C, after more and more bytes."""
    with _cutter(place) as cutter:
        place.fresh_store("pi1")
        place.flash(place.new, "pi1")
        whole = cutter.passed
        for number in (signal.SIGKILL, signal.SIGINT):
            for index in range(times):
                place.fresh_store("pi1")
                process = subprocess.Popen(
                    place.command(place.new, "pi1"),
                    stdin=subprocess.DEVNULL,
                    stdout=subprocess.DEVNULL,
                    stderr=subprocess.DEVNULL,
                    env=environment(),
                    start_new_session=True,
                )
                after = (index + 1) * whole // (times + 1)
                cutter.call(after, lambda group=process.pid, number=number: os.killpg(group, number))
                process.wait(TIME_LIMIT_S)
                yield place.check_store("pi1", f"the command gets {number.name}", f"after {after} bytes", None)


def together(place: SshScene, pairs: int = 5) -> Iterator[FaultResult]:
    """Two flashes of one device at the same moment: of one model, and of two different ones."""
    for model, kind in (
        (place.new, "two flashes of one model at once"),
        (place.old, "two flashes of two models at once"),
    ):
        for number in range(pairs):
            place.fresh_store("pi1")
            with ThreadPoolExecutor(2) as pool:
                runs = [pool.submit(place.flash, name, "pi1") for name in (place.new, model)]
                codes = [run.result().returncode for run in runs]
            result = place.check_store("pi1", kind, f"pair {number + 1}", runs[0].result())
            # Of two models the one that comes second is the older, or not.
            yield result if model == place.old or codes == [0, 0] else replace(result, violation=f"codes {codes}")


def spoiled_upload(place: SshScene) -> Iterator[FaultResult]:
    """What lies in the place of an interrupted upload is not the beginning of the model."""
    content = place.new.read_bytes()
    half = len(content) // 2
    parts = {
        "its first byte is another": bytes([content[0] ^ 1]) + content[1:half],
        "its last byte is another": content[: half - 1] + bytes([content[half - 1] ^ 1]),
        "it is longer than the model": content + b"x",
        "it is zeros": bytes(half),
        "it is the whole model": content,
        "it is one byte": content[:1],
        "it is empty": b"",
        "it ends in the middle of a block": content[: 3 * BLOCK + 1],
    }
    for case, part in parts.items():
        store = place.fresh_store("pi1")
        store.incoming.mkdir(exist_ok=True)
        (store.incoming / f"{sha256(place.new)}.part").write_bytes(part)
        done = place.flash(place.new, "pi1", "--json")
        result = place.check_store("pi1", "a spoiled upload lies there", case, done)
        yield result if not done.returncode else replace(result, violation=done.stdout + done.stderr)


def refused(place: SshScene) -> Iterator[FaultResult]:
    """The device cannot be reached, or is not the one it was: one line that names host, cause and fix."""
    server, hosts = place.server, {"pi1": place.server.port}
    known = server.known_hosts.read_text()
    changed = known.replace(_key(server.folder / "host_key.pub"), _key(server.folder / "stranger_key.pub"))

    cases: dict[str, tuple[Callable[[], object], str]] = {
        "its host key is not known": (lambda: server.known_hosts.write_text(""), "run 'ssh pi1' once"),
        "its host key has changed": (lambda: server.known_hosts.write_text(changed), "ssh-keygen -R"),
        "it refuses the user's key": (
            lambda: server.write_config(hosts, IdentityFile=str(server.folder / "stranger_key")),
            "ssh-copy-id pi1",
        ),
        "it runs no SSH server": (lambda: server.write_config({"pi1": free_port()}), "enable --now ssh"),
        "there is no host of that name": (
            lambda: server.config.write_text("Host *\n HostName no-such-host.invalid\n"),
            "check the name, and that the device is on",
        ),
        "it has no edge": (lambda: (server.binaries / "edge").unlink(), "--bootstrap"),
        "its edge is another program": (
            lambda: write_program(server.binaries / "edge", "#!/bin/sh\nexit 0\n"),
            "--bootstrap",
        ),
        "its login shell chatters": (lambda: _chatter(server, "Welcome {"), ""),
    }
    for case, (spoil, fix) in cases.items():
        place.fresh_store("pi1")
        config = server.config.read_text()
        spoil()
        done = place.flash(place.new, "pi1")
        server.config.write_text(config)
        server.known_hosts.write_text(known)
        server.give_edge()
        _chatter(server, "")
        result = place.check_store("pi1", "the device cannot be reached, or is not ready", case, done)
        said = done.stderr.count("\n") == 1 and done.stderr.startswith("trainer: pi1: ") and fix in done.stderr
        right = said and done.returncode if fix else not done.returncode
        yield result if right else replace(result, violation=f"{done.returncode}: {done.stderr}")


def no_space(place: SshScene) -> Iterator[FaultResult]:
    """The device's disk is full during the upload or the installation, or read-only."""
    size = place.new.stat().st_size
    for case, free in {"no byte free": 0, "space for half": size // 2, "space for the upload": size + 70_000}.items():
        with _on_disk(place, "pi1", 8 * size) as store:
            filler = store.root / "filler"
            disk = os.statvfs(store.root)
            filler.write_bytes(bytes(max(0, disk.f_bavail * disk.f_frsize - free)))
            done = place.flash(place.new, "pi1")
            filler.unlink()
            result = place.check_store("pi1", "the device's disk is full", case, done)
            yield result if done.returncode == 74 else replace(result, violation=f"{done.returncode}: {done.stderr}")
    with _on_disk(place, "pi1", 8 * size) as store:
        subprocess.run(["mount", "-o", "remount,ro", store.root], check=True)
        done = place.flash(place.new, "pi1")
        subprocess.run(["mount", "-o", "remount,rw", store.root], check=True)
        result = place.check_store("pi1", "the device's disk is read-only", "", done)
        yield result if done.returncode == 74 else replace(result, violation=f"{done.returncode}: {done.stderr}")


def fleets(place: SshScene) -> Iterator[FaultResult]:
    """Five devices of which one is broken: the others go on, or stop if that was asked for."""
    hosts = [f"pi{number}" for number in range(1, 6)]
    cases: dict[str, tuple[list[object], int, list[str]]] = {
        "one of five is down": ([], 4, hosts),
        "the canary is down": (["--canary", "1"], 0, hosts),
        "the canary is well": (["--canary", "1"], 4, hosts[::-1]),
        "a failure stops the rest": (["--abort-on-failure", "--jobs", "1"], 2, [*hosts[1:3], hosts[0], *hosts[3:]]),
    }
    for case, (flags, flashed, order) in cases.items():
        for host in hosts:
            place.fresh_store(host)
        config = place.server.config.read_text()
        place.server.write_config({host: free_port() if host == "pi1" else place.server.port for host in hosts})
        done = place.flash(place.new, *order, *flags, "--json")
        place.server.config.write_text(config)
        new = [host for host in hosts if Store(place.server.store(host)).linked("current") == sha256(place.new)]
        said = [row["target"] for row in json.loads(done.stdout)["targets"] if row["state"] == "flashed"]
        for host in hosts:
            result = place.check_store(host, f"a fleet: {case}", host, done)
            right = len(new) == flashed and sorted(said) == new and done.returncode == 69
            yield result if right else replace(result, violation=f"{done.returncode}: {new} new, {said} said")


KINDS = (cut, cut_again_and_again, killed, together, spoiled_upload, refused, no_space, fleets)
"""All kinds of faults over SSH; each is a function of a :class:`SshScene`."""


def inject_all(progress: Progress) -> list[FaultResult]:
    """Inject every fault over SSH; each kind has a process and a server, and one runs on each core."""
    results: list[FaultResult] = []
    with ProcessPoolExecutor() as pool, progress.stage("kinds of faults", len(KINDS)) as advance:
        for some in pool.map(_inject, KINDS):
            results += some
            advance(1)
    return results


def _inject(kind: Callable[[SshScene], Iterator[FaultResult]]) -> list[FaultResult]:
    with tempfile.TemporaryDirectory(prefix="edge-faults-") as folder, make_ssh_scene(Path(folder)) as place:
        return list(kind(place))


@contextmanager
def _cutter(place: SshScene) -> Iterator[Cutter]:
    """A proxy that ``pi1`` is reached through for the block."""
    config = place.server.config.read_text()
    cutter = Cutter(place.server.port)
    try:
        place.server.know(cutter.port)
        place.server.write_config({"pi1": cutter.port})
        yield cutter
    finally:
        cutter.close()
        place.server.config.write_text(config)


@contextmanager
def _on_disk(place: SshScene, host: str, size_bytes: int) -> Iterator[Store]:
    """The store of ``host`` on a small disk of its own; needs root."""
    store = place.fresh_store(host)
    shutil.rmtree(store.root)
    store.root.mkdir()
    subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={size_bytes}", "tmpfs", store.root], check=True)
    try:
        shutil.copytree(place.server.store("base"), store.root, symlinks=True, dirs_exist_ok=True)
        yield store
    finally:
        subprocess.run(["umount", "-l", store.root], check=True)


def _chatter(server: Sshd, text: str) -> None:
    """Let the login shell say ``text`` before every command."""
    (server.home / ".bashrc").write_text(f"printf '%s\\n' {shlex.quote(text)}\n" if text else "")


def _key(path: Path) -> str:
    return path.read_text().split()[1]
