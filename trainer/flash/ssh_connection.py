"""A connection to one device through the command ``ssh``, with the user's configuration, agent and known hosts."""

from __future__ import annotations

import base64
import contextlib
import os
import secrets
import shlex
import subprocess
import tempfile
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import NamedTuple

from edge.errors import ConfigurationError, StorageError, UnavailableError
from edge.shorten import plain_text
from edge.system.drives import ask_drive
from trainer.flash.finished import MAX_OUT_BYTES, Finished, OutOfTime, TooMuchOutput
from trainer.flash.limited_process import run_limited
from trainer.flash.openssh import how_to_install, shares_logins
from trainer.flash.ssh_errors import ssh_error
from trainer.flash.target import Target

ANSWER_S = 60.0
"""How long a command on the device may take, in seconds, unless another limit is given: a Pi needs a few."""

STALL_S = 60.0
"""How long an upload may stand still, in seconds: a cheap SD card may write nothing for some seconds."""

LOGIN_S = 60.0
"""How long a login without questions may take, in seconds."""

_CONNECT_TIMEOUT_S = 15
_ALIVE_INTERVAL_S = 5
_ALIVE_COUNT = 3
_CONNECTION_FAILED = 255  # exit code of ssh if the connection, and not the command, failed
_CLOSE_TIMEOUT_S = 10
_MAX_ERRORS_BYTES = 64 << 10
_SOCKET_BYTES = 107  # the longest path of a Unix socket on Linux
_SOCKET_SUFFIX_BYTES = 17  # ssh makes the socket under a longer name, then renames it
# The login shell on the device may be any shell. sh, csh and fish read this line in the same way: it has no backslash,
# exclamation mark, line end or quote within the quotes. csh takes no long words, so the script comes in several.
_DECODE = 's=; for p; do s=$s$p; done; eval "$(printf %s $s | base64 -d)"'
_WORD_LENGTH = 400
_UMASK = 'umask "$(printf %04o "$(( $(umask) | 022 ))")"'  # other users may not change what a script makes


class Answer(NamedTuple):
    """The exit ``code``, stdout and stderr of a command on the device."""

    code: int
    out: str
    err: str


class SshOptions(NamedTuple):
    """``batch`` forbids ssh to ask questions on the terminal, such as for a password or about a new host.

    Then the login has a time limit, :data:`LOGIN_S`.

    ``config`` is its configuration file; with None it reads ``~/.ssh/config``.
    """

    batch: bool = True
    config: Path | None = None


DEFAULT_OPTIONS = SshOptions()


