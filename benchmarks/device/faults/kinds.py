"""The kinds of faults, and how each is injected."""

from __future__ import annotations

import json
import os
import random
import shutil
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

from benchmarks.device.faults.power_loss import LOSSES, Disk
from benchmarks.device.faults.scene import DATA, FaultResult, Scene, check_store, numbered_model
from benchmarks.device.faults.strace import Call, tamper, trace
from edge.files import write_whole
from edge.store.layout import Store
from edge.store.start import start_model

OFFSETS = 50
"""At how many places a file is cut or changed."""

_DISK_KILOBYTES = (0, 4, 8, 12, 16, 20, 24, 28, 32, 48, 64, 72)
_PAIRS = 10


def killed(scene: Scene) -> Iterator[FaultResult]:
    """The process is killed before each of its changes, and so after each but the last."""
    for call in _calls(scene):
        with scene.store() as store:
            tamper(scene, store, call, "signal=KILL")
            yield check_store(scene, store, f"killed: {scene.name}", str(call), None)


def failed(scene: Scene) -> Iterator[FaultResult]:
    """Each change fails with an input/output error, as on a dying card, or for want of space."""
    for number, call in enumerate(_calls(scene)):
        error = "ENOSPC" if number % 2 else "EIO"
        with scene.store() as store:
            done = tamper(scene, store, call, f"error={error}")
            yield check_store(scene, store, f"a call fails: {scene.name}", f"{call}: {error}", done)


def power_lost(scene: Scene) -> Iterator[FaultResult]:
    """The power goes before each change; what was not synced until then is gone."""
    with scene.store() as store, tempfile.TemporaryDirectory(prefix="edge-faults-") as folder:
        disk = Disk(store)
        calls = trace(scene, store)
        for number, call in enumerate(calls):
            for loss in LOSSES:
                left = disk.write_to(Path(folder) / f"{number}-{LOSSES.index(loss)}", loss)
                yield check_store(scene, left, f"power lost: {scene.name}", f"{call}: {loss} lost", None)
            disk.apply(call)


def truncated(scene: Scene) -> Iterator[FaultResult]:
    """The file to install ends too early."""
    content = Path(scene.command[1]).read_bytes()
    for size in _spread(len(content)):
        yield _refused(scene, "the file truncated", f"{size} bytes", content[:size])


def flipped(scene: Scene) -> Iterator[FaultResult]:
    """One bit of the file to install is another."""
    content = Path(scene.command[1]).read_bytes()
    for offset in _spread(len(content)):
        yield _refused(scene, "a bit of the file flipped", f"byte {offset}", _flip(content, offset))


def decayed(scene: Scene) -> Iterator[FaultResult]:
    """One bit of the current model is another, on the disk: the device must start with the one before."""
    assert scene.old is not None
    for offset in _spread(Store(scene.base).model(scene.old).stat().st_size):
        with scene.store() as store:
            path = store.model(scene.old)
            path.write_bytes(_flip(path.read_bytes(), offset))
            started = start_model(store, lambda line: None).parent.name
            fine = started != scene.old and started in store.installed()
            result = check_store(replace(scene, old=started), store, "the current model decays", f"byte {offset}", None)
            yield result if fine else replace(result, violation="the device started with a damaged model")


def full(scene: Scene) -> Iterator[FaultResult]:
    """The disk has space for more and more kilobytes, then for more and more files."""
    size = 1024
    for free in _DISK_KILOBYTES:
        yield from _on_disk(scene, f"size={size}k", f"{free} KB free", lambda root, free=free: _fill(root, free))
    base = sum(1 for _ in scene.base.rglob("*")) + 2
    for files in range(10):
        yield from _on_disk(scene, f"size={size}k,nr_inodes={base + files}", f"{files} files free", lambda root: None)


def together(scene: Scene) -> Iterator[FaultResult]:
    """Two processes run the command at the same moment."""
    for number in range(_PAIRS):
        with scene.store() as store, ThreadPoolExecutor(2) as pool:
            runs = [pool.submit(scene.run, store) for _ in range(2)]
            codes = [run.result().returncode for run in runs]
            result = check_store(scene, store, "two at once", f"pair {number}", runs[0].result())
            yield result if codes == [0, 0] else replace(result, violation=f"exit codes {codes}")


def foreign(scene: Scene) -> Iterator[FaultResult]:
    """Files that are no good model."""
    good = Path(scene.command[1]).read_bytes()
    wrong = [[1 - score for score in row] for row in [[1.0, 0.0, 0.0]] * 4]
    files = {
        "an empty file": b"",
        "a text": b"no model\n" * 100,
        "a picture": b"\x89PNG\r\n\x1a\n" + bytes(1000),
        "a model of another computation": numbered_model(
            9, lambda m: replace(m, self_test=m.self_test._replace(expected=wrong))
        ),
        "a model for a newer runtime": numbered_model(9, lambda m: replace(m, minimum_runtime="99.0.0")),
        "a model of another preprocessing": numbered_model(9, lambda m: replace(m, preprocessing_version=99)),
        "a model that crashes its interpreter": (DATA / "crashing.tflite").read_bytes(),
        "a model that never ends": (DATA / "hanging.tflite").read_bytes(),
        "a model with another's labels": good.replace(b"blue\ngreen\n", b"green\nblue\n"),
    }
    for case, content in files.items():
        yield _refused(scene, "a foreign or harmful file", case, content, with_sha256=False)


