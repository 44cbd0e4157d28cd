"""All faults, one after the other, and the table of what they did."""

from __future__ import annotations

import functools
import sys
import tempfile
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

from benchmarks.device.faults import kinds
from benchmarks.device.faults.scene import FaultResult, Scene, make_scenes
from trainer.progress import Progress


def inject_all(progress: Progress) -> list[FaultResult]:
    """Inject every fault of every kind; each kind has a process, and one runs on each core."""
    results: list[FaultResult] = []
    with tempfile.TemporaryDirectory(prefix="edge-faults-") as folder, ProcessPoolExecutor() as pool:
        kinds_of_faults = _kinds(make_scenes(Path(folder)))
        with progress.stage("kinds of faults", len(kinds_of_faults)) as advance:
            for some in pool.map(_inject, kinds_of_faults):
                results += some
                advance(1)
    return results


def _inject(kind: functools.partial[Iterator[FaultResult]]) -> list[FaultResult]:
    results = []
    for result in kind():
        results.append(result)
        if result.violation:
            print(f"{result.kind}, {result.case}: {result.violation}", file=sys.stderr)
    return results


def _kinds(scenes: dict[str, Scene]) -> list[functools.partial[Iterator[FaultResult]]]:
    each = [
        functools.partial(kind, scene)
        for kind in (kinds.killed, kinds.failed, kinds.power_lost)
        for scene in scenes.values()
    ]
    once = (
        *(kinds.truncated, kinds.flipped, kinds.decayed, kinds.full, kinds.together),
        *(kinds.foreign, kinds.signed, kinds.never_confirmed),
    )
    return [*each, *(functools.partial(kind, scenes["install"]) for kind in once)]


def count_by_kind(results: list[FaultResult]) -> list[dict[str, str | int]]:
    """One row a kind: how many were injected, what was current afterwards, how many broke a promise."""
    rows: dict[str, dict[str, str | int]] = {}
    for result in results:
        row = rows.setdefault(
            result.kind, {"kind": result.kind, "injected": 0, "old": 0, "new": 0, "none": 0, "violations": 0}
        )
        for column in ("injected", result.current, *(["violations"] if result.violation else [])):
            row[column] = int(row.get(column, 0)) + 1
    return list(rows.values())


def as_table(rows: list[dict[str, str | int]]) -> str:
    """The rows of :func:`count_by_kind` as a table in Markdown, with their sum."""
    columns = ("injected", "old", "new", "none", "violations")
    total: dict[str, str | int] = {column: sum(int(row[column]) for row in rows) for column in columns}
    head = "| fault | injected | old is current | new is current | still empty | promises broken |\n|---|" + "---|" * 5
    lines = [f"| {row['kind']} | " + " | ".join(str(row[column]) for column in columns) + " |" for row in rows]
    return "\n".join([head, *lines, "| **all** | " + " | ".join(f"**{total[column]}**" for column in columns) + " |"])
