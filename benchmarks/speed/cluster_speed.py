"""``trainer bottlenecks --ray`` on a real cluster of nodes on this machine, and with one of them killed."""

from __future__ import annotations

import contextlib
import os
import re
import sqlite3
import tempfile
import threading
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from statistics import median
from typing import Any

from benchmarks.pairs import pairs
from benchmarks.speed.measured_process import run_trainer
from benchmarks.speed.scale.copied_folder import Alter, copy_folder
from trainer.backbones.architectures import Architecture
from trainer.backbones.backbone import load_backbones
from trainer.bottlenecks.cache_database import FILE_NAME
from trainer.progress import Progress

RUNS = ((0, False), (1, False), (2, False), (2, True))
"""How many nodes compute (0: this machine alone, without Ray), and whether one of them is killed in the middle."""

_STORE_BYTES = 80 << 20
_LOOK_S = 0.2
_RATE = re.compile(rb"([\d,]+) a second")
_REPOSITORY = str(Path(__file__).parents[2])


def measure(
    image_dir: Path,
    architecture: Architecture,
    sizes: Sequence[int],
    rounds: int,
    alter: Sequence[Alter],
    progress: Progress,
) -> list[dict[str, Any]]:
    """One row for each number of files of ``sizes`` and each of :data:`RUNS`: whole commands, no bottleneck cached.

    The files are the photos of ``image_dir`` and altered copies. ``files_per_s`` is what the cluster computes from the
    first result on; ``seconds`` is from the start of the command to its end, that of Ray's processes not included.
    ``rows`` is how many bottlenecks are in the cache in the end. Runs alternate, figures are medians, and
    ``to_one_node`` is the median of the rounds' own ratios to the seconds with one node.
    """
    rows = []
    for files in sizes:
        with (
            tempfile.TemporaryDirectory() as scratch,
            progress.stage(f"{files:,} files", rounds * len(RUNS)) as advance,
        ):
            folder = Path(scratch) / "photos"
            copy_folder(image_dir, folder, files, alter, lambda count: None)
            found: dict[tuple[int, bool], list[dict[str, float]]] = {run: [] for run in RUNS}
            for number in range(rounds):
                for run in RUNS:
                    place = Path(scratch) / f"{number}-{run[0]}-{run[1]}"
                    found[run].append(_run(folder, architecture, files, place, *run))
                    advance(1)
        one_node = [each["seconds"] for each in found[(1, False)]]
        for (nodes, killed), runs in found.items():
            figures = {name: round(median(run[name] for run in runs), 1) for name in runs[0]}
            compared = pairs([run["seconds"] for run in runs], one_node)
            row = {"files": files, "architecture": architecture.name, "nodes": nodes, "killed": killed, **figures}
            rows.append({**row, "to_one_node": round(compared.ratio, 3), **compared.as_json()})
    return rows


def _run(
    folder: Path, architecture: Architecture, files: int, cache: Path, nodes: int, killed: bool
) -> dict[str, float]:
    load_backbones(cache, architecture, None, ("int8",))
    command = ["bottlenecks", str(folder), "--architecture", architecture.name, "--bottleneck-dir", str(cache)]
    rate = None
    if not nodes:
        usage = run_trainer(*command)
    else:
        with _cluster(nodes) as (address, kill), tempfile.TemporaryFile() as messages:
            ended = threading.Event()
            killer = threading.Thread(target=_kill_in_the_middle, args=(cache, files, kill, ended))
            if killed:
                killer.start()
            try:
                usage = run_trainer(*command, "--ray", address, messages=messages)
            finally:
                ended.set()
                if killed:
                    killer.join()
            messages.seek(0)
            told = _RATE.search(messages.read())
            rate = float(told[1].replace(b",", b"")) if told else None
    figures = {"seconds": usage.seconds, "peak_memory_bytes": usage.peak_memory_bytes, "rows": _rows(cache)}
    return figures if rate is None else {**figures, "files_per_s": rate}


def _kill_in_the_middle(cache: Path, files: int, kill: Callable[[], None], ended: threading.Event) -> None:
    while not ended.wait(_LOOK_S):
        if _rows(cache) >= files / 2:
            kill()
            return


def _rows(cache: Path) -> int:
    """How many bottlenecks are in the cache; 0 as long as there is none."""
    try:
        with contextlib.closing(sqlite3.connect(f"file:{cache / FILE_NAME}?mode=ro", uri=True)) as database:
            return int(database.execute("SELECT count(*) FROM bottlenecks").fetchone()[0])
    except sqlite3.OperationalError:
        return 0


@contextlib.contextmanager
def _cluster(nodes: int) -> Iterator[tuple[str, Callable[[], None]]]:
    """A cluster of ``nodes`` with a core each, beside a head without one: its address, and what kills the last node."""
    os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")
    os.environ.setdefault("RAY_ENABLE_WINDOWS_OR_OSX_CLUSTER", "0")  # Ray's name for: listen on loopback alone
    from ray.cluster_utils import Cluster

    paths = os.pathsep.join([_REPOSITORY, *filter(None, [os.environ.get("PYTHONPATH")])])
    own = {"object_store_memory": _STORE_BYTES, "env_vars": {"PYTHONPATH": paths}}
    head = {"num_cpus": 0, "include_dashboard": False, "object_store_memory": _STORE_BYTES}
    cluster = Cluster(initialize_head=True, head_node_args=head)
    try:
        started = [cluster.add_node(num_cpus=1, **own) for _ in range(nodes)]
        yield str(cluster.address), lambda: cluster.remove_node(started[-1], allow_graceful=False)
    finally:
        cluster.shutdown()
