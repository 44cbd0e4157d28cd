"""What a device lives through: streams, weeks of watching, faults in the store and on the way to it."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from benchmarks.commands.options import ResultsDir, Rounds
from benchmarks.results import FOLDER, save_results
from edge.errors import DataError
from trainer.terminal.progress import TerminalProgress

app = typer.Typer()


@app.command(epilog="Example: python -m benchmarks stream --seconds 60 --faults 50")
def stream(
    seconds: Annotated[float, typer.Option(help="How long frames are labelled for freshness.")] = 60.0,
    faults: Annotated[int, typer.Option(help="How many faults are injected.", min=2)] = 50,
    results_dir: ResultsDir = FOLDER,
) -> None:
    """Measure how fresh labelled frames of a stream are, and how labelling resumes after faults."""
    from benchmarks.device import stream as measure

    progress = TerminalProgress("")
    rows = [measure.freshness(seconds, 2.0, progress), *measure.faults(faults, progress)]
    command = f"python -m benchmarks stream --seconds {seconds:g} --faults {faults}"
    print(save_results("stream", command, rows, results_dir))


@app.command(epilog="Example: python -m benchmarks watch models/flowers.tflite --soak-minutes 10")
def watch(
    model: Annotated[Path, typer.Argument(help="The model file.")],
    labels: Annotated[Path | None, typer.Option(help="Label file of a model that carries none.")] = None,
    fps: Annotated[list[float] | None, typer.Option(help="Of the stream; may be repeated. Default: 30 and 90.")] = None,
    rounds: Rounds = 3,
    seconds: Annotated[float, typer.Option(help="How long each run is measured.")] = 10.0,
    soak_minutes: Annotated[float, typer.Option(help="How long it then runs without a break; 0: not at all.")] = 0.0,
    results_dir: ResultsDir = FOLDER,
) -> None:
    """Compare edge watch with a bare loop of OpenCV and interpreter: frames a second, cold start; and a soak."""
    from benchmarks.device.watch import Subject, compare_cold_starts, compare_rates, soak

    subject, progress, rates = Subject(model, labels), TerminalProgress(""), fps or [30.0, 90.0]
    rows = [compare_rates(subject, rate, rounds, seconds, progress) for rate in rates]
    rows.append(compare_cold_starts(subject, rounds, progress))
    if soak_minutes:
        rows.append(soak(subject, max(rates), soak_minutes, progress))
    command = f"python -m benchmarks watch MODEL --rounds {rounds} --seconds {seconds:g}"
    command += "".join(f" --fps {rate:g}" for rate in rates)
    command += f" --soak-minutes {soak_minutes:g}" if soak_minutes else ""
    print(save_results("watch", command, rows, results_dir))


@app.command(epilog="Example: python -m benchmarks faults")
def faults(
    over_ssh: Annotated[
        bool, typer.Option("--over-ssh", help="Instead those of trainer flash over a real SSH server; needs sshd.")
    ] = False,
    results_dir: ResultsDir = FOLDER,
) -> None:
    """Inject some 700 faults into the store and print what each kind did, as a table; needs strace, better root."""
    from benchmarks.device.faults import over_ssh as ssh
    from benchmarks.device.faults import run
    from benchmarks.device.faults.run import as_table, count_by_kind

    outcomes = (ssh if over_ssh else run).inject_all(TerminalProgress(""))
    rows = count_by_kind(outcomes)
    name, flag = ("faults-over-ssh", " --over-ssh") if over_ssh else ("faults", "")
    path = save_results(name, f"python -m benchmarks faults{flag}", rows, results_dir)
    print(f"{as_table(rows)}\n\n{path}")
    broken = sum(outcome.violation is not None for outcome in outcomes)
    if broken:
        raise DataError(f"{broken} of {len(outcomes)} faults broke a promise; they are named above")
