"""``trainer teach`` in a process of its own, and its API."""

from __future__ import annotations

import contextlib
import json
import os
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any, TypeVar

from support import tiny
from support.paths import PACKAGES, python_path
from support.ports import free_port
from support.waiting import wait_for

Result = TypeVar("Result")

WITHOUT_TENSORFLOW = """
import sys
REFUSED = {"tensorflow", "keras", "tensorboard"}
class Refusal:
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] in REFUSED:
            raise ModuleNotFoundError("No module named " + name, name=name)
sys.meta_path.insert(0, Refusal())
from trainer.__main__ import start
start()
"""
"""A script: the ``trainer`` command on a machine that has no TensorFlow."""


class TeachCommand:
    """A running ``trainer teach`` without TensorFlow, with the tiny backbone."""

    def __init__(
        self,
        root: Path,
        *arguments: object,
        backbone: Sequence[str] = ("--architecture", tiny.ARCHITECTURE.name, "--weights", "random"),
        port: int | None = None,
    ) -> None:
        """Run it with ``arguments``, and with cache and store in the folder ``root``."""
        self.root = root
        self.port = port or free_port()
        tiny.write_backbone(root / "cache")
        words = [
            *("teach", *arguments, "--web", self.port, "--bottleneck-dir", root / "cache", "--store", root / "store"),
            *backbone,
        ]
        ours = ("EDGE_RUNTIME", "EDGE_MODEL", "EDGE_STORE", "EDGE_SOURCE", "EDGE_WEB_TOKEN", "NOTIFY_SOCKET")
        environment = {name: value for name, value in os.environ.items() if name not in ours}
        with (root / "stdout").open("w") as output, (root / "stderr").open("w") as errors:
            self.process = subprocess.Popen(
                [sys.executable, "-c", WITHOUT_TENSORFLOW, *map(str, words)],
                stdout=output,
                stderr=errors,
                cwd=root,
                env={**environment, "PYTHONPATH": python_path(PACKAGES)},
            )

    @property
    def messages(self) -> str:
        """What it has written to stderr so far."""
        return (self.root / "stderr").read_text()

    @property
    def lines(self) -> list[dict[str, Any]]:
        """What ``--json`` has written: whole lines."""
        return [
            json.loads(line)
            for line in (self.root / "stdout").read_text().splitlines(keepends=True)
            if line[-1] == "\n"
        ]

    def ask(self, method: str, path: str, body: object = None) -> tuple[int, Any]:
        """Status and JSON of an answer."""
        content = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(f"http://127.0.0.1:{self.port}{path}", content, method=method)
        request.add_header("Content-Type", "application/json")
        try:
            with urllib.request.urlopen(request, timeout=60) as answer:
                return answer.status, json.loads(answer.read() or b"null")
        except urllib.error.HTTPError as error:
            return error.code, json.loads(error.read())

    def session(self) -> Any:
        """The state of the session; None before the page is served."""
        assert self.process.poll() is None, self.messages
        try:
            return self.ask("GET", "/api/session")[1]
        except urllib.error.URLError:
            return None

    def wait_for(self, look: Callable[[Any], Result | None]) -> Result:
        """The first true value that ``look`` returns for the state of the session."""
        return wait_for(lambda: (state := self.session()) and look(state))

    def hold(self, label: str, hold: str, photos: int) -> None:
        """Hold the button of ``label`` until ``photos`` of its photos were kept or folded.

        If this machine is so busy that no frame comes for seconds, the button is pressed once more.
        """

        def enough() -> bool:
            nonlocal hold
            status, answer = self.ask("PUT", "/api/recording", {"class": label, "hold": hold})
            if status != 200:
                assert "gives no pictures" in answer["error"]
                hold += "-again"
            recording = self.session()["recording"]
            return recording is not None and recording["kept"] + recording["folded"] >= photos

        wait_for(enough)
        self.ask("DELETE", f"/api/recording?hold={hold}")

    def end(self, number: int) -> tuple[int, float]:
        """Send the signal ``number``; the exit code, and the seconds until then."""
        started_s = time.monotonic()
        self.process.send_signal(number)
        return self.process.wait(60), time.monotonic() - started_s


@contextlib.contextmanager
def teach_command(root: Path, *arguments: object, **settings: Any) -> Iterator[TeachCommand]:
    """A :class:`TeachCommand` for the block; it is killed after it if it still runs."""
    command = TeachCommand(root, *arguments, **settings)
    try:
        yield command
    finally:
        command.process.kill()
        command.process.wait()
