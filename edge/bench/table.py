"""Results as a table for people, fastest first, with the noise of the machine."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from edge.bench.fastest import fastest_lines
from edge.bench.results import distinguishable
from edge.bench.soak_summary import soak_lines
from edge.bench.with_delegate import delegate_lines
from edge.text_table import aligned

_HEADER = (
    "model",
    "runtime",
    "delegate",
    "threads",
    "p50 ms",
    "p90 ms",
    "p99 ms",
    "photo ms",
    "load ms",
    "first ms",
    "MB",
    "kB",
)
_LEFT, _DELEGATE, _P50 = 3, 2, 4  # how many columns hold words and not numbers; the places of two columns
_SAME = "~"
_QUIET_FLAGS = (None, "0x0")


def format_table(results: dict[str, Any]) -> str:
    """The table of ``results`` (the content of a results file), as lines.

    ``photo ms`` is the time from the photo's bytes to the scores, ``MB`` the peak memory of the process,
    ``kB`` the size of the file. ``~`` marks a p50 that may be equal to the one above it. The last lines name the
    fastest quantization, what a delegate brings, and what minutes of load showed.
    """
    rows = sorted((row for row in results["rows"] if row["error"] is None), key=lambda row: float(row["p50_ms"]))
    resolution = results["noise"]["resolution"]
    cells: list[Sequence[str]] = [_HEADER]
    for above, row in zip([None, *rows], rows, strict=False):
        same = above is not None and not distinguishable(above["p50_ms"], row["p50_ms"], resolution)
        cells.append(_cells(row, same))
    delegates = any(row["delegate"] for row in rows)
    shown = cells if delegates else [[*line[:_DELEGATE], *line[_DELEGATE + 1 :]] for line in cells]
    lines = list(aligned(shown, _LEFT if delegates else _LEFT - 1)) if rows else []
    lines += _errors(results["rows"])
    if rows:
        lines += ["", *_remarks(results, any(_SAME in line[_P50] for line in cells[1:]))]
        lines += [*fastest_lines(results), *delegate_lines(results)]
    if "soak" in results:
        lines += soak_lines(results["soak"])
    return "".join(f"{line.rstrip()}\n" for line in lines)


def _cells(row: dict[str, Any], same: bool) -> tuple[str, ...]:
    memory = row["peak_memory_bytes"]
    return (
        row["model"],
        row["runtime"],
        row["delegate"] or "-",
        str(row["threads"]),
        (_SAME if same else "") + _ms(row["p50_ms"]),
        _ms(row["p90_ms"]),
        _ms(row["p99_ms"]),
        _ms(row["end_to_end_ms"]),
        _ms(row["load_ms"]),
        _ms(row["first_ms"]),
        "-" if memory is None else f"{memory / 1e6:.0f}",
        f"{row['size_bytes'] / 1e3:.0f}",
    )


def _ms(value: float) -> str:
    """About three significant digits."""
    decimals = 4 if value < 0.1 else 3 if value < 1 else 2 if value < 100 else 0
    return f"{value:.{decimals}f}"


def _errors(rows: Sequence[dict[str, Any]]) -> Iterator[str]:
    """One line for each model and error, however many configurations it holds for."""
    held: dict[tuple[str, str], dict[str, None]] = {}
    for row in rows:
        if row["error"] is not None:
            how = f"{row['runtime']} with {row['delegate']}" if row["delegate"] else row["runtime"]
            held.setdefault((row["model"], row["error"]), {})[how] = None
    for (model, error), runtimes in held.items():
        yield f"{model} ({', '.join(runtimes)}): not measured: {error}"


def _remarks(results: dict[str, Any], some_same: bool) -> Iterator[str]:
    noise = results["noise"]
    spread, resolution = f"{100 * noise['spread']:.1f} %", f"{100 * noise['resolution']:.1f} %"
    text = f"the rounds of one row differ by {spread}, so a p50 difference below {resolution} may be chance"
    if noise["too_noisy"]:
        yield f"too noisy: {text}; stop other programs, or measure longer with --seconds and --rounds"
    else:
        yield f"noise: {text}"
    if some_same:
        yield f"{_SAME} may be as fast as the row above"
    for state in ("state_before", "state_after"):
        flags = results[state].get("throttled")
        if flags not in _QUIET_FLAGS:
            yield f"throttled ({flags} {state.removeprefix('state_')} the run): give the board better cooling or power"
            return
