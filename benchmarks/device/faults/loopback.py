"""A real OpenSSH server on loopback: its own keys and configuration, nothing of the user's."""

from __future__ import annotations

import contextlib
import getpass
import os
import pwd
import shlex
import shutil
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import edge
from benchmarks.device.ports import free_port

PACKAGES = Path(edge.__file__).parents[1]
"""The folder that holds the packages: the checkout, or where their wheel is installed."""


def _find_sshd() -> str | None:
    try:
        pwd.getpwuid(os.getuid())
    except KeyError:
        return None
    return shutil.which("sshd", path=f"{os.environ.get('PATH', '')}:/usr/sbin:/usr/local/sbin")


SSHD = _find_sshd()
"""The server's program; None without it, and for a user without a name, whom OpenSSH does not serve."""

_START_S = 30.0


class Sshd:
    """A server that runs the ``edge`` package that is imported here, and a client's configuration that knows it.

    ``config`` is for ``ssh -F``: hosts ``pi1`` to ``pi9`` are this server, each with a store of its own.
    """

    def __init__(self, folder: Path, with_edge: bool = True) -> None:
        """Write keys and configuration into ``folder`` and start."""
        self.folder = folder
        self.home = folder / "home"
        self.home.mkdir(parents=True)
        self.port = free_port()
        for name in ("host", "user", "stranger"):
            self._keygen(folder / f"{name}_key")
        shutil.copy(folder / "user_key.pub", folder / "authorized_keys")
        self.known_hosts = folder / "known_hosts"
        self.know(self.port)
        self.binaries = folder / "bin"
        self.binaries.mkdir()
        if with_edge:
            self.give_edge()
        self._server_config().write_text(
            f"ListenAddress 127.0.0.1:{self.port}\nHostKey {folder}/host_key\n"
            f"AuthorizedKeysFile {folder}/authorized_keys\nPasswordAuthentication no\n"
            "KbdInteractiveAuthentication no\nStrictModes no\nUsePAM no\nPidFile none\nLogLevel VERBOSE\n"
            "AcceptEnv EDGE_STORE EDGE_HOME\nMaxStartups 100\nMaxSessions 100\n"
            f"SetEnv PATH={self.binaries}:/usr/bin:/bin HOME={self.home}\n"
        )
        self.config = folder / "ssh_config"
        self.write_config({f"pi{number}": self.port for number in range(1, 10)})
        self._process: subprocess.Popen[bytes] | None = None
        self.start()

    def store(self, host: str) -> Path:
        """The root of the store of ``host``."""
        return self.folder / "stores" / host

    def base(self, host: str) -> Path:
        """The folder in which a bootstrap of ``host`` makes its environment."""
        return self.folder / "bases" / host

    def give_edge(self) -> None:
        """Let the server's commands find ``edge``."""
        path, python = shlex.quote(str(PACKAGES)), shlex.quote(sys.executable)
        text = f'#!/bin/sh\nEDGE_STATUS=/dev/null PYTHONPATH={path} exec {python} -m edge "$@"\n'
        write_program(self.binaries / "edge", text)

    def write_config(self, ports: dict[str, int], **settings: str) -> None:
        """Let the client find the hosts that ``ports`` names, with further ``settings`` of ssh for all."""
        user = getpass.getuser()
        hosts = "".join(
            f"Host {name}\n HostName 127.0.0.1\n Port {port}\n"
            f" SetEnv EDGE_STORE={self.store(name)} EDGE_HOME={self.base(name)}\n"
            for name, port in ports.items()
        )
        common = {
            "User": user,
            "IdentityFile": str(self.folder / "user_key"),
            "IdentitiesOnly": "yes",
            "IdentityAgent": "none",
            "UserKnownHostsFile": str(self.known_hosts),
            "GlobalKnownHostsFile": "none",
            "StrictHostKeyChecking": "ask",
            **settings,
        }
        lines = "".join(f" {name} {value}\n" for name, value in common.items())
        self.config.write_text(f"{hosts}Host *\n{lines}")

    def know(self, port: int, key: str = "host") -> None:
        """Let the client know the server's key, or the key of the given name, under ``port`` too."""
        words = (self.folder / f"{key}_key.pub").read_text().split()
        with self.known_hosts.open("a") as file:
            file.write(f"[127.0.0.1]:{port} {words[0]} {words[1]}\n")

    def start(self) -> None:
        """Start the server and wait until it listens."""
        assert SSHD is not None
        if os.geteuid() == 0:
            Path("/run/sshd").mkdir(mode=0o755, exist_ok=True)
        with (self.folder / "log").open("ab") as log:
            self._process = subprocess.Popen([SSHD, "-D", "-e", "-f", str(self._server_config())], stderr=log)
        deadline = time.monotonic() + _START_S
        while True:
            with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", self.port), 1):
                return
            assert self._process.poll() is None, (self.folder / "log").read_text()
            assert time.monotonic() < deadline, "sshd does not listen"
            time.sleep(0.02)

    def stop(self) -> None:
        """Stop the server; sessions end by themselves."""
        if self._process is not None:
            self._process.terminate()
            self._process.wait()
            self._process = None

    def _server_config(self) -> Path:
        return self.folder / "sshd_config"

    def _keygen(self, path: Path) -> None:
        command = ["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", "test", "-f", str(path)]
        subprocess.run(command, check=True)


class Cutter:
    """A TCP proxy on loopback that drops each connection after :attr:`after` bytes from the client.

    ``passed`` counts the bytes from the client, of all connections together.
    """

    def __init__(self, port: int) -> None:
        """Lead to ``port``; nothing is cut until :attr:`after` is set."""
        self.after: int | None = None
        self.cuts = 0
        self.passed = 0
        self._calls: list[tuple[int, Callable[[], object]]] = []
        self._to = port
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._listener.getsockname()[1]
        threading.Thread(target=self._accept, daemon=True).start()

    def call(self, after: int, action: Callable[[], object]) -> None:
        """Call ``action`` once, when ``after`` more bytes have passed."""
        self._calls.append((self.passed + after, action))

    def close(self) -> None:
        """Take no more connections."""
        self._listener.close()

    def _accept(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                client, _ = self._listener.accept()
                server = socket.create_connection(("127.0.0.1", self._to))
                for source, sink, counted in ((client, server, True), (server, client, False)):
                    threading.Thread(target=self._copy, args=(source, sink, counted), daemon=True).start()

    def _copy(self, source: socket.socket, sink: socket.socket, counted: bool) -> None:
        passed = 0
        with contextlib.suppress(OSError):
            while data := source.recv(4096):
                left = self.after - passed if counted and self.after is not None else len(data)
                sink.sendall(data[:left])
                if counted:
                    passed += len(data[:left])
                    self._count(len(data[:left]))
                if left <= len(data) and counted and self.after is not None:
                    self.cuts += 1
                    break
        for end in (source, sink):
            with contextlib.suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)

    def _count(self, size: int) -> None:
        self.passed += size
        for due in [due for due in self._calls if due[0] <= self.passed]:
            self._calls.remove(due)
            due[1]()


def write_program(path: Path, text: str) -> None:
    """Write the script ``text``, which every user may run."""
    path.write_text(text)
    path.chmod(0o755)


@contextlib.contextmanager
def running(folder: Path, with_edge: bool = True) -> Iterator[Sshd]:
    """A server in ``folder`` for the block."""
    server = Sshd(folder, with_edge)
    try:
        yield server
    finally:
        server.stop()
