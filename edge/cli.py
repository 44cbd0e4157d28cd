"""The ``edge`` command: label images, inspect model files and measure how fast they run."""

from __future__ import annotations

import argparse
import json
import os
import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from edge import exits
from edge.classifier import Classifier
from edge.errors import DataError, ImageError, ModelError, UsageError
from edge.interpreter import RUNTIMES
from edge.modelfile import ModelFile
from edge.pipeline import available_cores, label_photos
from edge.selftest import run_self_test
from edge.sinks.jsonlines import JsonLinesSink
from edge.sinks.text import TextSink
from edge.sources.files import Skip, find_photos
from edge.types import LabelledPhoto

if TYPE_CHECKING:
    Commands = argparse._SubParsersAction[argparse.ArgumentParser]

MODEL_VARIABLE = "EDGE_MODEL"
_MODELS_FOLDER = Path("models")


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the ``edge`` command and return its exit code."""
    return exits.run("edge", lambda: _run(arguments))


def _run(arguments: Sequence[str] | None) -> int:
    options = _parser().parse_args(arguments)
    command: Callable[[argparse.Namespace], int] = options.command
    return command(options)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="edge", description="Label images on the device.")
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    label = _command(
        commands,
        "label",
        "Label image files, folders and globs.",
        "edge label --model models/flowers.tflite photos/ rose.jpg 'more/*.png'",
    )
    label.add_argument("paths", nargs="+", metavar="PATH", help="an image file, a folder, or a glob in quotes")
    label.add_argument("--top-k", type=_count, default=5, help="how many labels to show (default 5)")
    label.add_argument("--score-threshold", type=_fraction, default=0.0, help="leave out scores below this, 0 to 1")
    label.add_argument("--json", action="store_true", help="one JSON object a line")
    label.add_argument("--threads", type=_count, help="CPU threads (default: all cores)")
    label.add_argument("--model", help=f"the model file (default: ${MODEL_VARIABLE}, or the only one in models/)")
    label.set_defaults(command=_label)
    inspect = _command(
        commands,
        "inspect",
        "Show what a model file carries and run its self-test.",
        "edge inspect models/flowers.tflite",
    )
    inspect.add_argument("model", metavar="MODEL", help="the model file")
    inspect.add_argument("--json", action="store_true", help="one JSON object")
    inspect.set_defaults(command=_inspect)
    bench = _command(
        commands,
        "bench",
        "Measure how fast models run on this device.",
        "edge bench models/ --threads 1,4 --output bench.json",
    )
    bench.add_argument(
        "models", nargs="+", metavar="MODEL_OR_FOLDER", help="a model file, or a folder of .tflite files"
    )
    bench.add_argument(
        "--threads", action="extend", type=_counts, metavar="N,N", help="CPU threads (default: 1, and all cores)"
    )
    bench.add_argument(
        "--runtime",
        action="extend",
        type=_runtimes,
        metavar="NAME,NAME",
        help=f"interpreters, of {', '.join(RUNTIMES)} (default: all that are installed)",
    )
    bench.add_argument("--rounds", type=_count, default=5, help="how often each is measured anew (default 5)")
    bench.add_argument("--seconds", type=float, default=1.0, help="timed seconds of each in each round (default 1)")
    bench.add_argument("--photo", metavar="FILE.jpg", help="a photo to decode and label (default: a drawn one)")
    bench.add_argument("--output", metavar="FILE.json", help="write the results; a killed run goes on from there")
    bench.add_argument("--csv", metavar="FILE.csv", help="write the rows as CSV too")
    bench.add_argument("--json", action="store_true", help="the results as JSON instead of a table")
    bench.add_argument("--labels", help="label file of a model that carries none (not needed to measure)")
    bench.set_defaults(command=_bench)
    for command in (label, inspect):
        command.add_argument("--labels", help="label file of a model that carries none, one label a line")
        command.add_argument("--runtime", choices=RUNTIMES, help="which interpreter to use (default: the best here)")
    return parser


def _command(commands: Commands, name: str, text: str, example: str) -> argparse.ArgumentParser:
    return commands.add_parser(name, help=text, description=text, epilog=f"example: {example}")


def _count(text: str) -> int:
    if not text.isdecimal() or int(text) < 1:
        raise argparse.ArgumentTypeError(f"{text!r} is not a whole number of at least 1")
    return int(text)


def _counts(text: str) -> list[int]:
    return [_count(part.strip()) for part in text.split(",")]


def _runtimes(text: str) -> list[str]:
    names = [part.strip() for part in text.split(",")]
    for name in names:
        if name not in RUNTIMES:
            raise argparse.ArgumentTypeError(f"unknown runtime {name!r}; known are {', '.join(RUNTIMES)}")
    return names


def _fraction(text: str) -> float:
    try:
        value = float(text)
    except ValueError:
        value = -1.0
    if not 0 <= value <= 1:
        raise argparse.ArgumentTypeError(f"{text!r} is not a number from 0 to 1")
    return value


def _label(options: argparse.Namespace) -> int:
    model = ModelFile.load(_model_path(options.model), options.labels)
    labelled = skipped = 0

    def skip(path: Path, reason: str) -> None:
        nonlocal skipped
        if reason != "hidden":  # what hides is passed over in silence, as by ls
            skipped += 1
            print(f"edge: skipped {path}: {reason}", file=sys.stderr)

    single = len(options.paths) == 1 and os.path.isfile(options.paths[0])
    sink = JsonLinesSink(sys.stdout) if options.json else TextSink(sys.stdout, with_paths=not single)
    photos: Iterable[LabelledPhoto] = _one(model, options) if single else _many(model, options, skip)
    for photo in photos:
        if photo.error is not None:
            skip(photo.path, photo.error)
        labelled += photo.classification is not None
        sink.write(photo)
    if not single:
        print(f"edge: {labelled} labelled, {skipped} skipped", file=sys.stderr)
    if not labelled:
        raise DataError("no image was labelled; give image files or folders that hold some")
    return 0


def _one(model: ModelFile, options: argparse.Namespace) -> list[LabelledPhoto]:
    """One photo needs no pool: all threads go into the one inference."""
    path = Path(options.paths[0])
    classifier = Classifier(model, options.threads or available_cores(), options.runtime)
    try:
        return [LabelledPhoto(path, classifier.classify(path, options.top_k, options.score_threshold))]
    except ImageError as error:
        return [LabelledPhoto(path, None, str(error))]


def _many(model: ModelFile, options: argparse.Namespace, skip: Skip) -> Iterator[LabelledPhoto]:
    return label_photos(
        model,
        find_photos(options.paths, skip),
        threads=options.threads,
        runtime=options.runtime,
        top_k=options.top_k,
        score_threshold=options.score_threshold,
    )


def _model_path(argument: str | None) -> Path:
    named = argument or os.environ.get(MODEL_VARIABLE)
    if named:
        return Path(named)
    found = sorted(_MODELS_FOLDER.glob("*.tflite"))
    if len(found) == 1:
        return found[0]
    have = ", ".join(path.name for path in found) if found else "none"
    raise UsageError(f"which model? give --model FILE (in models/: {have})")


def _inspect(options: argparse.Namespace) -> int:
    model = ModelFile.load(options.model, options.labels)
    classifier = Classifier(model, 1, options.runtime)
    facts = _facts(model, classifier.runtime)
    result = run_self_test(classifier) if model.manifest else None
    facts["self_test"] = result and {
        "passed": result.passed,
        "largest_difference": round(result.largest_difference, 6),
        "tolerance": round(result.tolerance, 6),
    }
    if options.json:
        print(json.dumps(facts))
    else:
        facts["labels"] = ", ".join(model.labels[:10]) + (", ..." if len(model.labels) > 10 else "")
        facts["self_test"] = (
            f"{'passed' if result.passed else 'FAILED'} (largest difference {result.largest_difference:.4f}, "
            f"allowed {result.tolerance:.4f})"
            if result
            else "none: not exported by trainer retrain"
        )
        for name, value in facts.items():
            print(f"{name.replace('_', ' '):<22}{'not known' if value is None else value}")
    if result and not result.passed:
        raise ModelError(f"{options.model}: the self-test failed on {classifier.runtime}; do not use it here")
    return 0


def _facts(model: ModelFile, runtime: str) -> dict[str, Any]:
    manifest = model.manifest
    return {
        "architecture": manifest and manifest.architecture,
        "quantization": manifest and manifest.quantization,
        "labels": list(model.labels),
        "test_accuracy": manifest and manifest.accuracy,
        "test_photos": manifest and manifest.test_photos,
        "photos": manifest and manifest.photos,
        "training": manifest and manifest.training,
        "input": f"{model.input.dtype} {model.input.shape}",
        "output": f"{model.output.dtype} {model.output.shape}",
        "size_bytes": model.size_bytes,
        "sha256": model.sha256,
        "minimum_runtime": manifest and manifest.minimum_runtime,
        "runtime": runtime,
    }


def _bench(options: argparse.Namespace) -> int:
    from edge.bench.command import bench  # subprocess, csv and more, which a label never needs

    return bench(options)
