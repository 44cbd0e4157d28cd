"""Time and memory: bottlenecks, labelling, retraining, the grid."""

from __future__ import annotations

import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Annotated

import typer

from benchmarks.commands.options import CacheDir, ImageDir, OneArchitecture, ResultsDir, Rounds, told
from benchmarks.results import FOLDER, result_path, save_results
from trainer.backbones.architectures import Architecture
from trainer.cache_folder import default_bottleneck_dir
from trainer.photos.folder import list_photos
from trainer.retraining.options import RetrainOptions
from trainer.retraining.retrain_all import retrain_all
from trainer.terminal.progress_bars import TerminalProgress

app = typer.Typer()


@app.command(epilog="Example: python -m benchmarks bottlenecks flower_photos --architecture mobilenet_1.0_224")
def bottlenecks(
    image_dir: ImageDir,
    architecture: OneArchitecture = "mobilenet_1.0_224",
    rounds: Annotated[int, typer.Option(help="The number of runs of each, in turn.")] = 3,
    results_dir: ResultsDir = FOLDER,
    bottleneck_dir: CacheDir = None,
) -> None:
    """Compare bottlenecks a second with those of Keras (float32, batches of 32 from tf.data)."""
    from benchmarks.speed.bottleneck_speed import compare

    row = compare(
        image_dir,
        Architecture.parse(architecture),
        rounds,
        bottleneck_dir or default_bottleneck_dir(),
        TerminalProgress(""),
    )
    command = f"python -m benchmarks bottlenecks PHOTOS --architecture {architecture} --rounds {rounds}"
    print(save_results("bottlenecks", command, [row], results_dir))


@app.command(epilog="Example: python -m benchmarks peers flower_photos --architecture mobilenet_1.0_224")
def peers(
    image_dir: ImageDir,
    architecture: Annotated[
        list[str] | None,
        typer.Option(help="An architecture; may be repeated (default: mobilenet_1.0_224 and mobilenet_0.25_128)."),
    ] = None,
    rounds: Rounds = 3,
    results_dir: ResultsDir = FOLDER,
    bottleneck_dir: CacheDir = None,
) -> None:
    """Compare the time of labelling with MediaPipe Tasks, OpenCV DNN, a bare interpreter and Keras predict."""
    from benchmarks.speed.peer_runs import PEERS, environment, run_peers

    progress = TerminalProgress("")
    with progress.stage("environments", len(PEERS)) as advance:
        for peer in PEERS:
            environment(peer)
            advance(1)
    photos = [file.path for file in list_photos(image_dir).files]
    rows = []
    with tempfile.TemporaryDirectory() as scratch:
        for name in architecture or ["mobilenet_1.0_224", "mobilenet_0.25_128"]:
            options = RetrainOptions(
                folder=image_dir,
                output=Path(scratch) / f"{name}.tflite",
                bottleneck_dir=bottleneck_dir or default_bottleneck_dir(),
                architecture=Architecture.parse(name),
                quantizations=("int8", "float32"),
            )
            models = {model.backbone.quantization: model.path for model in retrain_all(options, progress)}
            rows += run_peers(models, photos, rounds, progress)
    print(save_results("peers", f"python -m benchmarks peers PHOTOS --rounds {rounds}", rows, results_dir))


@app.command("retrain", epilog="Example: python -m benchmarks retrain flower_photos --keras")
def retrain_command(
    image_dir: ImageDir,
    architecture: OneArchitecture = "mobilenet_1.0_224",
    rounds: Rounds = 3,
    keras: Annotated[bool, typer.Option("--keras", help="Run a plain Keras script on the same split too.")] = False,
    results_dir: ResultsDir = FOLDER,
) -> None:
    """Compare the time of a first, a cold and a second retrain with decoding and inference alone."""
    from benchmarks.speed.retrain_runs import compare

    row = compare(image_dir, Architecture.parse(architecture), rounds, keras, TerminalProgress(""))
    command = f"python -m benchmarks retrain PHOTOS --architecture {architecture} --rounds {rounds}"
    print(save_results("retrain", command + " --keras" * keras, [row], results_dir))


@app.command("codelab", epilog="Example: python -m benchmarks codelab flower_photos --rounds 2")
def codelab_command(
    image_dir: ImageDir,
    architecture: Annotated[
        list[str] | None,
        typer.Option(help="An architecture; may be repeated (default: mobilenet_0.25_128 and mobilenet_1.0_224)."),
    ] = None,
    rounds: Rounds = 3,
    results_dir: ResultsDir = FOLDER,
) -> None:
    """Compare the time of trainer retrain with that of the loop of TensorFlow for Poets, written anew."""
    from benchmarks.speed.codelab_runs import compare

    named = architecture or ["mobilenet_0.25_128", "mobilenet_1.0_224"]
    rows = compare(image_dir, [Architecture.parse(name) for name in named], rounds, TerminalProgress(""))
    options = told(named)
    print(save_results("codelab", f"python -m benchmarks codelab PHOTOS{options} --rounds {rounds}", rows, results_dir))


