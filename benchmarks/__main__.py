"""``python -m benchmarks``: every measurement that the README and the docs quote, one command each."""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Annotated

import typer

from benchmarks.results import FOLDER, result_path, save_results
from edge import exits
from edge.errors import ConfigurationError, DataError
from trainer.architectures import Architecture, grid
from trainer.cli import default_cache
from trainer.dataset import list_photos
from trainer.progress import Stages
from trainer.retrain import RetrainOptions, retrain
from trainer.tuning_job import DEFAULT_FROM_BLOCK, Recipe, peak_rate
from trainer.weights import keras_cache_file

app = typer.Typer(
    help="Measure the trainer and the edge package.", no_args_is_help=True, pretty_exceptions_enable=False
)

ImageDir = Annotated[Path, typer.Argument(help="A folder that has one folder of photos for each class.")]
ResultsDir = Annotated[Path, typer.Option(help="Where the result file goes.")]
CacheDir = Annotated[Path | None, typer.Option(help="The bottleneck cache (default: the trainer's own).")]


def _points(names: list[str] | None) -> list[Architecture]:
    """The points named, or all that Keras has weights for."""
    named = [Architecture.parse(name) for name in names or []]
    return named or [point for point in grid() if keras_cache_file(point).is_file()]


@app.command(epilog="Example: python -m benchmarks accuracy flower_photos --seeds 5")
def accuracy(
    image_dir: ImageDir,
    architecture: Annotated[list[str] | None, typer.Option(help="Default: all that Keras has weights for.")] = None,
    seeds: Annotated[int, typer.Option(help="How many splits.")] = 1,
    results_dir: ResultsDir = FOLDER,
    bottleneck_dir: CacheDir = None,
) -> None:
    """Compare float head, whole-model int8 conversion and ours on the same 30 % test split."""
    from benchmarks.accuracy import compare

    points = _points(architecture)
    rows = compare(image_dir, points, list(range(seeds)), bottleneck_dir or default_cache(), Stages())
    print(save_results("accuracy", f"python -m benchmarks accuracy PHOTOS --seeds {seeds}", rows, results_dir))


@app.command(epilog="Example: python -m benchmarks calibration flower_photos --seeds 5")
def calibration(
    image_dir: ImageDir,
    architecture: Annotated[list[str] | None, typer.Option(help="Default: all that Keras has weights for.")] = None,
    seeds: Annotated[int, typer.Option(help="How many splits.")] = 5,
    results_dir: ResultsDir = FOLDER,
    bottleneck_dir: CacheDir = None,
) -> None:
    """Measure how honest the scores are, and what the recommended threshold is worth, on 30 % test splits."""
    from benchmarks.calibration import measure

    points = _points(architecture)
    rows = measure(image_dir, points, list(range(seeds)), bottleneck_dir or default_cache(), Stages())
    print(save_results("calibration", f"python -m benchmarks calibration PHOTOS --seeds {seeds}", rows, results_dir))


@app.command(epilog="Example: python -m benchmarks augment flower_photos --seeds 5")
def augment(
    image_dir: ImageDir,
    architecture: Annotated[list[str] | None, typer.Option(help="Default: all that Keras has weights for.")] = None,
    seeds: Annotated[int, typer.Option(help="How many splits.")] = 1,
    variants: Annotated[int, typer.Option(help="How many variants of each training photo.")] = 4,
    results_dir: ResultsDir = FOLDER,
    bottleneck_dir: CacheDir = None,
) -> None:
    """Compare heads on the photos alone and on variants of them too, int8 and float32, 30 % test split."""
    from benchmarks.augment import compare, summary

    points, cache = _points(architecture), bottleneck_dir or default_cache()
    rows = compare(image_dir, points, list(range(seeds)), variants, cache, Stages())
    print("\n".join(summary(rows)))
    command = f"python -m benchmarks augment PHOTOS --seeds {seeds} --variants {variants}"
    print(save_results("augment", command, rows, results_dir))


