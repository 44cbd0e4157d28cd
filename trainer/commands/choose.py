"""``trainer choose``: which one for my board?"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated, Any

import typer

from edge.bench.results import load_results
from edge.errors import DataError
from trainer.commands.options import AsJson
from trainer.grid.choose import PUBLISHED, Budget, Choice, MeasuredModel, choose, measured_models


def choose_command(
    bench: Annotated[Path, typer.Argument(metavar="BENCH.json", help="What edge bench --output wrote on the board.")],
    max_latency_ms: Annotated[float | None, typer.Option(help="Median milliseconds of one inference.")] = None,
    max_size_kb: Annotated[float | None, typer.Option(help="Size of the file in 1000 bytes.")] = None,
    min_accuracy: Annotated[float | None, typer.Option(help="Fraction of test photos named rightly, 0 to 1.")] = None,
    runtime: Annotated[str | None, typer.Option(help="Only as measured on this interpreter.")] = None,
    threads: Annotated[int | None, typer.Option(help="Only as measured with so many threads.")] = None,
    as_json: AsJson = False,
) -> None:
    """Name the most accurate model that BENCH.json shows to be within the budget, and the runner-up."""
    budget = Budget(max_latency_ms, max_size_kb, min_accuracy).check()
    results = load_results(bench)
    try:
        found = measured_models(results["rows"], runtime, threads)
        choice = choose(found, budget, results["noise"].get("resolution") or 0.0)
    except DataError as error:
        raise DataError(f"{bench}: {error}") from None
    if as_json:
        print(json.dumps({**_record(choice), "too_noisy": bool(results["noise"].get("too_noisy"))}))
    elif choice.best:
        _print_choice(choice.best, choice)
        if results["noise"].get("too_noisy"):
            print("the board was too noisy for fine differences of latency; see the noise in the bench file")
    if choice.nearest:
        raise DataError(f"{bench}: nothing fits {budget}; nearest is {choice.nearest}")


def _print_choice(best: MeasuredModel, choice: Choice) -> None:
    print(best)
    if choice.runner_up:
        print(f"runner-up: {choice.runner_up}: {choice.why}")
    else:
        print("runner-up: none; no other model fits")
    if choice.ranked_by == PUBLISHED:
        print(f"ranked by {PUBLISHED} ({_percent(best.top1)}), because no fitting model has a measured accuracy")
    elif choice.unranked:
        print(f"not ranked: {choice.unranked} more that would fit but have no measured accuracy")


def _percent(fraction: float | None) -> str:
    return "none" if fraction is None else f"{100 * fraction:.1f} %"


def _record(choice: Choice) -> dict[str, Any]:
    record = choice._asdict()
    for name in ("best", "runner_up", "nearest"):
        record[name] = record[name] and record[name]._asdict()
    return {"fits": choice.best is not None, **record}
