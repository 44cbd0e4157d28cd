"""The options that say what happens when a label comes or goes."""

from __future__ import annotations

import argparse
import os

from edge.commands.arguments import seconds
from edge.local_path import local_path
from edge.sinks.actions.options import WEBHOOK_VARIABLE, ActionOptions, LabelCommand, LabelPin


def add_action_options(parser: argparse.ArgumentParser) -> None:
    """Add the options that :func:`action_options` reads."""
    actions = parser.add_argument_group("what happens when a label comes or goes")
    actions.add_argument(
        "--on-label",
        type=_command,
        action="append",
        metavar="LABEL=COMMAND",
        help="run a command when LABEL becomes the answer, without a shell; the label, its score and the time are in "
        "EDGE_LABEL, EDGE_SCORE and EDGE_TIME; give it again for more",
    )
    actions.add_argument(
        "--on-label-end",
        type=_command,
        action="append",
        metavar="LABEL=COMMAND",
        help="the same when LABEL is no longer the answer",
    )
    actions.add_argument(
        "--webhook",
        metavar="URL",
        help="post one JSON object to this http[s] address when any label comes or goes; it is sent again until it is "
        f"taken (default: ${WEBHOOK_VARIABLE})",
    )
    actions.add_argument(
        "--webhook-secret-file",
        type=local_path,
        metavar="FILE",
        help="a file whose first line is the secret that signs what is posted (HMAC-SHA256)",
    )
    actions.add_argument(
        "--gpio",
        type=_pin,
        action="append",
        metavar="LABEL=PIN",
        help="a pin that is on while LABEL is the answer: 17 for GPIO17; give it again for more",
    )
    actions.add_argument(
        "--for",
        type=seconds,
        dest="hold_s",
        metavar="SECONDS",
        help="a label comes when it was the answer for this time, and goes when it was not for as long (default: at "
        "once)",
    )
    actions.add_argument(
        "--at-most-every",
        type=seconds,
        dest="at_most_every_s",
        metavar="SECONDS",
        help="the shortest time until the same label can come again (default: any time)",
    )


def action_options(options: argparse.Namespace) -> ActionOptions:
    """The actions that parsed ``options`` and the environment ask for."""
    given = {name: getattr(options, name) for name in ActionOptions._fields}
    repeated = {name: tuple(given[name] or ()) for name in ("on_label", "on_label_end", "gpio")}
    webhook = given["webhook"] or os.environ.get(WEBHOOK_VARIABLE) or None
    return ActionOptions(**{**given, **repeated, "webhook": webhook})


def _command(text: str) -> LabelCommand:
    try:
        return LabelCommand.parse(text)
    except ValueError as error:
        raise argparse.ArgumentTypeError(str(error)) from None


def _pin(text: str) -> LabelPin:
    try:
        return LabelPin.parse(text)
    except ValueError as error:
        raise argparse.ArgumentTypeError(str(error)) from None