@app.command(epilog="Example: python -m benchmarks unknown flower_photos --seeds 5")
def unknown(
    image_dir: ImageDir,
    architecture: Annotated[list[str] | None, typer.Option(help="Default: 0.25_224 and 1.0_224.")] = None,
    seeds: Annotated[int, typer.Option(help="How many splits.")] = 1,
    results_dir: ResultsDir = FOLDER,
    bottleneck_dir: CacheDir = None,
) -> None:
    """Leave each class out in turn: is it told from the others better by the gate than by the best score?"""
    from benchmarks.unknown import measure, summary

    points = [Architecture.parse(name) for name in architecture or ["mobilenet_0.25_224", "mobilenet_1.0_224"]]
    rows = measure(image_dir, points, list(range(seeds)), bottleneck_dir or default_cache(), Stages())
    print("\n".join(summary(rows)))
    print(save_results("unknown", f"python -m benchmarks unknown PHOTOS --seeds {seeds}", rows, results_dir))


@app.command("fine-tune", epilog="Example: python -m benchmarks fine-tune flower_photos --seeds 5")
def fine_tune(
    image_dir: ImageDir,
    architecture: Annotated[str, typer.Option(help="Which point of the grid.")] = "mobilenet_0.25_224",
    seeds: Annotated[int, typer.Option(help="How many splits.")] = 1,
    epochs: Annotated[int, typer.Option(help="As trainer retrain --fine-tune.")] = 40,
    from_block: Annotated[int, typer.Option(help="As trainer retrain --fine-tune-from.")] = DEFAULT_FROM_BLOCK,
    results_dir: ResultsDir = FOLDER,
    bottleneck_dir: CacheDir = None,
) -> None:
    """Compare head only with fine-tuned, as int8 and float32 files, on the same 30 % test splits."""
    from benchmarks.fine_tuning import compare

    point, cache = Architecture.parse(architecture), bottleneck_dir or default_cache()
    recipe = Recipe(epochs, from_block, learning_rate=peak_rate(point.alpha)).check()
    rows = compare(image_dir, point, recipe, list(range(seeds)), cache, Stages())
    command = f"python -m benchmarks fine-tune PHOTOS --architecture {architecture} --seeds {seeds}"
    command += f" --epochs {epochs} --from-block {from_block}"
    print(save_results(f"fine-tune-{architecture}", command, rows, results_dir))


@app.command(epilog="Example: python -m benchmarks bottlenecks flower_photos --architecture mobilenet_1.0_224")
def bottlenecks(
    image_dir: ImageDir,
    architecture: Annotated[str, typer.Option(help="Which point of the grid.")] = "mobilenet_1.0_224",
    rounds: Annotated[int, typer.Option(help="How often both run, in turn.")] = 3,
    results_dir: ResultsDir = FOLDER,
    bottleneck_dir: CacheDir = None,
) -> None:
    """Compare bottlenecks a second with Keras float batches of 32 fed by tf.data."""
    from benchmarks.bottleneck_speed import compare

    row = compare(image_dir, Architecture.parse(architecture), rounds, bottleneck_dir or default_cache(), Stages())
    command = f"python -m benchmarks bottlenecks PHOTOS --architecture {architecture} --rounds {rounds}"
    print(save_results("bottlenecks", command, [row], results_dir))


@app.command(epilog="Example: python -m benchmarks peers flower_photos --architecture mobilenet_1.0_224")
def peers(
    image_dir: ImageDir,
    architecture: Annotated[list[str] | None, typer.Option(help="Default: 1.0_224 and 0.25_128.")] = None,
    rounds: Annotated[int, typer.Option(help="How often each runs, in turn.")] = 3,
    results_dir: ResultsDir = FOLDER,
    bottleneck_dir: CacheDir = None,
) -> None:
    """Compare labelling with MediaPipe Tasks, OpenCV DNN, a bare interpreter and Keras predict."""
    from benchmarks.peer_runs import PEERS, environment, run_peers

    stages = Stages()
    with stages.stage("environments", len(PEERS)) as advance:
        for peer in PEERS:
            environment(peer)
            advance(1)
    photos = [candidate.path for candidate in list_photos(image_dir).candidates]
    rows = []
    with tempfile.TemporaryDirectory() as scratch:
        for name in architecture or ["mobilenet_1.0_224", "mobilenet_0.25_128"]:
            options = RetrainOptions(
                image_dir=image_dir,
                output=Path(scratch) / f"{name}.tflite",
                cache=bottleneck_dir or default_cache(),
                architecture=Architecture.parse(name),
                quantizations=("int8", "float32"),
            )
            models = {model.backbone.quantization: model.path for model in retrain(options, stages)}
            rows += run_peers(models, photos, rounds, stages)
    print(save_results("peers", f"python -m benchmarks peers PHOTOS --rounds {rounds}", rows, results_dir))


