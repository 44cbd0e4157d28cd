"""Which point of the grid for my board? The most accurate one that a bench file shows to be within the budget."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Sequence
from typing import Any, NamedTuple

from edge.errors import DataError, UsageError
from trainer.backbones.architectures import Architecture, published

MEASURED, PUBLISHED = "measured accuracy", "published ImageNet top-1"
"""What models may be ranked by: accuracy on the user's test photos, or what was published of the architecture."""

_CHANCE_SIGMAS = 2.0


class Budget(NamedTuple):
    """What the board can afford: median milliseconds an inference, 1000 bytes of file, accuracy 0..1; None: any."""

    max_latency_ms: float | None = None
    max_size_kb: float | None = None
    min_accuracy: float | None = None

    def check(self) -> Budget:
        """The budget itself, after checking it.

        Raises :class:`~edge.errors.UsageError` where a limit is not a positive number or an accuracy above 1.
        """
        for name, limit in zip(("--max-latency-ms", "--max-size-kb"), self[:2], strict=True):
            if limit is not None and not 0 < limit < math.inf:
                raise UsageError(f"{name} {limit:g} is not a positive number")
        if self.min_accuracy is not None and not 0 <= self.min_accuracy <= 1:
            raise UsageError(f"--min-accuracy {self.min_accuracy:g} is not a fraction from 0 to 1, such as 0.85")
        return self

    def __str__(self) -> str:
        """The limits as they are given on the command line."""
        names = ("--max-latency-ms", "--max-size-kb", "--min-accuracy")
        return " ".join(f"{n} {limit:g}" for n, limit in zip(names, self, strict=True) if limit is not None)


class MeasuredModel(NamedTuple):
    """One model in its fastest measured setting.

    ``accuracy`` is the fraction of ``accuracy_photos`` named rightly, None where it was never measured;
    ``top1`` the published ImageNet top-1 (0..1) of its architecture and kind, None where there is none.
    """

    model: str
    architecture: str | None
    quantization: str | None
    runtime: str
    threads: int
    latency_ms: float
    p90_ms: float
    size_bytes: int
    accuracy: float | None
    accuracy_photos: int
    top1: float | None

    def __str__(self) -> str:
        """The facts that a budget is about, in one line."""
        accuracy = "" if self.accuracy is None else f", {100 * self.accuracy:.1f} % of {self.accuracy_photos} photos"
        threads = f"{self.threads} thread{'s' if self.threads > 1 else ''}"
        size = f"{self.size_bytes / 1000:.0f} kB"
        return f"{self.model} ({self.runtime}, {threads}): {self.latency_ms:.3g} ms, {size}{accuracy}"


class Choice(NamedTuple):
    """The answer: ``best`` within the budget, or None and then ``nearest`` is what comes closest to it.

    ``why`` says in words why ``runner_up`` lost. ``unranked`` counts models within latency and size that
    have no accuracy to be ranked by.
    """

    best: MeasuredModel | None
    runner_up: MeasuredModel | None
    why: str | None
    nearest: MeasuredModel | None
    ranked_by: str
    unranked: int


def measured_models(
    rows: Iterable[dict[str, Any]], runtime: str | None = None, threads: int | None = None
) -> list[MeasuredModel]:
    """One model for each model in ``rows`` of a bench file: its fastest row on ``runtime`` and ``threads``.

    Raises :class:`~edge.errors.DataError` where no row is left.
    """
    rows = [row for row in rows if row["error"] is None and row["p50_ms"] > 0]
    if not rows:
        raise DataError("no model was measured in it; run edge bench again")
    left = [row for row in rows if runtime in (None, row["runtime"]) and threads in (None, row["threads"])]
    if not left:
        have = sorted({f"{row['runtime']} with {row['threads']}" for row in rows})
        raise DataError(f"nothing was measured on that runtime with that many threads; there is: {', '.join(have)}")
    fastest: dict[str, dict[str, Any]] = {}
    for row in left:
        known = fastest.setdefault(row["sha256"], row)
        if row["p50_ms"] < known["p50_ms"]:
            fastest[row["sha256"]] = row
    return [_measured_model(row) for row in fastest.values()]


