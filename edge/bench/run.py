"""The ``bench`` command: from arguments to measurements, a results file and a table."""

from __future__ import annotations

import argparse
import contextlib
import datetime
import hashlib
import re
import sys
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from edge.bench.board import board_state, describe_board
from edge.bench.command_line import command_line
from edge.bench.fastest import fastest_quantizations
from edge.bench.journal import Journal
from edge.bench.models import examine_models, find_models
from edge.bench.photo import draw_photo
from edge.bench.plan import BenchSettings, Configuration, Key, Task, all_configurations, choose_settings, interleave
from edge.bench.progress import Progress
from edge.bench.reference_table import reference_path, reference_table
from edge.bench.results import KIND, SCHEMA_VERSION, make_row, noise, to_csv, to_json
from edge.bench.standard.points import VERSION, model_file, standard_models
from edge.bench.standard.run import check_standard, standard_part
from edge.bench.table import format_table
from edge.bench.with_delegate import delegate_comparisons
from edge.bench.worker import MeasurementRequest
from edge.child_process import ask
from edge.errors import DataError, ImageError, UsageError
from edge.files import check_writable, write_output
from edge.inference.delegate import for_child
from edge.inference.delegate_trial import try_delegate
from edge.inference.interpreter import PACKAGES
from edge.inference.processor import check_processor
from edge.modelfile.labels import read_labels
from edge.modelfile.normalization import given_normalization
from edge.pictures.bounded_file import MAX_FILE_BYTES
from edge.preprocess import decode
from edge.regular_file import read_regular

PART_SUFFIX = ".part"
"""Added to the name of the results file: the file of the measurements until all are made."""

TIME_LIMIT_S = 180.0
"""A worker that takes longer than this and ten times the seconds asked for counts as hanging."""

COMMAND = (sys.executable, "-m", "edge.bench.worker")
"""Starts a worker."""

_MAX_ERROR = 300  # characters
# Results must not show the folders of the user. Those of Windows begin with a drive or with two slashes.
_FOLDERS = re.compile(r"(?<![\w.])(?:/(?:[^\s/'\"]+/)+|(?:[A-Za-z]:|\\)[\\/](?:[^\\/'\":*?<>|]+[\\/])*)")


def bench(options: argparse.Namespace) -> int:
    """Run the ``edge bench`` command with its parsed ``options``; returns the exit code.

    Raises the :class:`~edge.errors.EdgeError` of wrong arguments, and
    :class:`~edge.errors.DataError` if nothing could be measured.
    """
    check_standard(options)
    photo_name = Path(options.photo).name if options.photo else None
    settings = choose_settings(
        rounds=options.rounds,
        seconds=options.seconds,
        threads=options.threads,
        runtimes=options.runtime,
        photo=photo_name,
        delegate=options.delegate,
    )
    pixels = {"mean": options.mean, "std": options.std, "input_range": options.input_range}
    check_processor()
    if settings.delegate:
        try_delegate(settings.delegate)
    if options.standard:
        models = standard_models()
    else:
        models = examine_models(find_models(options.models), options.labels, given_normalization(**pixels))
    if options.labels:
        read_labels(Path(options.labels))
    photo = _read_photo(options.photo) if options.photo else draw_photo()
    for path, example in _outputs(options):
        check_writable(path, example=example)
    configurations = all_configurations(models, settings)
    board = describe_board()
    identity = {**settings.as_json(), "photo_sha256": hashlib.sha256(photo).hexdigest(), "board": board}
    identity |= {"standard": VERSION} if options.standard else {}
    start = {"date": datetime.date.today().isoformat(), "state": board_state()}
    part = Path(f"{options.output}{PART_SUFFIX}") if options.output else None
    with Journal(part, identity, start) as journal:
        answers = _measure(configurations, settings, photo, options.labels, pixels, journal)
        versions = board["versions"]
        rows = [
            make_row(
                configuration,
                versions.get(PACKAGES.get(configuration.runtime, configuration.runtime)),
                answers[configuration.key],
            )
            for configuration in configurations
        ]
        noise_found = noise(rows)
        more = standard_part(settings, options.soak_minutes, photo) if options.standard else {}
        results = {
            "schema_version": SCHEMA_VERSION,
            "kind": KIND,
            "date": journal.start["date"],
            "command": command_line(options),
            "board": board,
            "state_before": journal.start["state"],
            "state_after": board_state(),
            "settings": settings.as_json(),
            "noise": noise_found,
            "fastest": fastest_quantizations(rows, noise_found["resolution"]),
            "delegates": delegate_comparisons(rows, noise_found["resolution"]),
            **more,
            "rows": rows,
        }
        if options.csv:
            write_output(Path(options.csv), to_csv(rows).encode())
        if options.output:
            write_output(Path(options.output), to_json(results).encode())
            if options.standard:
                write_output(reference_path(options.output), reference_table(results).encode())
        journal.remove()
    sys.stdout.write(to_json(results) if options.json else format_table(results))
    if all(row["error"] is not None for row in rows):
        raise DataError("nothing could be measured; each row says why")
    return 0


