"""``edge serve`` against the pool of ``edge label`` on the same photos: requests a second, and times under load."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from statistics import median
from typing import Any

from benchmarks.device.ports import accepts, free_port
from benchmarks.device.serving.clients import Load, load, post
from benchmarks.device.waiting import wait
from edge.errors import DataError, UnavailableError
from edge.inference.interpreter import choose_runtime
from edge.inference.label_photos import label_photos
from edge.modelfile.model_file import ModelFile
from edge.parallel import available_cores
from edge.sources.files import find_photos
from trainer.progress import Progress

LOADS = ((1, 1), (10, 1), (100, 1), (10, 10))
"""How many clients send requests, and how many pictures each request has."""

_MARK = "a-boundary-of-the-benchmark"
_START_S = 60.0
_TICK_S = 1 / os.sysconf("SC_CLK_TCK")


@contextlib.contextmanager
def server(model: Path, *options: str) -> Iterator[tuple[int, int]]:
    """The port and the process number of an ``edge serve`` with ``model``.

    Raises :class:`~edge.errors.UnavailableError` if it does not start.
    """
    port = free_port()
    command = [sys.executable, "-m", "edge", "serve", str(port), "--model", str(model), *options]
    with subprocess.Popen(command, stderr=subprocess.DEVNULL) as process:
        try:
            if not wait(lambda: accepts(port) or process.poll() is not None, _START_S) or process.poll() is not None:
                raise UnavailableError("edge serve does not start; run it by hand to see why")
            yield port, process.pid
        finally:
            process.send_signal(signal.SIGTERM)


def measure(model: Path, photos: Sequence[str], rounds: int, count: int, progress: Progress) -> list[dict[str, Any]]:
    """One row for each of :data:`LOADS`: the folder and the server label ``count`` photos in turn.

    ``ratio`` is the median of the rounds' own ratios of pictures a second. ``server_ms`` is the processor time of the
    server for a picture, ``folder_ms`` that of the pool in this process, whose clients take ``clients_ms``; they have a
    part of the cores that a server with clients elsewhere has for itself. ``processor_ratio`` is ``folder_ms`` to
    ``server_ms``: pictures for a second of the processor, over HTTP and in a folder. ``idle_ms`` is the time of all
    cores for a picture in which neither server nor clients ran.

    Raises :class:`~edge.errors.DataError` if there is no photo, or one is not labelled.
    """
    paths = list(find_photos(photos, lambda path, reason: None))
    if not paths:
        raise DataError("there is no photo; give a folder with photos")
    paths = (paths * (count // len(paths) + 1))[:count]
    file = ModelFile.load(model)
    contents = [path.read_bytes() for path in paths]
    rows = []
    with server(model) as (port, pid), progress.stage("edge serve", len(LOADS) * rounds) as advance:
        load(port, _requests(contents, 1), available_cores(), min(count, 50))
        _label_folder(file, paths[:50])
        for clients, each in LOADS:
            requests = _requests(contents, each)
            folders, loads, times = [], [], []
            for _ in range(rounds):
                before = _processor_s(pid), time.process_time()
                folder_s = _label_folder(file, paths)
                between = _processor_s(pid), time.process_time()
                done = load(port, requests, clients, len(requests))
                after = _processor_s(pid), time.process_time()
                folders.append(count / folder_s)
                loads.append(done)
                server_s, clients_s = after[0] - between[0], after[1] - between[1]
                idle_s = available_cores() * done.elapsed_s - server_s - clients_s
                times.append((between[1] - before[1], server_s, clients_s, idle_s))
                advance(1)
            row = _row(folders, loads, [[1000 * part / count for part in one] for one in times], each)
            rows.append({"clients": clients, "pictures_a_request": each, **row})
    shared = {"model": model.name, "runtime": choose_runtime(), "workers": available_cores(), "pictures": count}
    return [{**shared, "rounds": rounds, **row} for row in rows]


def _requests(contents: Sequence[bytes], each: int) -> list[bytes]:
    """Requests with ``each`` of ``contents``: the bytes of one picture, or a form with several."""
    if each == 1:
        return [post("/label", content) for content in contents]
    head = f'--{_MARK}\r\nContent-Disposition: form-data; name="picture"; filename="a.jpg"\r\n\r\n'.encode()
    end = f"--{_MARK}--\r\n".encode()
    kind = f"multipart/form-data; boundary={_MARK}"
    groups = (contents[start : start + each] for start in range(0, len(contents), each))
    return [post("/label", b"".join(head + one + b"\r\n" for one in group) + end, kind) for group in groups]


def _row(
    folders: Sequence[float], loads: Sequence[Load], times: Sequence[Sequence[float]], each: int
) -> dict[str, Any]:
    statuses = {status for one in loads for status in one.statuses}
    if statuses != {200}:
        raise DataError(f"the server answered with {sorted(statuses)}; give photos that can be labelled")
    names = ("folder_ms", "server_ms", "clients_ms", "idle_ms")
    return {
        "folder_per_s": round(median(folders), 1),
        "served_per_s": round(median(each * one.rate for one in loads), 1),
        "ratio": round(median(each * one.rate / folder for one, folder in zip(loads, folders, strict=True)), 3),
        "processor_ratio": round(median(one[0] / one[1] for one in times), 3),
        "p50_ms": round(median(one.percentile(50) for one in loads), 1),
        "p99_ms": round(median(one.percentile(99) for one in loads), 1),
        **{name: round(median(column), 2) for name, column in zip(names, zip(*times, strict=True), strict=True)},
    }


def _label_folder(model: ModelFile, paths: Sequence[Path]) -> float:
    """The time in seconds that the pool of ``edge label`` takes for ``paths``."""
    started_s = time.perf_counter()
    for photo in label_photos(model, paths):
        if photo.error is not None:
            raise DataError(f"{photo.path}: {photo.error}; take it out of the folder")
    return time.perf_counter() - started_s


def _processor_s(pid: int) -> float:
    """The processor time of a process, of the user and of the system, in seconds."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) * _TICK_S
