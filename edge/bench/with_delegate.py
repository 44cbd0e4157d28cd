"""What a delegate brings: the same model, runtime and number of threads with it and without."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from edge.bench.ranking import Ranking, rank, ranking_text

WITHOUT = "no delegate"
"""What the measurement without one is called."""


def delegate_comparisons(rows: Sequence[dict[str, Any]], resolution: float) -> list[dict[str, Any]]:
    """One plain JSON object for each pair of ``rows`` that differ in the delegate alone, in the order of the rows.

    ``fastest`` and ``times_as_long`` are those of :class:`~edge.bench.ranking.Ranking`, with the names of the delegate
    and of :data:`WITHOUT`; p50 that differ by less than the share ``resolution`` are equal.
    """
    return [
        {**{name: row[name] for name in ("model", "runtime", "threads")}, **ranking.as_json()}
        for row, ranking in _rankings(rows, resolution)
    ]


def delegate_lines(results: dict[str, Any]) -> Iterator[str]:
    """What :func:`delegate_comparisons` found of the rows of ``results``, one sentence each."""
    for row, ranking in _rankings(results["rows"], results["noise"]["resolution"]):
        slower = {name: (factor, factor) for name, factor in ranking.slower.items()}
        threads = f"{row['threads']} thread{'s' * (row['threads'] > 1)}"
        text = ranking_text(ranking.fastest, slower, advise=False)
        yield f"{row['model']}, {row['runtime']}, {threads}: {text}"


def _rankings(rows: Sequence[dict[str, Any]], resolution: float) -> Iterator[tuple[dict[str, Any], Ranking]]:
    measured = [row for row in rows if row["error"] is None]
    without = {_key(row): row for row in measured if row["delegate"] is None}
    for row in measured:
        if row["delegate"] is not None and _key(row) in without:
            times = {row["delegate"]: row["p50_ms"], WITHOUT: without[_key(row)]["p50_ms"]}
            yield row, rank(times, resolution)


def _key(row: dict[str, Any]) -> tuple[Any, ...]:
    return row["model"], row["sha256"], row["runtime"], row["threads"]