class SshConnection:
    """A connection to ``target``. :meth:`open` or the first command opens it, and all later commands share it.

    On Windows, whose ssh cannot share one, each command logs in anew, and ssh asks no question.

    ``ssh`` checks host keys as the user's configuration says; the check is never switched off here.
    """

    def __init__(self, target: Target, options: SshOptions = DEFAULT_OPTIONS) -> None:
        """Prepare a connection with ``options``; nothing is sent yet.

        Raises :class:`~edge.errors.StorageError` and :class:`~edge.errors.ConfigurationError` if there is no folder for
        the socket of the connection.
        """
        if options.config is not None and ask_drive(options.config, options.config.is_fifo):
            raise ConfigurationError(f"{options.config}: is a pipe, and ssh reads it again and again; give a file")
        self.target = target
        self._shared = shares_logins()
        self._login_s = LOGIN_S if options.batch else None
        try:
            self._temporary = tempfile.TemporaryDirectory(prefix="edge-ssh-")  # private to this user
        except OSError as error:
            raise StorageError(f"no folder for the connection can be made ({error}); set TMPDIR to another") from None
        self.folder = Path(self._temporary.name)
        self._socket = self.folder / "s"
        try:
            control_path = _control_path(self._socket) if self._shared else ""
        except ConfigurationError:
            self._temporary.cleanup()
            raise
        port = ["-p", str(target.port)] if target.port else []
        settings = {
            "BatchMode": "yes" if options.batch or not self._shared else "no",
            "ConnectTimeout": _CONNECT_TIMEOUT_S,
            # If the cable is pulled out, nothing arrives; without these two options an upload would wait for hours.
            "ServerAliveInterval": _ALIVE_INTERVAL_S,
            "ServerAliveCountMax": _ALIVE_COUNT,
            "ControlPath": control_path if self._shared else "none",
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

    def run(self, script: str, *arguments: str | int, limit_s: float | None = None) -> Answer:
        """Run the POSIX shell ``script`` on the device, with ``arguments`` as ``$1``, ``$2``...

        Raises what :meth:`open` does, also if the connection is lost or there is no answer within ``limit_s`` seconds
        (default: :data:`ANSWER_S`), and :class:`~edge.errors.ConfigurationError` if the answer is too long.
        """
        return self._answer(self._exchange(script, arguments, ANSWER_S if limit_s is None else limit_s))

    def send(self, chunks: Iterable[bytes], sent: Callable[[int], None], script: str, *arguments: str | int) -> Answer:
        """Run ``script`` as :meth:`run` does, with the bytes of ``chunks`` on its stdin.

        Each chunk may take :data:`STALL_S`. ``sent`` is called with the size in bytes of every chunk that was sent.
        Raises what :meth:`run` does.
        """
        return self._answer(self._exchange(script, arguments, STALL_S, chunks, sent))

    def fetch(self, script: str, *arguments: str | int, limit_s: float, max_bytes: int) -> bytes:
        """The bytes that ``script`` writes to stdout, at most ``max_bytes`` beside what the login shell prints.

        Raises what :meth:`run` does, and :class:`~edge.errors.UnavailableError` if the script fails.
        """
        mark = secrets.token_hex(16)  # what comes before it is of the login shell
        done = self._exchange(f"echo {mark}\n{script}", arguments, limit_s, max_out_bytes=max_bytes + MAX_OUT_BYTES)
        answer = self._answer(done._replace(out=b""))
        _, found, content = done.out.partition(f"{mark}\n".encode())
        if done.code or not found:
            raise UnavailableError(f"it could not send its files: {plain_text(answer.err) or f'exit code {done.code}'}")
        return content

    def _exchange(
        self,
        script: str,
        arguments: Iterable[str | int],
        limit_s: float,
        chunks: Iterable[bytes] | None = None,
        sent: Callable[[int], None] = lambda size: None,
        max_out_bytes: int = MAX_OUT_BYTES,
    ) -> Finished:
        self.open()
        try:
            return run_limited(self._command(script, arguments), limit_s, chunks, sent, max_out_bytes)
        except FileNotFoundError:  # nothing was opened before
            raise ConfigurationError(f"flashing needs ssh: {how_to_install()}") from None
        except OutOfTime:
            raise UnavailableError(
                f"it gave no answer within {limit_s:g} s and was left; look at it, and run the same command again"
            ) from None
        except TooMuchOutput:
            raise ConfigurationError(
                f"it answered with more than {max_out_bytes >> 20} MB; check what its login shell prints"
            ) from None

    def close(self) -> None:
        """Close the connection and end the ssh process in the background."""
        if self._socket.exists():
            command = [*self._ssh, "-O", "exit", self.target.destination]
            with contextlib.suppress(subprocess.TimeoutExpired):
                subprocess.run(command, capture_output=True, stdin=subprocess.DEVNULL, timeout=_CLOSE_TIMEOUT_S)
        self._temporary.cleanup()

    def open(self) -> None:
        """Log in, if that is not done yet; later commands use this login and ask no question again.

        Raises :class:`~edge.errors.UnavailableError`, with how to fix it, if the device cannot be reached or does not
        finish the login, and :class:`~edge.errors.ConfigurationError` if there is no ``ssh`` here.
        """
        if not self._shared or self._socket.exists():
            return
        # If this process is killed, the connection in the background ends after 60 seconds.
        master = [*self._ssh, "-f", "-N", "-M", "-o", "ControlPersist=60", self.target.destination]
        with tempfile.TemporaryFile() as errors:  # a file: the ssh in the background would hold a pipe open
            try:
                done = subprocess.run(
                    master,
                    stdin=subprocess.DEVNULL,
                    stdout=subprocess.DEVNULL,
                    stderr=errors,
                    timeout=self._login_s,
                )
            except FileNotFoundError:
                raise ConfigurationError(f"flashing needs ssh: {how_to_install()}") from None
            except subprocess.TimeoutExpired:
                raise UnavailableError(
                    f"it did not finish the login within {self._login_s:g} s; look at it, and run the command again"
                ) from None
            errors.seek(max(0, errors.seek(0, os.SEEK_END) - _MAX_ERRORS_BYTES))
            self._answer(Finished(done.returncode, b"", errors.read()))

    def _command(self, script: str, arguments: Iterable[str | int]) -> list[str]:
        whole = f"{_UMASK}\nset -- {shlex.join(map(str, arguments))}\n{script}"
        text = base64.b64encode(whole.encode("utf-8", "surrogateescape")).decode()
        words = [text[start : start + _WORD_LENGTH] for start in range(0, len(text), _WORD_LENGTH)]
        remote = " ".join(["sh", "-c", f"'{_DECODE}'", "edge-flash", *words])
        return [*self._ssh, "-o", "ControlMaster=no", self.target.destination, remote]

    def _answer(self, done: Finished) -> Answer:
        answer = Answer(done.code, done.out.decode("utf-8", "replace"), done.err.decode("utf-8", "replace"))
        if done.code == _CONNECTION_FAILED or done.code < 0:
            raise ssh_error(self.target, answer.err)
        return answer


def _control_path(socket: Path) -> str:
    """The value of ssh's option ``ControlPath`` for ``socket``.

    Raises :class:`~edge.errors.ConfigurationError` if a socket cannot have this path.
    """
    text = str(socket)
    fix = f"{socket.parent.parent}: connections need a folder for a socket, and this one"
    if len(os.fsencode(socket)) + _SOCKET_SUFFIX_BYTES > _SOCKET_BYTES:
        raise ConfigurationError(f"{fix} has too long a name; set TMPDIR to a shorter one, such as /tmp")
    if any(letter in '"\\$' or not letter.isprintable() for letter in text):
        raise ConfigurationError(f"{fix} has a letter in its name that ssh cannot read; set TMPDIR to another")
    return '"' + text.replace("%", "%%") + '"'
