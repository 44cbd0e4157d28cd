"""``--delegate`` and ``--delegate-option``: a library that takes over operators of a model."""

from __future__ import annotations

import argparse

from edge.errors import UsageError
from edge.inference.delegate import DelegateChoice


def add_delegate_options(parser: argparse.ArgumentParser) -> None:
    """Add both options, which :func:`delegate_choice` reads."""
    parser.add_argument(
        "--delegate",
        metavar="LIBRARY",
        help="the library of a TensorFlow Lite delegate, which computes what it can of the model: a path, or a name "
        "such as libedgetpu.so.1 (default: none)",
    )
    parser.add_argument(
        "--delegate-option",
        action="append",
        type=_pair,
        metavar="KEY=VALUE",
        help="with --delegate: an option of the delegate; may be repeated",
    )


def delegate_choice(options: argparse.Namespace) -> DelegateChoice | None:
    """The delegate of parsed ``options``, None if there is none.

    Raises :class:`~edge.errors.UsageError` for options without a delegate, and for one that is given twice.
    """
    given = options.delegate_option or []
    if options.delegate is None:
        if given:
            raise UsageError(f"--delegate-option {'='.join(given[0])} is for a delegate; give --delegate LIBRARY too")
        return None
    if not options.delegate:
        raise UsageError("--delegate is empty; give the name or the path of a library")
    seen: set[str] = set()
    for key, _ in given:
        if key in seen:
            raise UsageError(f"--delegate-option {key} is given twice; a delegate takes it once")
        seen.add(key)
    return DelegateChoice(options.delegate, tuple(given))


def _pair(text: str) -> tuple[str, str]:
    key, equals, value = text.partition("=")
    if not key or not equals:
        raise argparse.ArgumentTypeError(f"{text!r} is not KEY=VALUE, such as device=usb")
    return key, value
