"""What attacks on ``edge serve`` need: the server as a process, and requests to it."""

from __future__ import annotations

import contextlib
import http.client
import io
import json
import os
import signal
import subprocess
import sys
import threading
import time
from typing import NamedTuple

from PIL import Image

from benchmarks.device.faults.scene import DATA
from benchmarks.device.hostile.case import HANG_S, Ended, peak_bytes
from benchmarks.device.hostile.page_scene import TOKEN, Page
from benchmarks.device.ports import free_port
from benchmarks.device.waiting import wait
from edge.errors import UnavailableError

_START_S = 60.0


class Given(NamedTuple):
    """The answer to a request: status (0: none in time), and whether its body is JSON as the API has it."""

    status: int
    is_json: bool


class Served(Page):
    """An ``edge serve`` on :attr:`port`. If ``token``, requests must give :data:`TOKEN`."""

    def __init__(self, *, token: bool = False) -> None:
        """Start it and wait until it is ready."""
        self.port = self.metrics = free_port()
        self.headers = {"Authorization": f"Bearer {TOKEN}"} if token else {}
        self.lines: list[str] = []
        self._ready_bytes = 0
        model = str(DATA / "tiny-int8.tflite")
        self.process = subprocess.Popen(
            [sys.executable, "-m", "edge", "serve", str(self.port), "--model", model],
            stderr=subprocess.PIPE,
            text=True,
            env={**os.environ, "EDGE_SERVE_TOKEN": TOKEN if token else ""},
        )
        assert self.process.stderr is not None
        self._reader = threading.Thread(target=self.lines.extend, args=(self.process.stderr,), daemon=True)
        self._reader.start()
        file = io.BytesIO()
        Image.new("RGB", (48, 40), (220, 40, 40)).save(file, "PNG")
        self._good = file.getvalue()
        if not wait(lambda: self.status("/health") == 200, _START_S):
            self.end()
            raise UnavailableError(f"edge serve does not start: {self.lines[-1:]}")
        self._ready_bytes = peak_bytes(self.process.pid)

    @property
    def threads(self) -> int:
        """The number of threads of the process."""
        return len(os.listdir(f"/proc/{self.process.pid}/task"))

    def is_served(self) -> str | None:
        """None if another client gets its labels and the metrics now; else what it does not get."""
        given = self.post(self._good)
        if given != Given(200, True):
            return f"a good picture has {'no answer: hang' if not given.status else f'status {given.status}'}"
        status = self.status("/metrics")
        return None if status == 200 else f"/metrics has status {status}"

    def post(self, body: bytes, kind: str = "image/png", query: str = "") -> Given:
        """Send ``body``, whose media type is ``kind``, to be labelled."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=HANG_S)
        with contextlib.closing(connection), contextlib.suppress(OSError, http.client.HTTPException):
            connection.request("POST", f"/label{query}", body, {"Content-Type": kind, **self.headers})
            answer = connection.getresponse()
            return Given(answer.status, _is_answer(answer.read()))
        return Given(0, False)

    def end(self) -> Ended:
        """End it by SIGTERM; it must end in time. The peak is what it took beside what it has when it is ready."""
        peak = peak_bytes(self.process.pid) - self._ready_bytes
        self.process.send_signal(signal.SIGTERM)
        started_s, stopped = time.monotonic(), False
        try:
            code = self.process.wait(2 * HANG_S)
        except subprocess.TimeoutExpired:
            self.process.kill()
            code, stopped = self.process.wait(), True
        self._reader.join(HANG_S)
        return Ended(code, "", "".join(self.lines), time.monotonic() - started_s, peak, stopped)


def _is_answer(body: bytes) -> bool:
    """Whether ``body`` is JSON of labels, or of one line that says what is wrong."""
    try:
        given = json.loads(body)
        answers = given if isinstance(given, list) else [given]
        return all(("labels" in one) != ("error" in one) and "\n" not in one.get("error", "") for one in answers)
    except (ValueError, TypeError, AttributeError):
        return False
