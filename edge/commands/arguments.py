"""What the subcommands of ``edge`` have in common: their form, the types of arguments and the choice of the model."""

from __future__ import annotations

import argparse
import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from edge.errors import UsageError
from edge.inference.interpreter import RUNTIMES

if TYPE_CHECKING:
    Commands = argparse._SubParsersAction[argparse.ArgumentParser]

MODEL_VARIABLE = "EDGE_MODEL"
_MODELS_FOLDER = Path("models")


def add_command(commands: Commands, name: str, text: str, example: str) -> argparse.ArgumentParser:
    """Add the subcommand ``name``, described by ``text``; its help ends with an ``example`` that works."""
    return commands.add_parser(name, help=text, description=text, epilog=f"example: {example}")


def add_model_options(parser: argparse.ArgumentParser) -> None:
    """Add ``--labels`` and ``--runtime``, which say how a model file is loaded."""
    parser.add_argument("--labels", help="label file for a model that carries none, one label a line")
    parser.add_argument(
        "--runtime",
        choices=RUNTIMES,
        help="interpreter (default: $EDGE_RUNTIME, else the first that is installed)",
    )


def add_model(parser: argparse.ArgumentParser) -> None:
    """Add ``--model``, which :func:`model_path` resolves."""
    parser.add_argument(
        "--model",
        help=f"the model file (default: ${MODEL_VARIABLE}, else the store's current one, else the only one in models/)",
    )


def count(text: str) -> int:
    """An argument that is a whole number of at least 1."""
    if not text.isdecimal() or int(text) < 1:
        raise argparse.ArgumentTypeError(f"{text!r} is not a whole number of at least 1")
    return int(text)


def counts(text: str) -> list[int]:
    """An argument of several counts: ``1,4``."""
    return [count(part.strip()) for part in text.split(",")]


def runtimes(text: str) -> list[str]:
    """An argument of several interpreters, of :data:`edge.inference.interpreter.RUNTIMES`."""
    names = [part.strip() for part in text.split(",")]
    for name in names:
        if name not in RUNTIMES:
            raise argparse.ArgumentTypeError(f"unknown runtime {name!r}; known are {', '.join(RUNTIMES)}")
    return names


def fraction(text: str) -> float:
    """An argument that is a number from 0 to 1."""
    return _number(text, 1, "a number from 0 to 1")


def seconds(text: str) -> float:
    """An argument that is a time in seconds, 0 or more."""
    return _number(text, sys.float_info.max, "a number of seconds, 0 or more")


def _number(text: str, largest: float, what: str) -> float:
    try:
        value = float(text)
    except ValueError:
        value = -1.0
    if not 0 <= value <= largest:
        raise argparse.ArgumentTypeError(f"{text!r} is not {what}")
    return value


def stored_model() -> Path | None:
    """The current model, through its link, of the user's store, else of the system's store; None if there is none."""
    from edge.store.layout import SYSTEM_ROOT, Store, default_root

    for store in (Store(default_root()), Store(SYSTEM_ROOT)):
        if store.linked("current"):
            return store.current_model
    return None


def model_path(argument: str | None) -> Path:
    """The model file to use: ``argument``, else ``$EDGE_MODEL``, the store's current one, the only one in ``models/``.

    Raises :class:`~edge.errors.UsageError` if there is none, or several are in ``models/``.
    """
    named = argument or os.environ.get(MODEL_VARIABLE)
    if named:
        return Path(named)
    stored = stored_model()
    if stored:
        return stored
    found = sorted(_MODELS_FOLDER.glob("*.tflite"))
    if len(found) == 1:
        return found[0]
    have = ", ".join(path.name for path in found) if found else "none"
    raise UsageError(f"which model? give --model FILE (in models/: {have})")
