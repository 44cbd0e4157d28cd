"""A mosquitto on loopback."""

from __future__ import annotations

import shutil
import signal
import subprocess
from collections.abc import Sequence
from pathlib import Path

from benchmarks.device.ports import accepts, free_port
from benchmarks.device.waiting import wait
from edge.errors import ConfigurationError, UnavailableError

_START_S, _END_S = 60.0, 10.0


class Broker:
    """A mosquitto in ``folder`` with ``settings``, lines of its configuration."""

    def __init__(self, folder: Path, settings: Sequence[str] = ()) -> None:
        """Choose a port; :meth:`start` starts it.

        Raises :class:`~edge.errors.ConfigurationError` if mosquitto is not installed.
        """
        program = shutil.which("mosquitto") or shutil.which("mosquitto", path="/usr/sbin")
        if program is None:
            raise ConfigurationError("this needs a broker: sudo apt install -y mosquitto")
        folder.mkdir(parents=True, exist_ok=True)
        self.port = free_port()
        lines = [f"listener {self.port} 127.0.0.1", "user root", *(settings or ["allow_anonymous true"])]
        (folder / "mosquitto.conf").write_text("\n".join(lines) + "\n")
        self._command = [program, "-c", str(folder / "mosquitto.conf")]
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Start it and wait until it listens.

        Raises :class:`~edge.errors.UnavailableError` if it does not.
        """
        output = subprocess.DEVNULL
        self._process = subprocess.Popen(self._command, stdout=output, stderr=output)
        if not wait(lambda: accepts(self.port), _START_S):
            raise UnavailableError("mosquitto does not start")

    def send(self, number: signal.Signals) -> None:
        """Send a signal to it."""
        assert self._process is not None
        self._process.send_signal(number)

    def stop(self, number: signal.Signals = signal.SIGKILL) -> None:
        """End it."""
        if self._process is not None:
            self._process.send_signal(signal.SIGCONT)
            self._process.send_signal(number)
            self._process.wait(_END_S)
            self._process = None