def choose(found: Sequence[MeasuredModel], budget: Budget, resolution: float = 0.0) -> Choice:
    """The most accurate of ``found`` within ``budget``; of equally accurate ones the fastest, then the smallest.

    Models are ranked by measured accuracy; only where no model within latency and size has one, by the
    published top-1. ``resolution`` is the relative difference of two latencies that the board could still tell
    apart.

    Raises :class:`~edge.errors.DataError` where an accuracy is asked for and none was measured.
    """
    if budget.min_accuracy is not None and all(model.accuracy is None for model in found):
        raise DataError(
            "no model in it has a measured accuracy to hold against --min-accuracy; "
            "give photos to trainer grid build and measure again"
        )
    affordable = [model for model in found if _excess(model, budget._replace(min_accuracy=None)) <= 1]
    ranked_by = MEASURED
    if budget.min_accuracy is None and all(model.accuracy is None for model in affordable):
        ranked_by = PUBLISHED
    worth = _measured if ranked_by == MEASURED else _published
    ranked = sorted(
        (model for model in affordable if worth(model) >= (budget.min_accuracy or 0)),
        key=lambda model: (-worth(model), model.latency_ms, model.size_bytes, model.model),
    )
    unranked = sum(worth(model) < 0 for model in affordable)
    if not ranked:
        nearest = min(found, key=lambda model: (_excess(model, budget), -worth(model)))
        return Choice(None, None, None, nearest, ranked_by, unranked)
    best, second = ranked[0], ranked[1] if len(ranked) > 1 else None
    why = _why(best, second, worth, resolution) if second else None
    return Choice(best, second, why, None, ranked_by, unranked)


def _measured_model(row: dict[str, Any]) -> MeasuredModel:
    return MeasuredModel(
        model=row["model"],
        architecture=row["architecture"],
        quantization=row["quantization"],
        runtime=row["runtime"],
        threads=row["threads"],
        latency_ms=row["p50_ms"],
        p90_ms=row["p90_ms"],
        size_bytes=row["size_bytes"],
        accuracy=row["accuracy"],
        accuracy_photos=row["accuracy_photos"],
        top1=published_top1(row["architecture"], row["quantization"]),
    )


def published_top1(architecture: str | None, quantization: str | None) -> float | None:
    """The published ImageNet top-1 (0..1): that of the quantised network for ``int8``, else of the float one."""
    try:
        figures = published()[Architecture.parse(architecture or "")]
    except UsageError:
        return None
    return (figures.top1_quantized if quantization == "int8" else figures.top1_float) / 100


def _measured(model: MeasuredModel) -> float:
    return -1.0 if model.accuracy is None else model.accuracy


def _published(model: MeasuredModel) -> float:
    return -1.0 if model.top1 is None else model.top1


def _excess(model: MeasuredModel, budget: Budget) -> float:
    """By which factor the model misses the budget's worst-missed limit; at most 1 where it fits."""
    factors = [0.0]
    if budget.max_latency_ms is not None:
        factors.append(model.latency_ms / budget.max_latency_ms)
    if budget.max_size_kb is not None:
        factors.append(model.size_bytes / 1000 / budget.max_size_kb)
    if budget.min_accuracy is not None:
        factors.append(budget.min_accuracy / model.accuracy if model.accuracy else math.inf)
    return max(factors)


def _why(best: MeasuredModel, second: MeasuredModel, worth: Callable[[MeasuredModel], float], resolution: float) -> str:
    lead = worth(best) - worth(second)
    slower = second.latency_ms - best.latency_ms
    apart = abs(slower) > resolution * min(best.latency_ms, second.latency_ms)
    speed = f"{abs(slower):.2g} ms {'slower' if slower > 0 else 'faster'}"
    if lead > 0:
        text = f"{100 * lead:.1f} points less accurate"
        if worth is _measured and _within_chance(best, second):
            text += f" (on {min(best.accuracy_photos, second.accuracy_photos)} test photos that may be chance)"
        return f"{text}, though {speed}" if apart and slower < 0 else text
    if apart:
        return f"as accurate, but {speed}"
    larger = (second.size_bytes - best.size_bytes) / 1000
    size = f"{larger:.0f} kB larger" if larger > 0 else "no better in size"
    return f"as accurate, and as fast as this measurement can tell, but {size}"


def _within_chance(best: MeasuredModel, second: MeasuredModel) -> bool:
    """Whether two standard errors of the difference of two proportions reach over the lead."""
    parts = [(c.accuracy or 0.0, c.accuracy_photos) for c in (best, second)]
    if not all(count for _, count in parts):
        return False
    error = math.sqrt(sum(p * (1 - p) / count for p, count in parts))
    return parts[0][0] - parts[1][0] < _CHANCE_SIGMAS * error
