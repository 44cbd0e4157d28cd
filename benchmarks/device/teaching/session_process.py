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
_START_S = 600.0  # a backbone may have to be built first
_END_S = 10.0


class TeachProcess:
    """A session that runs; ``url`` is the address of its page, ``started_s`` how long it took until it was served."""

    def __init__(self, url: str, started_s: float, process_id: int) -> None:
        self.url, self.started_s, self._process_id = url, started_s, process_id

    def ask(self, method: str, path: str, body: object = None) -> Any:
        """The JSON of an answer to a request for ``path``, which begins without a slash; ``body`` is JSON too."""
        content = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(self.url + path, content, method=method)
        request.add_header("Content-Type", "application/json")
        with urllib.request.urlopen(request, timeout=60) as answer:
            return json.load(answer)

    def state(self) -> Any:
        """The object of ``GET /api/session``."""
        return self.ask("GET", "api/session")

    def labelled(self) -> int:
        """The number of frames that were labelled so far."""
        return int(self.ask("GET", "observation.json")["counts"]["frames_labelled"])

    def resident_mb(self) -> float:
        """The memory of the process, in MB."""
        pages = int(Path(f"/proc/{self._process_id}/statm").read_text().split()[1])
        return pages * os.sysconf("SC_PAGE_SIZE") / 1e6

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
def teach_process(source: str, scratch: Path, *options: str) -> Iterator[TeachProcess]:
    """``trainer teach`` on the frames of ``source`` with more ``options``; it runs in the folder ``scratch``.

    Raises :class:`~edge.errors.UnavailableError` if its page is not served within ten minutes.
    """
    port = free_port()
    command = [sys.executable, "-m", "trainer", "teach", source, PHOTOS, "--store", STORE, "--web", str(port), *options]
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
            yield TeachProcess(f"http://127.0.0.1:{port}/", time.monotonic() - start_s, process.pid)
        finally:
            process.terminate()
            try:
                process.wait(_END_S)
            except subprocess.TimeoutExpired:
                process.kill()


def backbone_file(path: Path) -> tuple[str, ...]:
    """The options of a session that uses the backbone of the model file ``path``, and a cache in its own folder."""
    return ("--backbone", str(path.absolute()), "--bottleneck-dir", "cache")