@app.command("tuning-speed", epilog="Example: python -m benchmarks tuning-speed flower_photos --rounds 3")
def tuning_speed_command(
    image_dir: ImageDir,
    architecture: OneArchitecture = "mobilenet_0.25_224",
    rounds: Rounds = 3,
    epochs: Annotated[int, typer.Option(min=2, help="The epochs of each run; the first is not counted.")] = 4,
    results_dir: ResultsDir = FOLDER,
    bottleneck_dir: CacheDir = None,
) -> None:
    """Compare photos a second of fine-tuning with those of a plain Keras loop with tf.data, flips, zoom and light."""
    from benchmarks.speed.tuning_speed import compare

    parsed, cache = Architecture.parse(architecture), bottleneck_dir or default_bottleneck_dir()
    row = compare(image_dir, parsed, rounds, epochs, cache, TerminalProgress(""))
    command = (
        f"python -m benchmarks tuning-speed PHOTOS --architecture {architecture} --rounds {rounds} --epochs {epochs}"
    )
    print(save_results(f"tuning-speed-{architecture}", command, [row], results_dir))


@app.command(epilog="Example: python -m benchmarks steps flower_photos --architecture mobilenet_0.25_224 --epochs 40")
def steps(
    image_dir: ImageDir,
    architecture: OneArchitecture = "mobilenet_1.0_224",
    epochs: Annotated[int, typer.Option(help="Epochs of fine-tuning; 0: none.")] = 15,
    results_dir: ResultsDir = FOLDER,
) -> None:
    """Measure time and peak memory of each step: bottlenecks, head, augmented copies, report, fine-tuning."""
    from benchmarks.speed.steps import measure

    rows = measure(image_dir, Architecture.parse(architecture), epochs, TerminalProgress(""))
    command = f"python -m benchmarks steps PHOTOS --architecture {architecture} --epochs {epochs}"
    print(save_results(f"steps-{architecture}", command, rows, results_dir))


@app.command(epilog="Example: python -m benchmarks stages flower_photos --architecture mobilenet_0.25_128")
def stages(
    image_dir: ImageDir,
    architecture: OneArchitecture = "mobilenet_1.0_224",
    rounds: Rounds = 3,
    results_dir: ResultsDir = FOLDER,
) -> None:
    """Measure where the time of a retrain goes that finds nothing cached, stage by stage."""
    from benchmarks.speed.stages import measure

    rows = measure(image_dir, Architecture.parse(architecture), rounds)
    command = f"python -m benchmarks stages PHOTOS --architecture {architecture} --rounds {rounds}"
    print(save_results(f"stages-{architecture}", command, rows, results_dir))


@app.command(epilog="Example: python -m benchmarks memory flower_photos --copies 1 --copies 10")
def memory(
    image_dir: ImageDir,
    architecture: OneArchitecture = "mobilenet_0.25_128",
    copies: Annotated[
        list[int] | None, typer.Option(help="The number of copies of each photo; may be repeated (default: 1 and 10).")
    ] = None,
    results_dir: ResultsDir = FOLDER,
) -> None:
    """Measure the peak memory of trainer bottlenecks for more and more photos."""
    from benchmarks.speed.memory import measure

    rows = measure(image_dir, Architecture.parse(architecture), copies or [1, 10], TerminalProgress(""))
    print(
        save_results("memory", f"python -m benchmarks memory PHOTOS --architecture {architecture}", rows, results_dir)
    )


@app.command("grid", epilog="Example: python -m benchmarks grid flower_photos")
def grid_command(
    image_dir: Annotated[
        Path | None, typer.Argument(help="A folder of photos to retrain on (default: heads stay untrained).")
    ] = None,
    grid_dir: Annotated[Path, typer.Option(help="The folder of the grid's models.")] = Path("grid"),
    rounds: Annotated[int, typer.Option(help="The number of measurements of each model.")] = 4,
    seconds: Annotated[float, typer.Option(help="The time of each measurement, in seconds.")] = 0.5,
    runtime: Annotated[str | None, typer.Option(help="The interpreter (default: each one installed).")] = None,
    results_dir: ResultsDir = FOLDER,
    bottleneck_dir: CacheDir = None,
) -> None:
    """Build the 16 architectures in int8 and float32 and measure them with edge bench."""
    build = ["trainer", "grid", "build", str(grid_dir), *([str(image_dir)] if image_dir else [])]
    build += ["--bottleneck-dir", str(bottleneck_dir or default_bottleneck_dir())]
    path = result_path("grid", results_dir)
    bench = ["edge", "bench", str(grid_dir), "--rounds", str(rounds), "--seconds", str(seconds), "--output", str(path)]
    bench += ["--runtime", runtime] if runtime else []
    for program, *arguments in (build, bench):
        code = subprocess.run([sys.executable, "-m", program, *arguments]).returncode
        if code:
            raise SystemExit(code)
    print(path)
