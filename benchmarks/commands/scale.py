"""Time and memory of the trainer as photos and classes grow, and their curves."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from benchmarks.commands.options import ImageDir, OneArchitecture, ResultsDir, Rounds, needs_matplotlib
from benchmarks.results import FOLDER, save_results
from edge.errors import UsageError
from trainer.backbones.architectures import Architecture
from trainer.groups.modes import GROUPS_OFF
from trainer.terminal.progress_bars import TerminalProgress

app = typer.Typer()

Place = Annotated[
    Path | None, typer.Option(help="Write photos and caches into a folder in here (default: the temporary files).")
]


@app.command(epilog="Example: python -m benchmarks scale flower_photos --photos 1500 --photos 15000 --classes 10")
def scale(
    image_dir: ImageDir,
    photos: Annotated[list[int], typer.Option(help="The number of photos; may be repeated.")],
    classes: Annotated[list[int], typer.Option(help="The number of classes; may be repeated.")],
    groups: Annotated[str, typer.Option(help="How groups of photos are found: off, names or auto.")] = GROUPS_OFF,
    command: Annotated[
        list[str] | None, typer.Option(help="bottlenecks, retrain or evaluate; may be repeated (default: all).")
    ] = None,
    architecture: OneArchitecture = "mobilenet_1.0_224",
    copies: Annotated[
        float,
        typer.Option(
            min=0,
            max=90,
            help="The percentage of photos that are near copies: half of these of one photo, the others of the photo "
            "before them. Only --groups auto finds them.",
        ),
    ] = 0.0,
    report: Annotated[bool, typer.Option(help="Let retrain cross-validate and write a report.")] = True,
    place: Place = None,
    name: Annotated[str, typer.Option(help="The name of the measurement in the name of the result file.")] = "scale",
    results_dir: ResultsDir = FOLDER,
) -> None:
    """Measure time and peak memory of bottlenecks, retrain and evaluate for more and more photos and classes.

    Photos are tiny; their bottlenecks are drawn, like those of the photos in IMAGE_DIR, and in the cache already.
    """
    from benchmarks.speed.scale.measure import COMMANDS, measure

    chosen = command or list(COMMANDS)
    if unknown := set(chosen) - set(COMMANDS):
        raise UsageError(f"--command {', '.join(sorted(unknown))}: give one of {', '.join(COMMANDS)}")
    sizes = [(count, number) for number in classes for count in photos if count >= 10 * number]
    rows = measure(
        image_dir,
        Architecture.parse(architecture),
        sizes,
        groups,
        chosen,
        place,
        TerminalProgress(""),
        report=report,
        copies=copies / 100,
    )
    told = [f"--photos {count}" for count in photos] + [f"--classes {number}" for number in classes]
    told += [f"--groups {groups}", *(f"--command {each}" for each in command or [])]
    told += [f"--copies {copies:g}"] * (copies > 0) + ["--no-report"] * (not report)
    line = " ".join(["python -m benchmarks scale PHOTOS", f"--architecture {architecture}", *told])
    print(save_results(name, line, rows, results_dir))


@app.command(epilog="Example: python -m benchmarks scale-copies flower_photos --files 15000")
def scale_copies(
    image_dir: ImageDir,
    files: Annotated[int, typer.Option(help="The number of photos and copies.")] = 15_000,
    architecture: OneArchitecture = "mobilenet_0.25_128",
    place: Place = None,
    results_dir: ResultsDir = FOLDER,
) -> None:
    """Measure whole commands over real photos and altered copies of them, nothing cached: retrain runs twice."""
    from benchmarks.accuracy.altered_copies import ALTERED
    from benchmarks.speed.scale.copied_folder import measure_copies

    alter = [way for _, way in ALTERED.values()]
    parsed = Architecture.parse(architecture)
    rows = measure_copies(image_dir, parsed, files, alter, place, TerminalProgress(""))
    line = f"python -m benchmarks scale-copies PHOTOS --files {files} --architecture {architecture}"
    print(save_results("scale-copies", line, rows, results_dir))


@app.command(epilog="Example: python -m benchmarks cluster flower_photos --files 3670 --files 15000")
def cluster(
    image_dir: ImageDir,
    files: Annotated[list[int], typer.Option(help="The number of photos and copies; may be repeated.")],
    architecture: OneArchitecture = "mobilenet_1.0_224",
    rounds: Rounds = 3,
    results_dir: ResultsDir = FOLDER,
) -> None:
    """Measure trainer bottlenecks without Ray, on a Ray cluster of one and two nodes here, and with a node killed."""
    from benchmarks.accuracy.altered_copies import ALTERED
    from benchmarks.speed.cluster_speed import measure

    alter = [way for _, way in ALTERED.values()]
    rows = measure(image_dir, Architecture.parse(architecture), files, rounds, alter, TerminalProgress(""))
    sizes = " ".join(f"--files {count}" for count in files)
    line = f"python -m benchmarks cluster PHOTOS {sizes} --architecture {architecture} --rounds {rounds}"
    print(save_results("cluster", line, rows, results_dir))


@app.command(epilog="Example: python -m benchmarks scale-figure benchmarks/results/*-scale.json --output scale.png")
def scale_figure(
    result_files: Annotated[list[Path], typer.Argument(help="Files that python -m benchmarks scale wrote.")],
    output: Annotated[Path, typer.Option(help="The picture, PNG or SVG.")] = Path("scale.png"),
) -> None:
    """Draw time and peak memory against photos, log-log, with the slope of each line."""
    with needs_matplotlib("the figure"):
        from benchmarks.speed.scale.figure import draw
    draw(result_files, output)
    print(output)


@app.command(epilog="Example: python -m benchmarks profiles-figure --output profiles.png")
def profiles_figure(
    output: Annotated[Path, typer.Option(help="The picture, PNG or SVG.")] = Path("profiles.png"),
) -> None:
    """Draw where the time goes, before and after it was saved: the profiles of docs/measurements.md."""
    with needs_matplotlib("the figure"):
        from benchmarks.speed.profiles import draw
    draw(output)
    print(output)
