"""Bench files of one or several boards as one list of measurements, each with the published figures."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

from edge.bench.results import load_results
from edge.errors import DataError, UsageError
from edge.inference.interpreter import RUNTIMES
from trainer.backbones.architectures import (
    EFFICIENTNET_LITE0,
    MOBILENET_V2,
    MOBILENET_V3_SMALL,
    QUANTIZATIONS,
    Architecture,
    Published,
    architectures,
    published,
)
from trainer.grid.choose import published_top1


class Board(NamedTuple):
    """One bench file: ``name`` for people, ``slug`` for file names, ``results`` as they were read."""

    name: str
    slug: str
    results: dict[str, Any]


@dataclass(frozen=True, eq=False)
class Measurement:
    """One row of one board; ``index`` is its place among all measurements of the report.

    ``architecture`` and ``published`` are None for a network that is not known by name. ``top1`` is the
    published ImageNet top-1 (0..1) of its quantization.
    """

    index: int
    board: Board
    row: dict[str, Any]
    architecture: Architecture | None
    published: Published | None
    top1: float | None

    @property
    def quantization(self) -> str:
        """The quantization, or ``unknown``."""
        return str(self.row["quantization"] or "unknown")

    @property
    def measured(self) -> bool:
        """Whether the row has figures and not an error."""
        return self.row["error"] is None

    @property
    def setting(self) -> tuple[str, int]:
        """Runtime and number of threads."""
        return self.row["runtime"], self.row["threads"]


@dataclass(frozen=True, eq=False)
class PlottedPoint:
    """A measurement of a model of the grid that did not fail: it has everything that a figure needs."""

    measurement: Measurement
    architecture: Architecture
    published: Published
    quantization: str
    latency_ms: float
    size_mb: float
    accuracy: float | None
    top1: float | None

    @property
    def index(self) -> int:
        """The measurement's place in the report."""
        return self.measurement.index


def read_boards(bench_files: Sequence[Path]) -> list[Board]:
    """One board for each file, in order; the file's name is added to names that would be equal.

    Raises :class:`~edge.errors.DataError` if a file is not a bench file of this schema version, and
    :class:`~edge.errors.UsageError` if there is no file.
    """
    if not bench_files:
        raise UsageError("no results to report on; give the files that edge bench --output wrote")
    loaded = [(path, load_results(path)) for path in bench_files]
    names = [_name(results) for _, results in loaded]
    boards: list[Board] = []
    for (path, results), name in zip(loaded, names, strict=True):
        slug = "".join(c if c.isalnum() else "-" for c in path.stem.lower()).strip("-") or "board"
        while slug in {board.slug for board in boards}:
            slug += "-again"
        boards.append(Board(f"{name} ({path.stem})" if names.count(name) > 1 else name, slug, results))
    return boards


def read_measurements(boards: Iterable[Board]) -> list[Measurement]:
    """All rows of all boards without a delegate, on each in the order of ``trainer architectures``.

    Raises :class:`~edge.errors.DataError` if nothing was measured.
    """
    found = [(board, row, _architecture(row)) for board in boards for row in _sorted(_plain(board))]
    measurements = [
        Measurement(
            index,
            board,
            row,
            architecture,
            published()[architecture] if architecture else None,
            published_top1(row["architecture"], row["quantization"]),
        )
        for index, (board, row, architecture) in enumerate(found)
    ]
    if not any(measurement.measured for measurement in measurements):
        raise DataError("no model was measured in these results; run edge bench again")
    return measurements


def _plain(board: Board) -> list[dict[str, Any]]:
    """The rows of the processor alone: a delegate is compared with it by ``edge bench``, not board with board."""
    return [row for row in board.results["rows"] if row["delegate"] is None]


def headline_setting(measurements: Iterable[Measurement]) -> tuple[str, int] | None:
    """Runtime and threads that a board's figures are drawn for: what edge prefers, with the fewest threads."""
    settings = {measurement.setting for measurement in measurements if measurement.measured}
    order = list(RUNTIMES)
    return min(settings, key=lambda s: (order.index(s[0]) if s[0] in order else len(order), *s), default=None)


def plotted_points(measurements: Iterable[Measurement], setting: tuple[str, int] | None = None) -> list[PlottedPoint]:
    """The measurements of known architectures, without those that failed; with a ``setting``, only those in it."""
    return [
        PlottedPoint(
            measurement,
            measurement.architecture,
            measurement.published,
            measurement.quantization,
            measurement.row["p50_ms"],
            measurement.row["size_bytes"] / 1e6,
            measurement.row["accuracy"],
            measurement.top1,
        )
        for measurement in measurements
        if measurement.measured
        and measurement.architecture
        and measurement.published
        and setting in (None, measurement.setting)
    ]


def main_quantization(points: Iterable[PlottedPoint]) -> str:
    """The quantization that figures of one quantization show: ``int8`` if there is one."""
    quantizations = {point.quantization for point in points}
    return next(
        (quantization for quantization in QUANTIZATIONS if quantization in quantizations),
        min(quantizations, default="int8"),
    )


def setting_text(board: Board, setting: tuple[str, int] | None) -> str:
    """The board and how it was measured, for captions: ``Raspberry Pi 4, litert 2.3.0, 1 thread``."""
    if setting is None:
        return board.name
    runtime, threads = setting
    versions = (row["runtime_version"] for row in board.results["rows"] if row["runtime"] == runtime)
    version = next(filter(None, versions), "")
    return f"{board.name}, {runtime} {version}, {threads} thread{'s' if threads > 1 else ''}"


def short_name(architecture: Architecture) -> str:
    """Width and size, behind the family if it is not MobileNet v1: ``0.50 160``, ``V2 0.35 96``."""
    if architecture.family == EFFICIENTNET_LITE0:
        return f"Lite0 {architecture.input_size}"
    family = {MOBILENET_V2: "V2 ", MOBILENET_V3_SMALL: "V3-Small "}.get(architecture.family, "")
    return f"{family}{architecture.alpha:.2f} {architecture.input_size}"


def _name(results: dict[str, Any]) -> str:
    board = results["board"]
    return f"{board.get('board') or 'unknown board'}, {board.get('cores') or '?'} cores"


def _architecture(row: dict[str, Any]) -> Architecture | None:
    try:
        return Architecture.parse(row["architecture"] or "")
    except UsageError:
        return None


def _sorted(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    def key(row: dict[str, Any]) -> tuple[Any, ...]:
        architecture = _architecture(row)
        place = architectures().index(architecture) if architecture else len(architectures())
        return (place, row["model"], row["runtime"], row["threads"])

    return sorted(rows, key=key)
