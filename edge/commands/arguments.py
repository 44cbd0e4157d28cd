"""What the subcommands of ``edge`` have in common: their form, the types of arguments and the choice of the model."""

from __future__ import annotations

import argparse
import os
import re
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, TypedDict

from edge.commands.delegate_options import add_delegate_options
from edge.errors import UsageError
from edge.inference.interpreter import RUNTIMES
from edge.modelfile.normalization import parse_numbers

if TYPE_CHECKING:
    Commands = argparse._SubParsersAction[argparse.ArgumentParser]

MODEL_VARIABLE = "EDGE_MODEL"
_MODELS_FOLDER = Path("models")


def add_command(commands: Commands, name: str, text: str, example: str) -> argparse.ArgumentParser:
    """Add the subcommand ``name``, described by ``text``; its help ends with an ``example`` that works."""
    return commands.add_parser(name, help=text, description=text, epilog=f"example: {example}")


def add_answer_options(parser: argparse.ArgumentParser, picture: str) -> None:
    """Add ``--top-k``, ``--score-threshold`` and ``--reject``; ``picture`` is what the command calls a picture."""
    from edge.inference.classifier import SCORE_THRESHOLD, TOP_K  # some commands do without it, and start sooner

    parser.add_argument(
        "--top-k",
        type=count,
        default=TOP_K,
        metavar="N",
        help=f"how many labels each {picture} gets, the best first (default %(default)s)",
    )
    parser.add_argument(
        "--score-threshold",
        type=fraction,
        default=SCORE_THRESHOLD,
        metavar="SCORE",
        help="leave out labels with a score below this, 0 to 1 (default %(default)g)",
    )
    parser.add_argument(
        "--reject", action="store_true", help="answer unknown for pictures that are like no class of the model"
    )


def add_model_options(parser: argparse.ArgumentParser) -> None:
    """Add how a model file is loaded: ``--labels``, ``--runtime``, the options of pixels and of a delegate."""
    parser.add_argument(
        "--labels", metavar="FILE", help="label file for a model that carries none: one label a line, CSV, JSON or YAML"
    )
    add_pixel_options(parser)
    add_runtime(parser)
    add_delegate_options(parser)


def add_runtime(parser: argparse.ArgumentParser) -> None:
    """Add ``--runtime``, the interpreter."""
    parser.add_argument(
        "--runtime",
        choices=RUNTIMES,
        help="interpreter (default: $EDGE_RUNTIME, else the first that is installed)",
    )


def add_pixel_options(parser: argparse.ArgumentParser) -> None:
    """Add ``--mean``, ``--std`` and ``--input-range``: how the pixels of another project's model are scaled."""
    parser.add_argument(
        "--input-range",
        type=_two_numbers,
        metavar="LOW,HIGH",
        help="for a model that does not say it: the values of black and white pixels, such as 0,1 (default: -1,1, or "
        "what its first operators show)",
    )
    parser.add_argument(
        "--mean",
        type=_numbers,
        metavar="M",
        help="instead of --input-range: the mean of the pixels, 0 to 255, or three numbers R,G,B",
    )
    parser.add_argument(
        "--std", type=_numbers, metavar="S", help="with --mean: the standard deviation of the pixels, or R,G,B"
    )


class PixelOptions(TypedDict):
    """The arguments of :meth:`edge.modelfile.model_file.ModelFile.load` that :func:`add_pixel_options` is for."""

    mean: tuple[float, ...] | None
    std: tuple[float, ...] | None
    input_range: tuple[float, float] | None


def pixel_options(options: argparse.Namespace) -> PixelOptions:
    """What :func:`add_pixel_options` found on the command line."""
    return {"mean": options.mean, "std": options.std, "input_range": options.input_range}


def with_joined_numbers(words: Sequence[str]) -> list[str]:
    """``words`` with ``--input-range -1,1`` as one word; argparse would take ``-1,1`` for an option."""
    joined: list[str] = []
    for word in words:
        if joined and joined[-1] in ("--input-range", "--mean") and re.match(r"-[\d.]", word):
            joined[-1] += f"={word}"
        else:
            joined.append(word)
    return joined


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


def whole_number(text: str) -> int:
    """An argument that is a whole number of 0 or more."""
    if not (text.isascii() and text.isdecimal()):
        raise argparse.ArgumentTypeError(f"{text!r} is not a whole number of 0 or more")
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


def _numbers(text: str) -> tuple[float, ...]:
    try:
        return parse_numbers(text)
    except ValueError:
        raise argparse.ArgumentTypeError(f"{text!r} is not a number, nor numbers such as 123.7,116.3,103.5") from None


def _two_numbers(text: str) -> tuple[float, float]:
    numbers = _numbers(text)
    if len(numbers) != 2:
        raise argparse.ArgumentTypeError(f"{text!r} is not two numbers such as 0,1")
    return numbers[0], numbers[1]


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
