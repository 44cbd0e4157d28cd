"""``trainer teach`` in a process of its own, and its API."""

from __future__ import annotations

import contextlib
import json
import os
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from benchmarks.device.ports import accepts, free_port
from benchmarks.device.waiting import wait
from edge.errors import UnavailableError

PHOTOS, STORE = "photos", "store"
"""The folder of the photos and that of the store, in the folder in which the session runs."""

_REPOSITORY = Path(__file__).parents[3]
_START_S = 120.0
_END_S = 10.0


class TeachProcess:
    """A session that runs; ``url`` is the address of its page, ``started_s`` how long it took until it was served."""

    def __init__(self, url: str, started_s: float) -> None:
        self.url, self.started_s = url, started_s

    def state(self) -> Any:
        """The object of ``GET /api/session``."""
        with urllib.request.urlopen(f"{self.url}api/session") as answer:
            return json.load(answer)

    def wait_until_idle(self, limit_s: float) -> None:
        """Wait until all bottlenecks, the head and the figures are computed.

        Raises :class:`~edge.errors.UnavailableError` if that takes longer than ``limit_s`` seconds.
        """

        def idle() -> bool:
            state = self.state()
            learnt = state["learning"]["state"] != "learning" and state["figures"]["state"] != "computing"
            return learnt and not state["work"]

        if not wait(idle, limit_s):
            raise UnavailableError(f"the session was not idle within {limit_s:g} s")


@contextlib.contextmanager
def teach_process(source: str, backbone: Path, scratch: Path) -> Iterator[TeachProcess]:
    """``trainer teach`` on the frames of ``source`` with the backbone of a model file; it writes in ``scratch`` only.

    Raises :class:`~edge.errors.UnavailableError` if its page is not served within two minutes.
    """
    port = free_port()
    command = [sys.executable, "-m", "trainer", "teach", source, PHOTOS, "--backbone", str(backbone.absolute())]
    command += ["--bottleneck-dir", "cache", "--store", STORE, "--web", str(port)]
    environment = {**os.environ, "PYTHONPATH": str(_REPOSITORY)}
    log = scratch / "teach.log"
    start_s = time.monotonic()
    with (
        log.open("w") as output,
        subprocess.Popen(command, cwd=scratch, env=environment, stdout=output, stderr=output) as process,
    ):
        try:
            if not wait(lambda: process.poll() is not None or accepts(port), _START_S) or process.poll() is not None:
                raise UnavailableError(f"trainer teach did not start: {log.read_text()[-500:]}")
            yield TeachProcess(f"http://127.0.0.1:{port}/", time.monotonic() - start_s)
        finally:
            process.terminate()
            try:
                process.wait(_END_S)
            except subprocess.TimeoutExpired:
                process.kill()
