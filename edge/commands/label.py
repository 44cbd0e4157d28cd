"""``edge label``: photos, folders and patterns."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from edge.commands.arguments import (
    add_answer_options,
    add_command,
    add_model,
    add_model_options,
    count,
    model_path,
    pixel_options,
)
from edge.commands.delegate_options import delegate_choice
from edge.commands.label_output import JsonLinesWriter, TextWriter
from edge.errors import DataError, ImageError
from edge.inference.classifier import Classifier
from edge.inference.delegate import DelegateChoice
from edge.inference.label_photos import label_photos
from edge.messages import print_message
from edge.modelfile.model_file import ModelFile
from edge.parallel import available_cores
from edge.skipped_files import SkippedCounter
from edge.sources.files import UNNAMED, Skip, find_photos
from edge.system.drives import ask_drive, with_limit
from edge.system.signals import interrupted_at_once
from edge.types import LabelledPhoto

if TYPE_CHECKING:
    from edge.commands.arguments import Commands


def add(commands: Commands) -> None:
    """Add the command to ``commands``."""
    label = add_command(
        commands,
        "label",
        "Label photos: files, folders, or all that a pattern such as '*.jpg' names.",
        "edge label --model models/flowers.tflite photos/ rose.jpg 'more/*.png'",
    )
    label.add_argument(
        "paths", nargs="+", metavar="PATH", help="a photo, a folder, or a pattern in quotes, such as '*.jpg'"
    )
    add_answer_options(label, "photo")
    label.add_argument("--json", action="store_true", help="print one JSON object for each photo")
    label.add_argument("--threads", type=count, help="number of CPU threads (default: all cores)")
    add_model(label)
    add_model_options(label)
    label.set_defaults(command=_label)


def _label(options: argparse.Namespace) -> int:
    model = ModelFile.load(model_path(options.model), options.labels, **pixel_options(options))
    delegate = delegate_choice(options)
    for line in (*model.messages(), *_tried(delegate, model, options)):
        print_message(line)
    labelled, skipped = 0, SkippedCounter()

    def skip(path: Path, reason: str) -> None:
        if reason not in UNNAMED and skipped.add(reason):
            print_message(f"skipped {path}: {reason}")

    single = len(options.paths) == 1 and ask_drive(options.paths[0], lambda: os.path.isfile(options.paths[0]))
    writer = JsonLinesWriter(sys.stdout) if options.json else TextWriter(sys.stdout, with_paths=not single)
    photos: Iterable[LabelledPhoto] = (
        _one(model, delegate, options) if single else _many(model, delegate, options, skip)
    )
    if delegate is not None:
        photos = _first_at_once(iter(photos))
    for photo in photos:
        if photo.error is not None:
            skip(photo.path, photo.error)
        labelled += photo.classification is not None
        writer.write(photo)
    for message in skipped.unnamed():
        print_message(message)
    if not single:
        print_message(f"{labelled} labelled, {skipped.total} skipped")
    if not labelled:
        raise DataError(f"no image was labelled; give image files, or folders with image files{_near(options.paths)}")
    return 0


def _near(paths: list[str]) -> str:
    """A file whose name is nearly that of the only one of ``paths``, if nothing is there; for the end of a message."""
    if len(paths) > 1 or ask_drive(paths[0], lambda: os.path.lexists(paths[0])):
        return ""
    from edge.missing_path import near_name  # it is needed for a mistake alone

    return near_name(paths[0])


def _tried(delegate: DelegateChoice | None, model: ModelFile, options: argparse.Namespace) -> list[str]:
    """Try ``delegate`` once, before many workers have it; returns what to say of it."""
    if delegate is None:
        return []
    from edge.inference.delegate_trial import idle_lines, try_with_model

    return idle_lines(delegate, try_with_model(delegate, model, runtime=options.runtime, reject=options.reject))


def _first_at_once(photos: Iterator[LabelledPhoto]) -> Iterator[LabelledPhoto]:
    """``photos``, whose labels a delegate computes: until the first one comes, it may hang so that Python does too."""
    with interrupted_at_once():
        first = next(photos, None)
    if first is not None:
        yield first
        yield from photos


def _one(model: ModelFile, delegate: DelegateChoice | None, options: argparse.Namespace) -> Iterator[LabelledPhoto]:
    """One photo needs no pool of workers: all threads compute its inference."""
    path = Path(options.paths[0])
    classifier = Classifier(
        model,
        threads=options.threads or available_cores(),
        runtime=options.runtime,
        reject=options.reject,
        delegate=delegate,
    )
    try:
        found = with_limit(
            lambda: classifier.classify(path, top_k=options.top_k, score_threshold=options.score_threshold)
        )
        yield LabelledPhoto(path, found)
    except ImageError as error:
        yield LabelledPhoto(path, None, str(error))


def _many(
    model: ModelFile, delegate: DelegateChoice | None, options: argparse.Namespace, skip: Skip
) -> Iterator[LabelledPhoto]:
    return label_photos(
        model,
        find_photos(options.paths, skip),
        threads=options.threads,
        runtime=options.runtime,
        top_k=options.top_k,
        score_threshold=options.score_threshold,
        reject=options.reject,
        delegate=delegate,
    )
