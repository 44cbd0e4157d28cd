"""``trainer choose``: the best measured model within a budget."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated

import typer

from edge.errors import DataError
from edge.printable import printable
from trainer.commands.options import AsJson
from trainer.grid.budget import Budget
from trainer.grid.choose import PUBLISHED, Choice, choose_from_file


def choose_command(
    bench: Annotated[
        Path, typer.Argument(metavar="BENCH.json", help="The file that edge bench --output wrote on the board.")
    ],
    max_latency_ms: Annotated[
        float | None, typer.Option(help="Longest median time of one inference, in milliseconds (default: no limit).")
    ] = None,
    max_size_kb: Annotated[
        float | None, typer.Option(help="Largest model file, in 1000 bytes (default: no limit).")
    ] = None,
    min_accuracy: Annotated[
        float | None, typer.Option(help="Smallest share of test photos labelled correctly, 0 to 1 (default: no limit).")
    ] = None,
    runtime: Annotated[
        str | None,
        typer.Option(help="Use only measurements with this interpreter: litert, tflite-runtime or tflite-c."),
    ] = None,
    threads: Annotated[int | None, typer.Option(help="Use only measurements with this number of threads.")] = None,
    as_json: AsJson = False,
) -> None:
    """Print the most accurate model in BENCH.json that is within the limits, and the second best.

    If no model is within the limits, the exit code is 65 and stderr names the nearest one.
    """
    budget = Budget(max_latency_ms, max_size_kb, min_accuracy).check()
    choice = choose_from_file(bench, budget, runtime=runtime, threads=threads)
    if as_json:
        print(json.dumps(choice.record()))
    elif choice.best:
        _print_choice(choice)
    if choice.nearest:
        raise DataError(f"{bench}: no model is within {budget}; the nearest is {choice.nearest}")


def _print_choice(choice: Choice) -> None:
    print(printable(str(choice.best)))
    if choice.runner_up:
        print(printable(f"runner-up: {choice.runner_up}: {choice.why}"))
    elif not choice.unranked:
        print("runner-up: none; no other model is within the limits")
    if choice.ranked_by == PUBLISHED:
        top1 = choice.best.top1 if choice.best else None
        percent = "none" if top1 is None else f"{100 * top1:.1f} %"
        print(f"ranked by {PUBLISHED} ({percent}), because no model within the limits has a measured accuracy")
    if choice.unranked:
        why = "nothing was published of them" if choice.ranked_by == PUBLISHED else "their accuracy was not measured"
        print(f"not ranked: {choice.unranked} more within the limits, because {why}")
    if choice.too_noisy:
        print("the board was too noisy to compare latencies closely; see noise in the bench file")
