"""Time that needs no photos of anybody: models of the standard set and drawn pictures are enough."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated

import typer

from benchmarks.commands.options import ResultsDir, Rounds
from benchmarks.results import FOLDER, save_results
from trainer.terminal.progress_bars import TerminalProgress

app = typer.Typer()


@app.command(epilog="Example: python -m benchmarks overhead models/flowers.tflite")
def overhead(
    model: Annotated[Path, typer.Argument(help="The model file.")],
    runtime: Annotated[
        str | None, typer.Option(help="The interpreter (default: the one that edge label would use).")
    ] = None,
) -> None:
    """Compare the time of one inference in edge bench and in a bare invoke() loop, in one process."""
    from benchmarks.speed.overhead import compare

    print(json.dumps(compare(model, runtime)))


@app.command(epilog="Example: python -m benchmarks reject models/flowers.tflite")
def reject(
    models: Annotated[list[Path], typer.Argument(help="Model files that have a gate.")],
    runtime: Annotated[
        str | None, typer.Option(help="The interpreter (default: the one that edge label would use).")
    ] = None,
    rounds: Rounds = 10,
    results_dir: ResultsDir = FOLDER,
) -> None:
    """Measure what --reject adds to the time of an answer, beside the same without and bare calls, in one process."""
    from benchmarks.speed.reject import compare

    rows = [compare(model, runtime, rounds) for model in models]
    print("\n".join(map(json.dumps, rows)))
    chosen = f" --runtime {runtime}" if runtime else ""
    print(save_results("reject", f"python -m benchmarks reject MODELS{chosen} --rounds {rounds}", rows, results_dir))


@app.command("cold-start", epilog="Example: python -m benchmarks cold-start --rounds 20")
def cold_start(
    rounds: Rounds = 20,
    instructions: Annotated[
        bool, typer.Option(help="Count the instructions of both too, with perf or valgrind.")
    ] = True,
    results_dir: ResultsDir = FOLDER,
) -> None:
    """Compare edge label of one photo with importing numpy and Pillow alone: seconds and instructions of processes."""
    from benchmarks.speed.cold_start import compare

    rows = compare(rounds, instructions, TerminalProgress(""))
    (row,) = rows
    counted = row.get("instruction_ratio")
    more = "" if counted is None else f", {counted:.2f} times the instructions ({row['counter']})"
    print(f"{row['median_s']:.3f} s, {row['ratio']:.2f} times as long as importing numpy and Pillow{more}")
    command = f"python -m benchmarks cold-start --rounds {rounds}{'' if instructions else ' --no-instructions'}"
    print(save_results("cold-start", command, rows, results_dir))


@app.command(epilog="Example: python -m benchmarks smoke")
def smoke() -> None:
    """Check a few ratios against wide limits, in a minute; what is beyond them is printed, and nothing fails."""
    from benchmarks.speed.smoke import smoke as measure

    for ratio in measure(TerminalProgress("")):
        print(ratio.text, flush=True)


@app.command(epilog="Example: python -m benchmarks agreement --rounds 5")
def agreement(
    rounds: Rounds = 5,
    seconds: Annotated[float, typer.Option(help="The time of each measurement, in seconds.")] = 1.0,
    threads: Annotated[
        list[int] | None, typer.Option(help="A number of threads; may be repeated (default: 1).")
    ] = None,
    results_dir: ResultsDir = FOLDER,
) -> None:
    """Compare edge bench with the benchmark tool of LiteRT's own package, on files of the standard set."""
    from benchmarks.speed.agreement import compare

    rows = compare(rounds, seconds, threads or [1], TerminalProgress(""))
    for row in rows:
        print(f"{row['model']}, threads {row['threads']}: {row['ours_to_tool']:.3f} times as long as the tool says")
    options = "".join(f" --threads {count}" for count in threads or [])
    command = f"python -m benchmarks agreement --rounds {rounds} --seconds {seconds:g}{options}"
    print(save_results("agreement", command, rows, results_dir))
