"""What a fault is injected into: a store, the command that changes it, and what must hold afterwards."""

from __future__ import annotations

import compileall
import contextlib
import hashlib
import io
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import edge
from edge.cli import main
from edge.errors import EdgeError
from edge.modelfile.manifest import MANIFEST_NAME, Manifest
from edge.modelfile.metadata import unpack_files
from edge.modelfile.model_file import ModelFile
from edge.store.layout import Store
from edge.store.start import start_model
from edge.store.state import read_state
from edge.store.verify import verify

DATA = Path(__file__).parents[3] / "tests" / "data"
TIME_LIMIT_S = 300
"""How long one command may take, in seconds."""

_CODES = {0, 65, 69, 74, 78}  # an expected end: done, or one line that says why not


@dataclass(frozen=True)
class FaultResult:
    """What one fault did.

    ``current`` is ``old``, ``new`` or ``none`` after it. ``violation`` is None if all held: an expected exit
    code with at most one line, a current model that verifies, a program that can start, and a repeat of the
    command that succeeds.
    """

    kind: str
    case: str
    current: str
    violation: str | None = None


@dataclass(frozen=True)
class Scene:
    """``command`` (arguments of ``edge``) leads from a store made like ``base`` to one where ``new`` is current.

    ``old`` is what is current before, None in an empty store.
    """

    name: str
    base: Path
    command: tuple[str, ...]
    old: str | None
    new: str

    @contextlib.contextmanager
    def store(self) -> Iterator[Store]:
        """A fresh copy of the base."""
        with tempfile.TemporaryDirectory(prefix="edge-faults-") as folder:
            yield self.copy_to(Path(folder) / "store")

    def copy_to(self, root: Path) -> Store:
        """Copy the base to the folder ``root``, which must not exist."""
        shutil.copytree(self.base, root, symlinks=True)
        return Store(root)

    def run(self, store: Store, *wrapper: str) -> subprocess.CompletedProcess[str]:
        """Run the command on ``store`` in a process of its own, under ``wrapper``."""
        command = [*wrapper, sys.executable, "-m", "edge", "store", "--root", str(store.root), *self.command]
        return subprocess.run(command, capture_output=True, text=True, timeout=TIME_LIMIT_S, env=environment())


def environment() -> dict[str, str]:
    """Variables for a store's command: nothing of the caller's that would change what it does."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("EDGE_")}
    # A run that writes bytecode makes other system calls than the next one, and the faults count these calls.
    return {**kept, "EDGE_STATUS": os.devnull, "PYTHONDONTWRITEBYTECODE": "1"}


def check_store(
    scene: Scene, store: Store, kind: str, case: str, done: subprocess.CompletedProcess[str] | None
) -> FaultResult:
    """Look at what a fault left of ``store``, then repeat the command; ``done`` is how it ended, None if killed."""
    current = store.linked("current")
    name = {scene.old: "old", scene.new: "new", None: "none"}.get(current, "another")
    violation = _violation(scene, store, done)
    return FaultResult(kind, case, name, violation)


def _violation(scene: Scene, store: Store, done: subprocess.CompletedProcess[str] | None) -> str | None:
    if done and done.returncode not in _CODES:
        return f"exit code {done.returncode}: {done.stderr[-300:]}"
    if done and (done.stderr.count("\n") != (done.returncode != 0)):
        return f"not one line on stderr: {done.stderr[-300:]}"
    current = store.linked("current")
    if current not in (scene.old, scene.new):
        return f"{current} is current"
    try:
        if current:
            verify(store, current)
            with tempfile.TemporaryDirectory() as folder:  # a device that restarts now
                root = Path(folder) / "store"
                shutil.copytree(store.root, root, symlinks=True)
                ModelFile.load(start_model(Store(root), lambda line: None))
    except EdgeError as error:
        return str(error)
    return repeat(scene, store)


def repeat(scene: Scene, store: Store) -> str | None:
    """Run the command of ``scene`` again; returns what is wrong afterwards, None if nothing is."""
    out, err = io.StringIO(), io.StringIO()
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
        code = main(["store", "--root", str(store.root), *scene.command, *_status(scene)])
    if code:
        return f"the repeat ended with {code}: {err.getvalue()}"
    if store.linked("current") != scene.new:
        return "after the repeat the new model is not current"
    if read_state(store).pending:
        return "after the repeat the new model is still pending"
    hidden = [str(path.relative_to(store.root)) for path in store.root.rglob(".*")]
    return f"after the repeat there are left: {hidden}" if hidden else None


def _status(scene: Scene) -> list[str]:
    return ["--status", os.devnull] if scene.command[0] in ("install", "activate") else []


def numbered_model(number: int, change: Callable[[Manifest], Manifest] = lambda manifest: manifest) -> bytes:
    """A good tiny model, another one for each ``number``; ``change`` makes a new manifest from its own."""
    import zipfile

    content = (DATA / "tiny-int8.tflite").read_bytes()
    packed = unpack_files(content)
    manifest = Manifest.from_json(packed.files[MANIFEST_NAME].decode())
    manifest = change(replace(manifest, training={**manifest.training, "number": number}))
    file = io.BytesIO(content[: packed.flatbuffer_bytes])
    with zipfile.ZipFile(file, "a") as archive:
        for name, data in {**packed.files, MANIFEST_NAME: manifest.to_json()}.items():
            archive.writestr(zipfile.ZipInfo(name), data)
    return file.getvalue()


def sha256(path: Path) -> str:
    """The digest of a file's bytes, in hexadecimal: the name of the model in a store."""
    return hashlib.sha256(path.read_bytes()).hexdigest()


def make_scenes(folder: Path) -> dict[str, Scene]:
    """The stores that faults are injected into, made in ``folder``, by name.

    ``install``: three models are there, a fourth comes in, is activated, and the oldest gives way. ``first``: an
    empty store. ``activate``: the model is there already. ``rollback``: back to the model before.
    """
    # All runs of a command find the same bytecode, even if other processes import edge for the first time meanwhile.
    compileall.compile_dir(Path(edge.__file__).parent, quiet=2)
    files = []
    for number in range(4):
        files.append(folder / f"model-{number}.tflite")
        files[-1].write_bytes(numbered_model(number))
    hashes = [sha256(file) for file in files]
    empty, three, four = (folder / name for name in ("empty", "three", "four"))
    empty.mkdir()
    _install(three, files[:3], activate=True)
    shutil.copytree(three, four, symlinks=True)
    _install(four, files[3:], activate=False)
    take = ("install", str(files[3]), "--activate", "--sha256", hashes[3])
    return {
        scene.name: scene
        for scene in (
            Scene("install", three, take, hashes[2], hashes[3]),
            Scene("first", empty, take, None, hashes[3]),
            Scene("activate", four, ("activate", hashes[3]), hashes[2], hashes[3]),
            Scene("rollback", three, ("rollback",), hashes[2], hashes[1]),
        )
    }


def _install(root: Path, files: list[Path], activate: bool) -> None:
    for file in files:
        with contextlib.redirect_stdout(io.StringIO()):
            flags = ["--activate", "--status", os.devnull] if activate else []
            code = main(["store", "--root", str(root), "install", str(file), *flags])
        if code:
            raise RuntimeError(f"the base of the scenes cannot be made: exit code {code}")
