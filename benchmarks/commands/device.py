"""What runs on a device: streams, edge watch, faults in the store and over SSH."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from benchmarks.commands.options import ResultsDir, Rounds
from benchmarks.results import FOLDER, save_results
from edge.errors import DataError, UsageError
from trainer.terminal.progress_bars import TerminalProgress

app = typer.Typer()


@app.command(epilog="Example: python -m benchmarks stream --seconds 60 --faults 50")
def stream(
    seconds: Annotated[float, typer.Option(help="The time for which frames are labelled, in seconds.")] = 60.0,
    faults: Annotated[int, typer.Option(help="The number of faults.", min=2)] = 50,
    results_dir: ResultsDir = FOLDER,
) -> None:
    """Measure how old the labelled frames of a stream are, and how labelling goes on after faults."""
    from benchmarks.device import stream as measure

    progress = TerminalProgress("")
    rows = [measure.freshness(seconds, 2.0, progress), *measure.faults(faults, progress)]
    command = f"python -m benchmarks stream --seconds {seconds:g} --faults {faults}"
    print(save_results("stream", command, rows, results_dir))


@app.command(epilog="Example: python -m benchmarks watch models/flowers.tflite --soak-minutes 10")
def watch(
    model: Annotated[Path, typer.Argument(help="The model file.")],
    labels: Annotated[Path | None, typer.Option(help="The label file of a model that has no labels.")] = None,
    fps: Annotated[
        list[float] | None, typer.Option(help="Frames a second of the stream; may be repeated (default: 30 and 90).")
    ] = None,
    rounds: Rounds = 3,
    seconds: Annotated[float, typer.Option(help="The time for which each run is measured, in seconds.")] = 10.0,
    soak_minutes: Annotated[float, typer.Option(help="The minutes of one long run afterwards; 0: none.")] = 0.0,
    results_dir: ResultsDir = FOLDER,
) -> None:
    """Compare edge watch with a loop of OpenCV and interpreter: frames a second, cold start; and one long run."""
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


@app.command(epilog="Example: python -m benchmarks serve models/flowers.tflite flower_photos/roses")
def serve(
    model: Annotated[Path, typer.Argument(help="The model file.")],
    photos: Annotated[list[str], typer.Argument(help="Photos, or folders with photos.")],
    rounds: Rounds = 5,
    pictures: Annotated[int, typer.Option(help="The pictures that each run labels; a multiple of 10.", min=10)] = 1000,
    results_dir: ResultsDir = FOLDER,
) -> None:
    """Compare edge serve with the pool of edge label: pictures a second and times with 1, 10 and 100 clients."""
    from benchmarks.device.serving.speed import measure

    if pictures % 10:
        raise UsageError(f"--pictures {pictures}: give a multiple of 10")
    rows = measure(model, photos, rounds, pictures, TerminalProgress(""))
    command = f"python -m benchmarks serve MODEL PHOTOS --rounds {rounds} --pictures {pictures}"
    print(save_results("serve", command, rows, results_dir))


@app.command("teach-stream", epilog="Example: python -m benchmarks teach-stream flower_photos")
def teach_stream(
    image_dir: Annotated[Path, typer.Argument(help="The folder with one folder of photos for each class.")],
    architecture: Annotated[str, typer.Option(help="The network.")] = "mobilenet_1.0_224",
    photos: Annotated[int, typer.Option(help="The photos of each class at the start.", min=1)] = 100,
    fps: Annotated[float, typer.Option(help="Frames a second of the camera.")] = 30.0,
    rounds: Rounds = 5,
    seconds: Annotated[float, typer.Option(help="The time for which each rate is measured, in seconds.")] = 10.0,
    changes: Annotated[int, typer.Option(help="The changes whose refits are timed; 0: none.", min=0)] = 10,
    actions: Annotated[int, typer.Option(help="The actions of the review afterwards; 0: none.", min=0)] = 1200,
    bottleneck_dir: Annotated[Path | None, typer.Option(help="The folder of backbones and bottlenecks.")] = None,
    results_dir: ResultsDir = FOLDER,
) -> None:
    """Compare the frame rate of trainer teach with and without learning; then times of refits, memory over actions."""
    from benchmarks.device.teaching.stream_speed import act, compare_rates, teaching, time_refits

    progress = TerminalProgress("")
    with teaching(image_dir, architecture, photos, fps, bottleneck_dir) as session:
        rows = [time_refits(session, changes, progress)] if changes else []
        rows += [compare_rates(session, rounds, seconds, progress)]
        rows += [act(session, actions, progress)] if actions else []
    rows = [{"architecture": architecture, "fps": fps, "photos": photos, **row} for row in rows]
    command = f"python -m benchmarks teach-stream IMAGE_DIR --architecture {architecture} --photos {photos}"
    command += f" --fps {fps:g} --rounds {rounds} --seconds {seconds:g} --changes {changes} --actions {actions}"
    print(save_results(f"teach-stream-{architecture}", command, rows, results_dir))


@app.command(epilog="Example: python -m benchmarks faults")
def faults(
    over_ssh: Annotated[
        bool, typer.Option("--over-ssh", help="Inject faults into trainer flash, over a real SSH server; needs sshd.")
    ] = False,
    results_dir: ResultsDir = FOLDER,
) -> None:
    """Inject some 700 faults into the store and print a table of the results; needs strace, and root for some."""
    from benchmarks.device.faults import over_ssh as ssh
    from benchmarks.device.faults import run
    from benchmarks.device.faults.run import as_table, count_by_kind

    results = (ssh if over_ssh else run).inject_all(TerminalProgress(""))
    rows = count_by_kind(results)
    name, flag = ("faults-over-ssh", " --over-ssh") if over_ssh else ("faults", "")
    path = save_results(name, f"python -m benchmarks faults{flag}", rows, results_dir)
    print(f"{as_table(rows)}\n\n{path}")
    broken = sum(result.violation is not None for result in results)
    if broken:
        raise DataError(f"{broken} of {len(results)} faults broke a promise; they are named above")


@app.command("teach-page", epilog="Example: python -m benchmarks teach-page backbone.tflite")
def teach_page(
    backbone: Annotated[Path, typer.Argument(help="A model file; trainer backbone makes one.")],
    photos: Annotated[int, typer.Option(help="The number of photos in the session.", min=100)] = 5000,
    results_dir: ResultsDir = FOLDER,
) -> None:
    """Measure in Chromium how the review of a teaching session scrolls: frames a second, thumbnails, memory."""
    from benchmarks.device.teaching import page_speed

    rows = page_speed.measure(backbone, photos, TerminalProgress(""))
    print(save_results("teach-page", f"python -m benchmarks teach-page BACKBONE --photos {photos}", rows, results_dir))


@app.command(
    "teach-film", epilog="Example: python -m benchmarks teach-film backbone.tflite --picture docs/images/teach.jpg"
)
def teach_film(
    backbone: Annotated[Path, typer.Argument(help="A model file; trainer backbone makes one.")],
    picture: Annotated[Path | None, typer.Option(help="The file for four pictures of the page.")] = None,
    results_dir: ResultsDir = FOLDER,
) -> None:
    """Teach three classes of drawn flowers in Chromium, from nothing to a model that runs; time and photograph it."""
    from benchmarks.device.teaching import film

    pictures, row = film.make(backbone, TerminalProgress(""))
    if picture is not None:
        film.side_by_side(pictures).save(picture, quality=85, optimize=True)
    print(save_results("teach-film", "python -m benchmarks teach-film BACKBONE", [row], results_dir))
