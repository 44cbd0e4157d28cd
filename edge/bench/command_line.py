"""The command that a results file names."""

from __future__ import annotations

import argparse
from pathlib import Path


def command_line(options: argparse.Namespace) -> str:
    """The ``edge bench`` of ``options`` as it could be repeated, without the folders of the files."""
    words = ["edge", "bench", *(_name(path) for path in options.models)]
    if options.standard:
        words += ["--standard", "--soak-minutes", f"{options.soak_minutes:g}"]
    if options.threads:
        words += ["--threads", ",".join(map(str, options.threads))]
    if options.runtime:
        words += ["--runtime", ",".join(options.runtime)]
    if options.delegate:
        words += ["--delegate", options.delegate.name]
        for pair in options.delegate.words:
            words += ["--delegate-option", pair]
    words += ["--rounds", str(options.rounds), "--seconds", f"{options.seconds:g}"]
    for option in ("photo", "labels", "output", "csv"):
        if getattr(options, option):
            words += [f"--{option}", _name(getattr(options, option))]
    for option in ("mean", "std", "input_range"):
        if getattr(options, option):
            words.append(f"--{option.replace('_', '-')}={','.join(f'{x:g}' for x in getattr(options, option))}")
    return " ".join(words)


def _name(path: str) -> str:
    return Path(path).name or "."