@app.command("retrain", epilog="Example: python -m benchmarks retrain flower_photos --keras")
def retrain_command(
    image_dir: ImageDir,
    architecture: Annotated[str, typer.Option(help="Which point of the grid.")] = "mobilenet_1.0_224",
    rounds: Annotated[int, typer.Option(help="How often each runs, in turn.")] = 3,
    keras: Annotated[bool, typer.Option("--keras", help="Also run a plain Keras script on the same split.")] = False,
    results_dir: ResultsDir = FOLDER,
) -> None:
    """Time a first, a cold and a second retrain against decoding and inference alone."""
    from benchmarks.retrain_runs import compare

    row = compare(image_dir, Architecture.parse(architecture), rounds, keras, Stages())
    command = f"python -m benchmarks retrain PHOTOS --architecture {architecture} --rounds {rounds}"
    print(save_results("retrain", command + " --keras" * keras, [row], results_dir))


@app.command(epilog="Example: python -m benchmarks memory flower_photos --copies 1 --copies 10")
def memory(
    image_dir: ImageDir,
    architecture: Annotated[str, typer.Option(help="Which point of the grid.")] = "mobilenet_0.25_128",
    copies: Annotated[list[int] | None, typer.Option(help="How many copies of every photo; may be repeated.")] = None,
    results_dir: ResultsDir = FOLDER,
) -> None:
    """Measure the peak memory of trainer bottlenecks as photos grow."""
    from benchmarks.memory import measure

    rows = measure(image_dir, Architecture.parse(architecture), copies or [1, 10], Stages())
    print(
        save_results("memory", f"python -m benchmarks memory PHOTOS --architecture {architecture}", rows, results_dir)
    )


@app.command(epilog="Example: python -m benchmarks stream --seconds 60 --faults 50")
def stream(
    seconds: Annotated[float, typer.Option(help="How long frames are labelled for freshness.")] = 60.0,
    faults: Annotated[int, typer.Option(help="How many faults are injected.", min=2)] = 50,
    results_dir: ResultsDir = FOLDER,
) -> None:
    """Measure how fresh labelled frames of a stream are, and how labelling resumes after faults."""
    from benchmarks import stream as measure

    stages = Stages()
    rows = [measure.freshness(seconds, 2.0, stages), *measure.faults(faults, stages)]
    command = f"python -m benchmarks stream --seconds {seconds:g} --faults {faults}"
    print(save_results("stream", command, rows, results_dir))


@app.command("grid", epilog="Example: python -m benchmarks grid flower_photos")
def grid_command(
    image_dir: Annotated[Path | None, typer.Argument(help="Photos to retrain on; else heads stay untrained.")] = None,
    grid_dir: Annotated[Path, typer.Option(help="Where the grid's models go.")] = Path("grid"),
    rounds: Annotated[int, typer.Option(help="How often every model is measured.")] = 4,
    seconds: Annotated[float, typer.Option(help="How long each measurement takes.")] = 0.5,
    runtime: Annotated[str | None, typer.Option(help="Which interpreter (default: every one installed).")] = None,
    results_dir: ResultsDir = FOLDER,
    bottleneck_dir: CacheDir = None,
) -> None:
    """Build the 16 points in int8 and float32 and measure them with edge bench."""
    build = ["trainer", "grid", "build", str(grid_dir), *([str(image_dir)] if image_dir else [])]
    build += ["--bottleneck-dir", str(bottleneck_dir or default_cache())]
    path = result_path("grid", results_dir)
    bench = ["edge", "bench", str(grid_dir), "--rounds", str(rounds), "--seconds", str(seconds), "--output", str(path)]
    bench += ["--runtime", runtime] if runtime else []
    for program, *arguments in (build, bench):
        code = subprocess.run([sys.executable, "-m", program, *arguments]).returncode
        if code:
            raise SystemExit(code)
    print(path)


@app.command(epilog="Example: python -m benchmarks report benchmarks/results/*-grid.json --output report")
def report(
    bench_files: Annotated[list[Path], typer.Argument(help="Files written by edge bench, one a board.")],
    output: Annotated[Path, typer.Option(help="Folder for the page and the figures.")] = Path("report"),
) -> None:
    """Draw figures and one self-contained page from one or several bench files."""
    try:
        from benchmarks.report import write_report
    except ModuleNotFoundError as error:
        if error.name != "matplotlib":
            raise
        raise ConfigurationError("the report needs matplotlib: pip install 'edge-for-poets[benchmarks]'") from None
    for path in write_report(bench_files, output):
        print(path)


