"""The page of the history: a table of curves, self-contained, the same bytes from the same files."""

from __future__ import annotations

import html
from collections.abc import Sequence
from itertools import groupby
from pathlib import Path

from benchmarks.history.series import NOTABLE, Series
from edge.files import write_whole

PAGE_NAME = "history.html"

_WIDTH, _HEIGHT, _EDGE = 140, 28, 3
_STYLE = """
:root { color-scheme: light dark; --ink: #1d2327; --muted: #5c666e; --rule: #e2e6e9; --mark: #b0417c; --page: #fffffe; }
@media (prefers-color-scheme: dark) {
  :root { --ink: #e8eaec; --muted: #9aa4ab; --rule: #333b41; --mark: #e27fb2; --page: #14181b; }
}
body { font: 15px/1.45 system-ui, sans-serif; color: var(--ink); background: var(--page); margin: 2rem auto;
  max-width: 72rem; padding: 0 1rem; }
table { border-collapse: collapse; width: 100%; margin-bottom: 2rem; }
th, td { text-align: left; padding: .25rem .6rem; border-bottom: 1px solid var(--rule); vertical-align: middle; }
td.number { text-align: right; font-variant-numeric: tabular-nums; white-space: nowrap; }
tr.notable td.number:last-child { color: var(--mark); font-weight: 600; }
p, summary, td small { color: var(--muted); }
svg { display: block; } polyline { fill: none; stroke: var(--muted); stroke-width: 1.5; }
circle { fill: var(--muted); } tr.notable circle:last-child { fill: var(--mark); }
"""
_POLICY = "default-src 'none'; style-src 'unsafe-inline'"


def write_history(series: Sequence[Series], folder: Path) -> Path:
    """Write ``folder/history.html``; returns its path.

    Raises :class:`~edge.errors.StorageError` if it cannot be written.
    """
    path = folder / PAGE_NAME
    write_whole(path, render_history(series).encode())
    return path


def render_history(series: Sequence[Series]) -> str:
    """The page: a table for each benchmark and machine that has two dates; the others are named at the end."""
    drawn = [one for one in series if len(one.points) > 1]
    notable = sum(one.notable for one in drawn)
    tables = "\n".join(
        _table(f"{benchmark}, {machine}", list(group))
        for (benchmark, machine), group in groupby(drawn, key=lambda one: (one.key.benchmark, one.key.machine))
    )
    once = sorted({one.key.benchmark for one in series} - {one.key.benchmark for one in drawn})
    lead = (
        f"{len(drawn)} figures were measured on two dates or more. {notable} of them changed by {100 * NOTABLE:.0f} % "
        "or more between the last two, in either direction; these are open below. Between two dates the machine may "
        "have been busy: measure both releases in turn before you believe a change."
    )
    rest = f"<p>Measured once: {html.escape(', '.join(once))}.</p>" if once else ""
    return (
        f'<!doctype html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        f'<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        f'<meta http-equiv="Content-Security-Policy" content="{_POLICY}">\n'
        f"<title>Measurements by date</title>\n<style>{_STYLE}</style>\n</head>\n<body>\n"
        f"<h1>Measurements by date</h1>\n<p>{lead}</p>\n{tables}\n{rest}\n</body>\n</html>\n"
    )


def _table(title: str, group: Sequence[Series]) -> str:
    changed, others = [one for one in group if one.notable], [one for one in group if not one.notable]
    title = html.escape(title)
    parts = [f"<h2>{title}</h2>"]
    if changed:
        parts.append(_rows(changed))
    if others:
        summary = f"{len(others)} figures that changed by less than {100 * NOTABLE:.0f} %"
        parts.append(f"<details><summary>{summary}</summary>\n{_rows(others)}\n</details>")
    return "\n".join(parts)


def _rows(group: Sequence[Series]) -> str:
    rows = "\n".join(_row(one) for one in group)
    heads = "".join(f"<th>{head}</th>" for head in ("Row", "Figure", "By date", "First", "Before", "Last", "Change"))
    return f"<table>\n<tr>{heads}</tr>\n{rows}\n</table>"


def _row(one: Series) -> str:
    (first_date, first), (_, before), (last_date, last) = one.points[0], one.points[-2], one.points[-1]
    numbers = [
        f"{first:.4g}<br><small>{html.escape(first_date)}</small>",
        f"{before:.4g}",
        f"{last:.4g}<br><small>{html.escape(last_date)}</small>",
        f"{100 * one.change:+.1f} %",
    ]
    cells = "".join(f'<td class="number">{number}</td>' for number in numbers)
    kind = ' class="notable"' if one.notable else ""
    return (
        f"<tr{kind}><td>{html.escape(one.key.row)}</td><td>{html.escape(one.key.figure)}</td>"
        f"<td>{_curve(one)}</td>{cells}</tr>"
    )


def _curve(one: Series) -> str:
    """The values as a line from the left to the right, one step a date, from the smallest value to the largest."""
    values = [value for _, value in one.points]
    low, high = min(values), max(values)
    across = (_WIDTH - 2 * _EDGE) / (len(values) - 1)
    down = (_HEIGHT - 2 * _EDGE) / ((high - low) or 1)
    places = [(_EDGE + across * step, _HEIGHT - _EDGE - down * (value - low)) for step, value in enumerate(values)]
    line = " ".join(f"{x:.1f},{y:.1f}" for x, y in places)
    dots = "".join(
        f'<circle cx="{x:.1f}" cy="{y:.1f}" r="2.5"><title>{html.escape(date)}: {value:.4g}</title></circle>'
        for (x, y), (date, value) in zip(places, one.points, strict=True)
    )
    return f'<svg width="{_WIDTH}" height="{_HEIGHT}" role="img"><polyline points="{line}"/>{dots}</svg>'
