"""A connection to one device through the command ``ssh``, with the user's configuration, agent and known hosts."""

from __future__ import annotations

import contextlib
import shlex
import subprocess
import tempfile
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import IO, NamedTuple

from edge.errors import ConfigurationError
from trainer.flash.ssh_errors import ssh_error
from trainer.flash.target import Target

_CONNECT_TIMEOUT_S = 15
_ALIVE_INTERVAL_S = 5
_ALIVE_COUNT = 3
_CONNECTION_FAILED = 255  # exit code of ssh if the connection, and not the command, failed
_CLOSE_TIMEOUT_S = 10


class Answer(NamedTuple):
    """The exit ``code``, stdout and stderr of a command on the device."""

    code: int
    out: str
    err: str


class SshOptions(NamedTuple):
    """``batch`` forbids ssh to ask questions on the terminal, such as for a password or about a new host.

    ``config`` is its configuration file; with None it reads ``~/.ssh/config``.
    """

    batch: bool = True
    config: Path | None = None


DEFAULT_OPTIONS = SshOptions()


class SshConnection:
    """A connection to ``target``. :meth:`open` or the first command opens it, and all later commands share it.

    ``ssh`` checks host keys as the user's configuration says; the check is never switched off here.
    """

    def __init__(self, target: Target, options: SshOptions = DEFAULT_OPTIONS) -> None:
        """Prepare a connection with ``options``; nothing is sent yet."""
        self.target = target
        self._temporary = tempfile.TemporaryDirectory(prefix="edge-ssh-")  # private to this user
        self.folder = Path(self._temporary.name)
        self._socket = self.folder / "s"
        port = ["-p", str(target.port)] if target.port else []
        settings = {
            "BatchMode": "yes" if options.batch else "no",
            "ConnectTimeout": _CONNECT_TIMEOUT_S,
            # If the cable is pulled out, nothing arrives; without these two options an upload would wait for hours.
            "ServerAliveInterval": _ALIVE_INTERVAL_S,
            "ServerAliveCountMax": _ALIVE_COUNT,
            "ControlPath": self._socket,
            "RemoteCommand": "none",
            "ClearAllForwardings": "yes",
        }
        config = ["-F", str(options.config)] if options.config else []
        self._ssh = ["ssh", *config, *port, "-T"]
        self._ssh += [argument for name, value in settings.items() for argument in ("-o", f"{name}={value}")]

    def __enter__(self) -> SshConnection:
        return self

    def __exit__(self, *exception: object) -> None:
        self.close()

    def run(self, script: str, *arguments: str | int) -> Answer:
        """Run the POSIX shell ``script`` on the device, with ``arguments`` as ``$1``, ``$2``...

        Raises what :meth:`open` does, also if the connection is lost.
        """
        self.open()
        command = self._command(script, arguments)
        done = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True)
        return self._answer(done.returncode, done.stdout, done.stderr)

    def send(self, chunks: Iterable[bytes], sent: Callable[[int], None], script: str, *arguments: str | int) -> Answer:
        """Run ``script`` as :meth:`run` does, with the bytes of ``chunks`` on its stdin.

        ``sent`` is called with the size in bytes of every chunk that was sent. Raises what :meth:`run` does.
        """
        self.open()
        command = self._command(script, arguments)
        with _errors() as errors:
            with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.DEVNULL, stderr=errors) as process:
                try:
                    assert process.stdin is not None
                    # If the command ends early, its exit code and stderr say why.
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
        """Close the connection and end the ssh process in the background."""
        if self._socket.exists():
            command = [*self._ssh, "-O", "exit", self.target.destination]
            with contextlib.suppress(subprocess.TimeoutExpired):
                subprocess.run(command, capture_output=True, stdin=subprocess.DEVNULL, timeout=_CLOSE_TIMEOUT_S)
        self._temporary.cleanup()

    def open(self) -> None:
        """Log in, if that is not done yet; later commands use this login and ask no question again.

        Raises :class:`~edge.errors.UnavailableError`, with how to fix it, if the device cannot be reached, and
        :class:`~edge.errors.ConfigurationError` if there is no ``ssh`` here.
        """
        if self._socket.exists():
            return
        # If this process is killed, the connection in the background ends after 60 seconds.
        master = [*self._ssh, "-f", "-N", "-M", "-o", "ControlPersist=60", self.target.destination]
        with _errors() as errors:  # a file: the ssh in the background would hold a pipe open
            try:
                done = subprocess.run(master, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=errors)
            except FileNotFoundError:
                raise ConfigurationError("flashing needs ssh: sudo apt install openssh-client") from None
            errors.seek(0)
            self._answer(done.returncode, b"", errors.read())

    def _command(self, script: str, arguments: Iterable[str | int]) -> list[str]:
        # The login shell on the device may be any shell; it only starts the POSIX shell, which runs the script.
        remote = shlex.join(["sh", "-c", script, "edge-flash", *map(str, arguments)])
        return [*self._ssh, "-o", "ControlMaster=no", self.target.destination, remote]

    def _answer(self, code: int, out: bytes, err: bytes) -> Answer:
        answer = Answer(code, out.decode("utf-8", "replace"), err.decode("utf-8", "replace"))
        if code == _CONNECTION_FAILED or code < 0:
            raise ssh_error(self.target, answer.err)
        return answer


def _errors() -> IO[bytes]:
    return tempfile.TemporaryFile()