def signed(scene: Scene) -> Iterator[FaultResult]:
    """The device asks for signatures and gets none, or one of four wrong ones."""
    content = Path(scene.command[1]).read_bytes()
    with tempfile.TemporaryDirectory() as folder:
        ours, theirs = (_key(Path(folder) / name) for name in ("ours", "theirs"))
        signer = f'poet@example.org namespaces="edge-model" {ours.with_suffix(".pub").read_text()}'
        right = _sign(ours, content, "edge-model")
        cases = {
            "no signature": None,
            "an unknown key": _sign(theirs, content, "edge-model"),
            "another namespace": _sign(ours, content, "email"),
            "the signature of another file": _sign(ours, content + b"x", "edge-model"),
            "half a signature": right[: len(right) // 2],
        }
        for case, signature in cases.items():
            with scene.store() as store:
                for sha256 in store.installed():
                    store.signature(sha256).write_bytes(_sign(ours, store.model(sha256).read_bytes(), "edge-model"))
                (store.root / "allowed_signers").write_text(signer)
                path = Path(folder) / "model.sig"
                path.write_bytes(signature or b"")
                wrong = ("--signature", str(path)) if signature else ()
                done = replace(scene, command=(*scene.command, *wrong)).run(store)
                path.with_name("right.sig").write_bytes(right)
                again = replace(scene, command=(*scene.command, "--signature", str(path.with_name("right.sig"))))
                result = check_store(again, store, "a signature missing or wrong", case, done)
                yield result if done.returncode == 65 else replace(result, violation="it was not refused")


def never_confirmed(scene: Scene) -> Iterator[FaultResult]:
    """A model is switched to and then never confirmed: by edge watch, or by a program that crashes at each start."""
    with scene.store() as store, tempfile.TemporaryDirectory() as folder:
        status = Path(folder) / "watch.json"
        with _labelling(status, scene.old):
            never = (*scene.command, "--status", str(status), "--health-window", "1")
            done = replace(scene, command=never).run(store)
        result = check_store(scene, store, "never confirmed", "edge watch labels with the old model only", done)
        yield result if done.returncode == 65 else replace(result, violation="it was taken")
    with scene.store() as store:
        replace(scene, command=(*scene.command, "--health-window", "0")).run(store)
        started = [start_model(store, lambda line: None).parent.name for _ in range(3)]
        result = check_store(scene, store, "never confirmed", "a crash at every start", None)
        right = started == [scene.new, scene.old, scene.old]
        yield result if right else replace(result, violation=f"it started with {started}")


@contextmanager
def _labelling(status: Path, sha256: str) -> Iterator[None]:
    """For the block, the status file of an ``edge watch`` that labels with the model ``sha256`` and no other."""
    ended = threading.Event()

    def label() -> None:
        facts = {"pid": os.getpid(), "model_sha256": sha256, "monotonic_s": time.monotonic()}
        write_whole(status, json.dumps(facts).encode())

    def label_on() -> None:
        while not ended.wait(0.1):
            label()

    label()
    thread = threading.Thread(target=label_on)
    thread.start()
    try:
        yield
    finally:
        ended.set()
        thread.join()


def _calls(scene: Scene) -> list[Call]:
    with scene.store() as store:
        return trace(scene, store)


def _spread(size: int) -> list[int]:
    """Fifty places in ``size`` bytes: evenly spread, each moved at random, the same every time."""
    chance = random.Random(size)
    return sorted({min(size - 1, int((index + chance.random()) * size / OFFSETS)) for index in range(OFFSETS)})


def _flip(content: bytes, offset: int) -> bytes:
    return content[:offset] + bytes([content[offset] ^ 1 << offset % 8]) + content[offset + 1 :]


def _refused(scene: Scene, kind: str, case: str, content: bytes, with_sha256: bool = True) -> FaultResult:
    """Install ``content`` in place of the scene's model; it must be refused."""
    with scene.store() as store, tempfile.NamedTemporaryFile(suffix=".tflite") as file:
        file.write(content)
        file.flush()
        flags = scene.command[2:] if with_sha256 else ("--activate",)
        done = replace(scene, command=("install", file.name, *flags)).run(store)
        result = check_store(scene, store, kind, case, done)
        # 69: the machine is too busy for the limit of processor time to come first
        refused = done.returncode in (65, 69)
        return result if refused else replace(result, violation=f"it ended with {done.returncode}")


def _on_disk(scene: Scene, options: str, case: str, prepare: Callable[[Path], None]) -> Iterator[FaultResult]:
    with tempfile.TemporaryDirectory(prefix="edge-faults-") as folder:
        command = ["mount", "-t", "tmpfs", "-o", options, "tmpfs", folder]
        if shutil.which("mount") is None or subprocess.run(command, capture_output=True).returncode:
            print(f"not injected (mounting a small disk needs root): a full disk: {case}", file=sys.stderr)
            return
        try:
            store = scene.copy_to(Path(folder) / "store")
            prepare(store.root)
            done = scene.run(store)
            (store.root.parent / "filler").unlink(missing_ok=True)
            subprocess.run(["mount", "-o", "remount,size=8m,nr_inodes=1000", folder], check=True)
            yield check_store(scene, store, "the disk is full", case, done)
        finally:
            subprocess.run(["umount", "-l", folder], check=True)


def _fill(root: Path, free_kilobytes: int) -> None:
    disk = os.statvfs(root)
    blocks = max(0, disk.f_bavail - free_kilobytes * 1024 // disk.f_frsize)
    (root.parent / "filler").write_bytes(bytes(blocks * disk.f_frsize))


def _key(path: Path) -> Path:
    subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", path], check=True)
    return path


def _sign(key: Path, content: bytes, namespace: str) -> bytes:
    command = ["ssh-keygen", "-q", "-Y", "sign", "-f", key, "-n", namespace]
    return subprocess.run(command, input=content, capture_output=True, check=True).stdout
