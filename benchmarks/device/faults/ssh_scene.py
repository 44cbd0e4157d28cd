"""What faults over SSH are injected into: a server on loopback and stores of hosts; and the check afterwards."""

from __future__ import annotations

import os
import random
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

from benchmarks.device.faults.loopback import PACKAGES, Sshd, running
from benchmarks.device.faults.scene import TIME_LIMIT_S, FaultResult, numbered_model, sha256
from edge.errors import EdgeError
from edge.store.activate import confirm
from edge.store.install import InstallRequest, install
from edge.store.layout import Store
from edge.store.start import start_model
from edge.store.verify import verify

_CODES = {0, 65, 69, 74, 78, 130}
_MODEL_BYTES = 1_500_000


@dataclass(frozen=True)
class SshScene:
    """``server`` with a store for each host, in which the model ``old`` is current.

    ``old`` and ``new`` are model files of a megabyte and a half.
    """

    server: Sshd
    old: Path
    new: Path

    def fresh_store(self, host: str) -> Store:
        """The store of ``host``, with ``old`` alone in it."""
        store = Store(self.server.store(host))
        shutil.rmtree(store.root, ignore_errors=True)
        shutil.copytree(self.server.store("base"), store.root, symlinks=True)
        return store

    def command(self, *arguments: object) -> list[str]:
        """The words of ``trainer flash`` with this server's configuration of ssh."""
        config = ("--ssh-config", self.server.config)
        return [sys.executable, "-m", "trainer", "flash", *map(str, arguments), *map(str, config)]

    def flash(self, *arguments: object) -> subprocess.CompletedProcess[str]:
        """Run ``trainer flash`` in a process of its own."""
        command = self.command(*arguments)
        return subprocess.run(
            command, capture_output=True, text=True, stdin=subprocess.DEVNULL, timeout=TIME_LIMIT_S, env=environment()
        )

    def check_store(
        self, host: str, kind: str, case: str, done: subprocess.CompletedProcess[str] | None
    ) -> FaultResult:
        """Look at what a fault left of the store of ``host``, then repeat the flash; ``done`` is how it ended."""
        store = Store(self.server.store(host))
        current = store.linked("current")
        name = {sha256(self.old): "old", sha256(self.new): "new", None: "none"}.get(current, "another")
        return FaultResult(kind, case, name, self._violation(host, store, name, done))

    def _violation(
        self, host: str, store: Store, name: str, done: subprocess.CompletedProcess[str] | None
    ) -> str | None:
        if done and (done.returncode not in _CODES or "Traceback" in done.stderr):
            return f"exit code {done.returncode}: {done.stderr[-300:]}"
        if name not in ("old", "new"):
            return f"{name} is current"
        try:
            verify(store, store.linked("current") or "")
            with tempfile.TemporaryDirectory() as folder:  # a device that restarts now
                root = Path(folder) / "store"
                shutil.copytree(store.root, root, symlinks=True)
                start_model(Store(root), lambda line: None)
        except EdgeError as error:
            return str(error)
        again = self.flash(self.new, host, "--json")
        if again.returncode:
            return f"the repeat ended with {again.returncode}: {again.stdout} {again.stderr[-300:]}"
        if store.linked("current") != sha256(self.new):
            return "after the repeat the new model is not current"
        return None


def environment() -> dict[str, str]:
    """Variables for the workstation's side: these packages, nothing of the caller's that changes what is done."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("EDGE_")}
    return {**kept, "PYTHONPATH": str(PACKAGES), "COLUMNS": "200"}


@contextmanager
def make_ssh_scene(folder: Path, model_bytes: int = _MODEL_BYTES) -> Iterator[SshScene]:
    """A server in ``folder`` and two models of ``model_bytes`` and a little more."""
    with running(folder / "server") as server:
        for name, number in (("old", 1), ("new", 2)):
            (folder / f"{name}.tflite").write_bytes(padded_model(number, model_bytes))
        made = SshScene(server, folder / "old.tflite", folder / "new.tflite")
        install(Store(server.store("base")), InstallRequest(made.old, activate=True))
        confirm(Store(server.store("base")))
        yield made


def padded_model(number: int, size_bytes: int) -> bytes:
    """A good tiny model with about ``size_bytes`` bytes of ballast, another one for each ``number``."""
    ballast = random.Random(number).randbytes(size_bytes // 2).hex()
    return numbered_model(number, lambda m: replace(m, training={**m.training, "ballast": ballast}))
