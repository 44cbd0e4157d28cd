"""The columns of the page's table: what each holds, what it sorts by, and how it is written."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

from benchmarks.board_report.measurements import Measurement

FIGURES_FROM = "p50\nms"
"""Heading of the first measured column; from there on a row that failed has its error instead."""

Value = float | int | str | None


class Column(NamedTuple):
    """A heading, the value to sort by, how it is written, CSS classes, and what it is called in details."""

    head: str
    value: Callable[[Measurement], Value]
    write: Callable[[Any], str] = str
    style: str = ""
    detail: str = ""  # "name|unit" in the details of a mark; "" if it stands there already


def format_ms(value: float) -> str:
    """Milliseconds with three digits, or as many as stand before the point."""
    return f"{value:.3g}" if value < 100 else f"{value:.0f}"


def format_percent(value: float) -> str:
    """A fraction as per cent, with one decimal."""
    return f"{100 * value:.1f} %"


def _mb(value: float) -> str:
    return f"{value / 1e6:.2f}" if value < 1e7 else f"{value / 1e6:.1f}"


def _of_row(field: str) -> Callable[[Measurement], Value]:
    return lambda measurement: measurement.row[field]


def _of_published(field: str) -> Callable[[Measurement], Value]:
    return lambda measurement: getattr(measurement.published, field) if measurement.published else None


def _pixel3(measurement: Measurement) -> Value:
    if measurement.published is None or measurement.quantization not in ("int8", "float32"):
        return None
    quantized = measurement.quantization == "int8"
    return measurement.published.pixel3_quantized_ms if quantized else measurement.published.pixel3_float_ms


def columns(with_board: bool) -> list[Column]:
    """All columns, from left to right; with several boards one of them says which."""
    boards = [Column("Board", lambda measurement: measurement.board.name, str, "text")] if with_board else []
    return [
        Column("Model", lambda measurement: measurement.index, str, "text"),
        Column("Quanti-\nzation", lambda measurement: measurement.quantization, str, "text"),
        *boards,
        Column("Runtime", _of_row("runtime"), str, "text"),
        Column("Thr.", _of_row("threads")),
        Column("p50\nms", _of_row("p50_ms"), format_ms, "group", detail="p50|ms"),
        Column("p90\nms", _of_row("p90_ms"), format_ms, detail="p90|ms"),
        Column("p99\nms", _of_row("p99_ms"), format_ms, detail="p99|ms"),
        Column("End to\nend ms", _of_row("end_to_end_ms"), format_ms, detail="end to end|ms"),
        Column("Load\nms", _of_row("load_ms"), format_ms, detail="load|ms"),
        Column("First\nms", _of_row("first_ms"), format_ms, detail="first inference|ms"),
        Column("Memory\nMB", _of_row("peak_memory_bytes"), lambda value: f"{value / 1e6:.0f}", detail="peak memory|MB"),
        Column("File\nMB", _of_row("size_bytes"), _mb, detail="file|MB"),
        Column("Accu-\nracy", _of_row("accuracy"), format_percent, detail="accuracy|"),
        Column(
            "M\nMACs",
            _of_published("million_macs"),
            lambda value: f"{value:g}",
            "published group",
            detail="published MACs|million",
        ),
        Column(
            "M\nparams",
            _of_published("million_parameters"),
            lambda value: f"{value:g}",
            "published",
            detail="published parameters|million",
        ),
        Column(
            "Top-1\nfloat",
            _of_published("top1_float"),
            lambda value: f"{value:.1f} %",
            "published",
            detail="published top-1, float|",
        ),
        Column(
            "Top-1\nquant.",
            _of_published("top1_quantized"),
            lambda value: f"{value:.1f} %",
            "published",
            detail="published top-1, quantized|",
        ),
        Column("Pixel 3\nms", _pixel3, lambda value: f"{value:g}", "published", detail="published, Pixel 3|ms"),
    ]
