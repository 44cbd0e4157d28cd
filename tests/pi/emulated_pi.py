"""Emulated Raspberry Pis. Each has its own disk and processes, and an OpenSSH server on loopback."""

from __future__ import annotations

import contextlib
import json
import shlex
import socket
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from userland import USER, System, userland

from support.ports import free_port

CORES = {"arm64": "cortex-a72", "armhf": "cortex-a7"}
"""The emulated processor core: that of a Raspberry Pi 4, and for 32 bits that of a Raspberry Pi 2."""

EDGE = ".local/share/edge/venv/bin/edge"
"""The command that ``trainer flash`` and a bundle install, below the home folder."""

PIP = "venv/bin/python $(echo /usr/share/python-wheels/pip-*.whl)/pip"
"""The command line of Debian's pip, from its wheel, for the environment ``venv`` in the home folder.

ensurepip would take 17 s of processor time to unpack it into the environment.
"""

_NAMESPACES = ["setpriv", "--pdeathsig", "KILL", "unshare", "--mount", "--pid", "--fork", "--kill-child"]
_START_S = 60.0
_OWNER = "1000"  # the number of the first user that Debian makes


class Pi:
    """One running Raspberry Pi. ``name`` is its host in the ``ssh`` configuration file ``config``."""

    def __init__(self, name: str, system: System, keys: Path) -> None:
        """Start it with ``host_key`` and ``user_key`` of the folder ``keys``."""
        self.name = name
        self._core = CORES[system.arch]
        self.port = free_port()
        self.config = keys / "config"
        self._log = keys / f"{name}.log"
        boot = [Path(__file__).parent / "boot.sh", userland(system), keys, self.port, self._core]
        with self._log.open("wb") as log:
            # sshd becomes the first process of the namespace; if it ends, all processes there end. It ends if unshare
            # ends, and unshare ends if this process ends, in any way.
            self._process = subprocess.Popen(
                [*_NAMESPACES, "sh", *map(str, boot)],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
            )
        self._wait_until_known(keys)

    def run(self, command: str, stdin: bytes | None = None) -> subprocess.CompletedProcess[str]:
        """Run a shell command over ssh as the user ``pi``; the output is text."""
        arguments = ["ssh", "-F", str(self.config), self.name, command]
        done = subprocess.run(arguments, input=stdin or b"", capture_output=True)
        return subprocess.CompletedProcess(arguments, done.returncode, done.stdout.decode(), done.stderr.decode())

    def put(self, path: Path, folder: str = ".") -> None:
        """Copy a file, or the contents of a folder, over ssh to ``folder`` below the home folder."""
        source = ["-C", str(path), "."] if path.is_dir() else ["-C", str(path.parent), path.name]
        packed = subprocess.run(["tar", "-c", *source], capture_output=True, check=True).stdout
        done = self.run(f"mkdir -p {shlex.quote(folder)} && tar -x -C {shlex.quote(folder)}", packed)
        assert done.returncode == 0, done.stderr

    def without_network(self, command: str) -> subprocess.CompletedProcess[str]:
        """Run a shell command as the user ``pi`` without any network, not even loopback."""
        inside = ["nsenter", "--target", str(self._first_process()), "--mount", "--pid", "--root", "--wd"]
        inside += ["--setuid", _OWNER, "--setgid", _OWNER, "--"]
        # Without QEMU_CPU the processor would be another one than over ssh, and than /proc/cpuinfo says.
        user = [f"HOME=/home/{USER}", f"USER={USER}", f"QEMU_CPU={self._core}"]
        environment = ["env", "-i", "PATH=/usr/bin:/bin", *user]
        arguments = ["unshare", "--net", *inside, *environment, "sh", "-c", f"cd && {command}"]
        return subprocess.run(arguments, capture_output=True, text=True, stdin=subprocess.DEVNULL)

    def stop(self) -> None:
        """Stop it like a power failure: every process ends and the disk is lost."""
        self._process.kill()  # unshare ignores SIGTERM
        self._process.wait()

    def _wait_until_known(self, keys: Path) -> None:
        """Wait until its SSH server listens, and add it to the configuration and known hosts of ssh."""
        deadline = time.monotonic() + _START_S
        while True:
            with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", self.port), 1):
                break
            if self._process.poll() is not None or time.monotonic() > deadline:
                self.stop()
                raise AssertionError(f"{self.name} did not start: {self._log.read_text()}")
            time.sleep(0.05)
        algorithm, key, *_ = (keys / "host_key.pub").read_text().split()
        with (keys / "known_hosts").open("a") as known:
            known.write(f"[127.0.0.1]:{self.port} {algorithm} {key}\n")
        with self.config.open("a") as config:
            config.write(f"Host {self.name}\n HostName 127.0.0.1\n Port {self.port}\n User {USER}\n")
            config.write(f" IdentityFile {keys}/user_key\n IdentitiesOnly yes\n IdentityAgent none\n")
            config.write(f" UserKnownHostsFile {keys}/known_hosts\n GlobalKnownHostsFile none\n")
            config.write(" StrictHostKeyChecking yes\n")

    def _first_process(self) -> int:
        pid = self._process.pid
        return int(Path(f"/proc/{pid}/task/{pid}/children").read_text().split()[0])


def make_keys(folder: Path) -> None:
    """Write ``host_key`` and ``user_key`` with their public halves into ``folder``."""
    for name in ("host_key", "user_key"):
        subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", "test", "-f", folder / name], check=True)


@contextlib.contextmanager
def running(system: System, folder: Path, count: int = 1) -> Iterator[list[Pi]]:
    """Run ``count`` Pis, named pi1, pi2..., during the block; their keys and ssh configuration are in ``folder``."""
    folder.mkdir(parents=True, exist_ok=True)
    make_keys(folder)
    pis: list[Pi] = []
    try:
        for number in range(1, count + 1):
            pis.append(Pi(f"pi{number}", system, folder))
        yield pis
    finally:
        for pi in pis:
            pi.stop()


def current(pi: Pi) -> dict[str, Any]:
    """What ``edge store current --json`` prints on the Pi."""
    done = pi.run(f"{EDGE} store current --json")
    assert done.returncode == 0, done.stderr
    listing: dict[str, Any] = json.loads(done.stdout)
    return listing
