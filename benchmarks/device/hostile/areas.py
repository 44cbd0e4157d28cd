"""The areas of hostile cases: each is a module of this folder with a function ``cases``."""

from __future__ import annotations

import importlib
import sys
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Protocol, cast

from benchmarks.device.hostile.case import CaseResult

AREAS: tuple[str, ...] = ("images", "models", "parsers", "cameras", "devices", "brokers", "pages", "serve")
"""The modules, in the order in which they are run."""


class Area(Protocol):
    """A module with hostile cases."""

    def cases(self, folder: Path, seed: int, /) -> Iterator[CaseResult]:
        """Run the cases of the area, with ``folder`` for files, and yield their results.

        ``seed`` is that of the random choices; areas without such choices ignore it.

        Raises :class:`~edge.errors.ConfigurationError` if a program is missing that the cases need.
        """


def run_areas(areas: Sequence[str], seed: int) -> list[CaseResult]:
    """Run the cases of ``areas``, which :data:`AREAS` holds, with ``seed``; print each that is not ``ok`` on stderr."""
    results = []
    for area in areas:
        module = cast(Area, importlib.import_module(f"benchmarks.device.hostile.{area}"))
        with tempfile.TemporaryDirectory(prefix=f"edge-{area}-") as folder:
            for result in module.cases(Path(folder), seed):
                results.append(result)
                if result.result != "ok":
                    print(f"{result.area}, {result.name}: {result.result}: {result.detail}", file=sys.stderr)
    return results