@app.command(epilog="Example: python -m benchmarks watch models/flowers.tflite --soak-minutes 10")
def watch(
    model: Annotated[Path, typer.Argument(help="The model file.")],
    labels: Annotated[Path | None, typer.Option(help="Label file of a model that carries none.")] = None,
    fps: Annotated[list[float] | None, typer.Option(help="Of the stream; may be repeated. Default: 30 and 90.")] = None,
    rounds: Annotated[int, typer.Option(help="How often each runs, in turn.")] = 3,
    seconds: Annotated[float, typer.Option(help="How long each run is measured.")] = 10.0,
    soak_minutes: Annotated[float, typer.Option(help="How long it then runs without a break; 0: not at all.")] = 0.0,
    results_dir: ResultsDir = FOLDER,
) -> None:
    """Compare edge watch with a bare loop of OpenCV and interpreter: frames a second, cold start; and a soak."""
    from benchmarks.watch import Subject, compare_cold_starts, compare_rates, soak

    subject, stages, rates = Subject(model, labels), Stages(), fps or [30.0, 90.0]
    rows = [compare_rates(subject, rate, rounds, seconds, stages) for rate in rates]
    rows.append(compare_cold_starts(subject, rounds, stages))
    if soak_minutes:
        rows.append(soak(subject, max(rates), soak_minutes, stages))
    command = f"python -m benchmarks watch MODEL --rounds {rounds} --seconds {seconds:g}"
    command += "".join(f" --fps {rate:g}" for rate in rates)
    command += f" --soak-minutes {soak_minutes:g}" if soak_minutes else ""
    print(save_results("watch", command, rows, results_dir))


@app.command("label-errors", epilog="Example: python -m benchmarks label-errors flower_photos --seeds 3")
def label_errors(
    image_dir: ImageDir,
    architecture: Annotated[str, typer.Option(help="Which point of the grid.")] = "mobilenet_0.25_224",
    share: Annotated[float, typer.Option(help="Share of the labels that are flipped.")] = 0.2,
    seeds: Annotated[int, typer.Option(help="How often, each time others.")] = 1,
    results_dir: ResultsDir = FOLDER,
    bottleneck_dir: CacheDir = None,
) -> None:
    """Flip labels at random and count how many of the report's first suspects are flipped ones."""
    from benchmarks.label_errors import measure

    point = Architecture.parse(architecture)
    rows = measure(image_dir, point, share, seeds, bottleneck_dir or default_cache(), Stages())
    command = f"python -m benchmarks label-errors PHOTOS --share {share:g} --seeds {seeds}"
    print(save_results("label-errors", command, rows, results_dir))


@app.command(epilog="Example: python -m benchmarks overhead models/flowers.tflite")
def overhead(
    model: Annotated[Path, typer.Argument(help="The model file.")],
    runtime: Annotated[str | None, typer.Option(help="Which interpreter (default: the best here).")] = None,
) -> None:
    """Compare edge bench's timed loop with a bare invoke() loop, alternating in one process."""
    from benchmarks.overhead import compare

    print(json.dumps(compare(model, runtime)))


@app.command(epilog="Example: python -m benchmarks faults")
def faults(
    over_ssh: Annotated[
        bool, typer.Option("--over-ssh", help="Instead those of trainer flash over a real SSH server; needs sshd.")
    ] = False,
    results_dir: ResultsDir = FOLDER,
) -> None:
    """Inject some 700 faults into the store and print what each kind did, as a table; needs strace, better root."""
    from benchmarks.faults import over_ssh as ssh
    from benchmarks.faults import run
    from benchmarks.faults.run import as_table, count_by_kind

    outcomes = (ssh if over_ssh else run).inject_all(Stages())
    rows = count_by_kind(outcomes)
    name, flag = ("faults-over-ssh", " --over-ssh") if over_ssh else ("faults", "")
    path = save_results(name, f"python -m benchmarks faults{flag}", rows, results_dir)
    print(f"{as_table(rows)}\n\n{path}")
    broken = sum(outcome.violation is not None for outcome in outcomes)
    if broken:
        raise DataError(f"{broken} of {len(outcomes)} faults broke a promise; they are named above")


if __name__ == "__main__":
    sys.exit(exits.run("benchmarks", app))