def _outputs(options: argparse.Namespace) -> Iterator[tuple[Path, str]]:
    """The files that will be written, each with an example of its name.

    Raises :class:`~edge.errors.UsageError` if two of them are one.
    """
    found = []
    if options.output:
        found.append((Path(options.output), "bench.json"))
        if options.standard:
            found.append((reference_path(options.output), "bench-reference.csv"))
    if options.csv:
        found.append((Path(options.csv), "bench.csv"))
        if any(path.resolve() == found[-1][0].resolve() for path, _ in found[:-1]):
            raise UsageError(f"{options.csv} is written with other content too; choose another --csv")
    yield from found


def _read_photo(path: str) -> bytes:
    try:
        content = read_regular(Path(path), MAX_FILE_BYTES)
        decode(content)
    except OSError as error:
        raise ImageError(f"{path}: cannot read the photo ({error.strerror})") from None
    except ImageError as error:
        raise ImageError(f"{path}: {error}") from None
    return content


def _measure(
    configurations: Sequence[Configuration],
    settings: BenchSettings,
    photo: bytes,
    labels: str | None,
    pixels: dict[str, Any],
    journal: Journal,
) -> dict[Key, list[dict[str, Any]]]:
    """The workers' answers for each configuration, by its key, in the order of the rounds.

    After an error a configuration is skipped in the remaining rounds: it would crash or hang again.
    """
    answers: dict[Key, list[dict[str, Any]]] = {configuration.key: [] for configuration in configurations}
    tasks = interleave(
        [configuration for configuration in configurations if configuration.model.error is None], settings.rounds
    )
    with contextlib.ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="edge-bench-")))
        (folder / "photo").write_bytes(photo)
        progress = stack.enter_context(Progress(sys.stderr, len(tasks)))
        for task in tasks:
            so_far = answers[task.configuration.key]
            if so_far and "error" in so_far[-1]:
                progress.advance(measured=False)
                continue
            answer = journal.answer(task)
            progress.show(task.configuration.text)
            progress.advance(measured=answer is None)
            if answer is None:
                with model_file(task.configuration.model, folder) as path:
                    answer = run_worker(_request(task, path, settings, folder / "photo", labels, pixels))
                journal.add(task, answer)
            so_far.append(answer)
    return answers


def _request(
    task: Task, path: Path, settings: BenchSettings, photo: Path, labels: str | None, pixels: dict[str, Any]
) -> MeasurementRequest:
    model, runtime, threads, delegate = task.configuration
    return MeasurementRequest(
        path=str(path.resolve()),
        sha256=model.sha256,
        labels=str(Path(labels).resolve()) if labels else None,
        runtime=runtime,
        threads=threads,
        seconds=settings.seconds,
        photo=str(photo),
        time_limit_s=TIME_LIMIT_S + 10 * settings.seconds,
        pixels=pixels,
        delegate=for_child(delegate),
    )


def run_worker(request: MeasurementRequest) -> dict[str, Any]:
    """The answer of a fresh worker: that of :func:`edge.bench.worker.measure`, or ``{"error": "one line"}``.

    If the worker fails, the answer holds an error and nothing is raised (:func:`edge.child_process.ask`).
    """
    answer = ask(COMMAND, request._asdict(), time_limit_s=request.time_limit_s)
    return {"error": _short(answer["error"])} if "error" in answer else answer


def _short(reason: str) -> str:
    line = " ".join(_FOLDERS.sub("", reason).split())
    return line if len(line) <= _MAX_ERROR else line[: _MAX_ERROR - 3] + "..."
