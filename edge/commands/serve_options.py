"""The options of ``edge serve``: the models by name, and the limits."""

from __future__ import annotations

import argparse
import os
import re
from pathlib import Path

from edge.commands.arguments import MODEL_VARIABLE, add_answer_options, add_model_options, count, model_path
from edge.commands.sink_options import address
from edge.errors import ConfigurationError, UsageError
from edge.local_path import local_path
from edge.sinks.web.access import SERVE_TOKEN_VARIABLE

DEFAULT_ADDRESS = ("127.0.0.1", 8080)
"""Where labels are served if no other address is given."""

QUEUE = 128
"""How many pictures may wait or be in work if no other number is given."""

BODY_MB = 32
"""The most MiB of a body if no other number is given."""

_NAME = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.-]{0,99}")
_TOKEN = re.compile(r"[!-~]*")
_OF_ONE_MODEL = ("labels", "mean", "std", "input_range")


def add_serve_options(parser: argparse.ArgumentParser) -> None:
    """Add every option of the command."""
    parser.add_argument(
        "address",
        nargs="?",
        type=address,
        default=DEFAULT_ADDRESS,
        metavar="[HOST:]PORT",
        help="where to serve; without HOST only this machine is answered (default: 8080)",
    )
    parser.add_argument(
        "--model",
        action="append",
        metavar="[NAME=]FILE",
        help="a model file and its name in requests (default: the file's own); may be repeated, and the first is that "
        f"of requests without a name (default: ${MODEL_VARIABLE}, else the store's current one, else the only one in "
        "models/)",
    )
    parser.add_argument(
        "--token-file",
        type=local_path,
        metavar="FILE",
        help="a file whose first line is the token that requests must give; needed if other machines are answered "
        f"(default: ${SERVE_TOKEN_VARIABLE})",
    )
    add_answer_options(parser, "picture")
    parser.add_argument(
        "--queue",
        type=count,
        default=QUEUE,
        metavar="N",
        help="the most pictures that wait or are in work; more are refused with 429 (default %(default)s)",
    )
    parser.add_argument(
        "--max-body-mb",
        type=count,
        default=BODY_MB,
        metavar="N",
        help="the most MiB of a request; more is refused with 413 (default %(default)s)",
    )
    parser.add_argument("--threads", type=count, help="pictures labelled at the same time (default: all cores)")
    add_model_options(parser)


def named_models(options: argparse.Namespace) -> dict[str, Path]:
    """The model files by name, in their order.

    Raises :class:`~edge.errors.UsageError` if there is none, two have one name, or an option for one model meets
    several.
    """
    models: dict[str, Path] = {}
    for given in options.model or [str(model_path(None))]:
        name, path = split_model(given)
        if name in models:
            raise UsageError(f"--model: two models are called {name}; write another name before one: NAME=FILE")
        models[name] = path
    for option in _OF_ONE_MODEL:
        if len(models) > 1 and getattr(options, option) is not None:
            raise UsageError(
                f"--{option.replace('_', '-')} is for one model, and there are {len(models)}; write it into the file: "
                "trainer adopt"
            )
    return models


def split_model(given: str) -> tuple[str, Path]:
    """Name and path of ``NAME=FILE`` or ``FILE``; the current model of a store is called ``current``.

    Raises :class:`~edge.errors.UsageError` if the name of a file cannot be a name here.
    """
    name, equals, path = given.partition("=")
    if equals and path and _NAME.fullmatch(name):
        return name, Path(path)
    file = Path(given)
    name = "current" if file.parent.name == "current" and file.parent.is_symlink() else file.stem
    if not _NAME.fullmatch(name):
        raise UsageError(f"--model {given}: write a name of letters, digits and _ . - before it: NAME={given}")
    return name, file


def token(options: argparse.Namespace) -> str | None:
    """The token that requests must give; None if they need none.

    Raises :class:`~edge.errors.ConfigurationError` if its file cannot be read or begins with an empty line, or if no
    header can hold it.
    """
    from edge.sinks.secret_file import read_secret

    if options.token_file is not None:
        given = read_secret(options.token_file, "the token", "--token-file")
    else:
        given = os.environ.get(SERVE_TOKEN_VARIABLE, "")
    if not _TOKEN.fullmatch(given):
        raise ConfigurationError("the token may have letters, digits and signs of ASCII without blanks; write another")
    return given or None
