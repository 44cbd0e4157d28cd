"""One device over the system's own ``ssh``: the user's configuration, agent, jump hosts and known hosts count."""

from __future__ import annotations

import contextlib
import shlex
import subprocess
import tempfile
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import IO, NamedTuple

from edge.errors import ConfigurationError
from trainer.flash.refusals import explain
from trainer.flash.target import Target

_CONNECT_TIMEOUT_S = 15
_ALIVE_INTERVAL_S = 5
_ALIVE_COUNT = 3
_OWN_FAILURE = 255  # ssh's exit code where the connection, and not the command, failed
_CLOSE_TIMEOUT_S = 10


class Answer(NamedTuple):
    """What a remote command left: its exit ``code``, its stdout and its stderr."""

    code: int
    out: str
    err: str


class Connection:
    """A connection to ``target``, opened by :meth:`open` or the first command and shared by all later ones.

    Host keys are checked as the user's configuration says and never skipped. ``batch`` forbids every question on the
    terminal; without it ``ssh`` may ask for a password or show a new host's fingerprint.
    """

    def __init__(self, target: Target, batch: bool = True, config: Path | None = None) -> None:
        """Connect as the file ``config`` says, or else as ``~/.ssh/config`` does."""
        self.target = target
        self._temporary = tempfile.TemporaryDirectory(prefix="edge-ssh-")  # private to this user
        self.folder = Path(self._temporary.name)
        self._socket = self.folder / "s"
        port = ["-p", str(target.port)] if target.port else []
        settings = {
            "BatchMode": "yes" if batch else "no",
            "ConnectTimeout": _CONNECT_TIMEOUT_S,
            # A cable that is pulled says nothing; without these the upload would wait for hours.
            "ServerAliveInterval": _ALIVE_INTERVAL_S,
            "ServerAliveCountMax": _ALIVE_COUNT,
            "ControlPath": self._socket,
            "RemoteCommand": "none",
            "ClearAllForwardings": "yes",
        }
        options = [argument for name, value in settings.items() for argument in ("-o", f"{name}={value}")]
        self._ssh = ["ssh", *(["-F", str(config)] if config else []), *port, "-T", *options]

    def __enter__(self) -> Connection:
        return self

    def __exit__(self, *exception: object) -> None:
        self.close()

    def run(self, script: str, *arguments: str | int) -> Answer:
        """Run the POSIX shell ``script`` on the device, with ``arguments`` as ``$1``, ``$2``...

        Raises what :meth:`open` does, also where the connection is lost.
        """
        self.open()
        command = [*self._ssh, "-o", "ControlMaster=no", self.target.destination, _remote(script, arguments)]
        done = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True)
        return self._answer(done.returncode, done.stdout, done.stderr)

    def send(self, chunks: Iterable[bytes], sent: Callable[[int], None], script: str, *arguments: str | int) -> Answer:
        """Run ``script`` as :meth:`run` does, with the bytes of ``chunks`` on its stdin.

        ``sent`` is called with the size in bytes of every chunk that went. Errors are those of :meth:`run`.
        """
        self.open()
        command = [*self._ssh, "-o", "ControlMaster=no", self.target.destination, _remote(script, arguments)]
        with _errors() as errors:
            with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.DEVNULL, stderr=errors) as process:
                try:
                    assert process.stdin is not None
                    # A device that hangs up early says why by its exit code.
                    with contextlib.suppress(BrokenPipeError):
                        for chunk in chunks:
                            process.stdin.write(chunk)
                            process.stdin.flush()
                            sent(len(chunk))
                    with contextlib.suppress(BrokenPipeError):
                        process.stdin.close()
                    process.wait()
                except BaseException:
                    process.kill()
                    raise
            errors.seek(0)
            return self._answer(process.returncode, b"", errors.read())

    def close(self) -> None:
        """End the connection; nothing of it is left running."""
        if self._socket.exists():
            command = [*self._ssh, "-O", "exit", self.target.destination]
            with contextlib.suppress(subprocess.TimeoutExpired):
                subprocess.run(command, capture_output=True, stdin=subprocess.DEVNULL, timeout=_CLOSE_TIMEOUT_S)
        self._temporary.cleanup()

    def open(self) -> None:
        """Log in, unless that has been done: all commands go through one connection, and ask nothing again.

        Raises :class:`~edge.errors.UnavailableError` where the device cannot be reached, with how to mend it, and
        :class:`~edge.errors.ConfigurationError` where there is no ``ssh``.
        """
        if self._socket.exists():
            return
        # Left alone, by a kill -9 of this process, the connection ends after a minute.
        master = [*self._ssh, "-f", "-N", "-M", "-o", "ControlPersist=60", self.target.destination]
        with _errors() as errors:  # a pipe would be held open by the connection in the background
            try:
                code = subprocess.run(master, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=errors)
            except FileNotFoundError:
                raise ConfigurationError("flashing needs ssh: sudo apt install openssh-client") from None
            errors.seek(0)
            self._answer(code.returncode, b"", errors.read())

    def _answer(self, code: int, out: bytes, err: bytes) -> Answer:
        answer = Answer(code, out.decode("utf-8", "replace"), err.decode("utf-8", "replace"))
        if code == _OWN_FAILURE or code < 0:
            raise explain(self.target, answer.err)
        return answer


def _errors() -> IO[bytes]:
    return tempfile.TemporaryFile()


def _remote(script: str, arguments: Iterable[str | int]) -> str:
    """One word for the login shell, whichever it is: the script runs in the POSIX shell."""
    return shlex.join(["sh", "-c", script, "edge-flash", *map(str, arguments)])
