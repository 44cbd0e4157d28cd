"""The model for a board: the most accurate one that a bench file shows to be within a budget."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from edge.bench.results import load_results
from edge.errors import DataError, UsageError
from trainer.backbones.architectures import Architecture, published
from trainer.grid.budget import Budget

MEASURED, PUBLISHED = "measured accuracy", "published ImageNet top-1"
"""What models are ranked by: the accuracy on the user's test photos, or the published one of the architecture."""

_CHANCE_SIGMAS = 2.0


class MeasuredModel(NamedTuple):
    """One model, in the configuration in which it was fastest on the board.

    ``latency_ms`` is the median of one inference, ``p90_ms`` its 90th percentile. ``accuracy`` is the share (0 to 1)
    of ``accuracy_photos`` that the model labels correctly; None if it was not measured. ``top1`` is the published
    ImageNet top-1 accuracy (0 to 1) of its architecture and quantization; None if there is none.
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
        """The values that a budget limits, in one line."""
        accuracy = "" if self.accuracy is None else f", {100 * self.accuracy:.1f} % of {self.accuracy_photos} photos"
        threads = f"{self.threads} thread{'s' if self.threads > 1 else ''}"
        size = f"{self.size_bytes / 1000:.0f} kB"
        return f"{self.model} ({self.runtime}, {threads}): {self.latency_ms:.3g} ms, {size}{accuracy}"


class Choice(NamedTuple):
    """The ``best`` model within the budget and its ``runner_up``; without a best one, the ``nearest`` to the budget.

    ``why`` says why the runner-up is second. ``unranked`` counts the models within latency and size that have no
    accuracy to rank them by. ``too_noisy`` tells that small differences of latency on this board mean nothing.
    """

    best: MeasuredModel | None
    runner_up: MeasuredModel | None
    why: str | None
    nearest: MeasuredModel | None
    ranked_by: str
    unranked: int
    too_noisy: bool = False

    def record(self) -> dict[str, Any]:
        """The fields, for ``--json``."""
        models = {"best": self.best, "runner_up": self.runner_up, "nearest": self.nearest}
        records = {name: model and model._asdict() for name, model in models.items()}
        return {"fits": self.best is not None, **self._asdict(), **records}


def choose_from_file(bench: Path, budget: Budget, *, runtime: str | None = None, threads: int | None = None) -> Choice:
    """The choice among the models that ``edge bench`` wrote to the file ``bench``.

    With ``runtime`` or ``threads`` only measurements with these count. Those with a delegate never do.

    Raises :class:`~edge.errors.DataError` if the file cannot be used, or has nothing to choose from.
    """
    results = load_results(bench)
    noise = results["noise"]
    try:
        models = measured_models(results["rows"], runtime=runtime, threads=threads)
        choice = choose(models, budget, resolution=noise.get("resolution") or 0.0)
    except DataError as error:
        raise DataError(f"{bench}: {error}") from None
    return choice._replace(too_noisy=bool(noise.get("too_noisy")))


def measured_models(
    rows: Iterable[dict[str, Any]], *, runtime: str | None = None, threads: int | None = None
) -> list[MeasuredModel]:
    """The models in the ``rows`` of a bench file, each by its fastest row with this ``runtime`` and ``threads``.

    Raises :class:`~edge.errors.DataError` if no row is left.
    """
    rows = [row for row in rows if row["error"] is None and row["p50_ms"] > 0 and row["delegate"] is None]
    if not rows:
        raise DataError("no model was measured in it; run edge bench again")
    matching = [row for row in rows if runtime in (None, row["runtime"]) and threads in (None, row["threads"])]
    if not matching:
        known = sorted({f"{row['runtime']} with {row['threads']}" for row in rows})
        raise DataError(f"nothing was measured with this runtime and number of threads; known are {', '.join(known)}")
    fastest: dict[str, dict[str, Any]] = {}
    for row in matching:
        other = fastest.setdefault(row["sha256"], row)
        if row["p50_ms"] < other["p50_ms"]:
            fastest[row["sha256"]] = row
    return [_measured_model(row) for row in fastest.values()]


def choose(models: Sequence[MeasuredModel], budget: Budget, *, resolution: float = 0.0) -> Choice:
    """The most accurate of ``models`` within ``budget``; of equally accurate ones the fastest, then the smallest.

    Models are ranked by their measured accuracy. If none within latency and size has one, they are ranked by the
    published top-1. ``resolution`` is the smallest relative difference of two latencies that the board can show.

    Raises :class:`~edge.errors.DataError` if the budget has an accuracy and none was measured, or if models are within
    the budget and there is nothing to rank them by.
    """
    if budget.min_accuracy is not None and all(model.accuracy is None for model in models):
        raise DataError(
            "no model in it has a measured accuracy to compare with --min-accuracy; "
            "give photos to trainer grid build and measure again"
        )
    affordable = [model for model in models if _excess(model, budget._replace(min_accuracy=None)) <= 1]
    ranked_by, accuracy_of = MEASURED, _measured_accuracy
    if budget.min_accuracy is None and all(model.accuracy is None for model in affordable):
        ranked_by, accuracy_of = PUBLISHED, _published_accuracy
    ranked = sorted(
        (model for model in affordable if accuracy_of(model) >= (budget.min_accuracy or 0)),
        key=lambda model: (-accuracy_of(model), model.latency_ms, model.size_bytes, model.model),
    )
    unranked = sum(accuracy_of(model) < 0 for model in affordable)
    if unranked and not ranked and budget.min_accuracy is None:
        raise DataError(
            f"{unranked} models are within the limits, but nothing is known of their accuracy, measured or published; "
            "give photos to trainer grid build and measure again"
        )
    if not ranked:
        nearest = min(models, key=lambda model: (_excess(model, budget), -accuracy_of(model)))
        return Choice(None, None, None, nearest, ranked_by, unranked)
    best, second = ranked[0], ranked[1] if len(ranked) > 1 else None
    why = _why(best, second, accuracy_of, resolution) if second else None
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
    """The published ImageNet top-1 accuracy (0 to 1); for ``int8`` that of the quantized network, else the float one.

    None if none was published of ``architecture`` in this ``quantization``.
    """
    try:
        figures = published()[Architecture.parse(architecture or "")]
    except UsageError:
        return None
    top1 = figures.top1_quantized if quantization == "int8" else figures.top1_float
    return None if top1 is None else top1 / 100


def _measured_accuracy(model: MeasuredModel) -> float:
    return -1.0 if model.accuracy is None else model.accuracy


def _published_accuracy(model: MeasuredModel) -> float:
    return -1.0 if model.top1 is None else model.top1


def _excess(model: MeasuredModel, budget: Budget) -> float:
    """The largest factor by which ``model`` misses a limit of ``budget``; at most 1 if it is within all of them."""
    factors = [0.0]
    if budget.max_latency_ms is not None:
        factors.append(model.latency_ms / budget.max_latency_ms)
    if budget.max_size_kb is not None:
        factors.append(model.size_bytes / 1000 / budget.max_size_kb)
    if budget.min_accuracy is not None:
        factors.append(budget.min_accuracy / model.accuracy if model.accuracy else math.inf)
    return max(factors)


def _why(
    best: MeasuredModel, second: MeasuredModel, accuracy_of: Callable[[MeasuredModel], float], resolution: float
) -> str:
    lead = accuracy_of(best) - accuracy_of(second)
    slower = second.latency_ms - best.latency_ms
    measurable = abs(slower) > resolution * min(best.latency_ms, second.latency_ms)
    speed = f"{abs(slower):.2g} ms {'slower' if slower > 0 else 'faster'}"
    if lead > 0:
        text = f"{100 * lead:.1f} points less accurate"
        if accuracy_of is _measured_accuracy and _within_chance(best, second):
            photos = min(best.accuracy_photos, second.accuracy_photos)
            text += f" (on {photos} test photos this may be chance)"
        return f"{text}, but {speed}" if measurable and slower < 0 else text
    if measurable:
        return f"as accurate, but {speed}"
    larger = (second.size_bytes - best.size_bytes) / 1000
    size = f"{larger:.0f} kB larger" if larger > 0 else "not smaller"
    return f"as accurate and, as far as this measurement shows, as fast, but {size}"


def _within_chance(best: MeasuredModel, second: MeasuredModel) -> bool:
    """Whether the lead of ``best`` is smaller than two standard errors of the difference of two proportions."""
    (lead, photos), (other, other_photos) = ((m.accuracy or 0.0, m.accuracy_photos) for m in (best, second))
    if not photos or not other_photos:
        return False
    error = math.sqrt(lead * (1 - lead) / photos + other * (1 - other) / other_photos)
    return lead - other < _CHANCE_SIGMAS * error
