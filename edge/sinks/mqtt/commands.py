"""What Home Assistant, or anybody else, sends to a watch: checked, and not too often."""

from __future__ import annotations

import json
import math
import re

from edge.controls import StreamControls
from edge.sinks.mqtt.entities import INSTALL, OFF, ON, PRESS

LONGEST_COMMAND = 64
"""The most bytes of a command. The longest that is one has seven."""
LONGEST_SETTINGS = 1000
MOST_COMMANDS, COMMANDS_S = 20, 10.0
"""The most commands that are carried out, and the time in seconds in which they are counted."""
DEFAULT = "default"
"""The command to the threshold that goes back to the one of the options or of the model."""

_NUMBER = re.compile(r"(\d{1,20}\.?\d{0,20}|\.\d{1,20})([eE][+-]?\d{1,3})?", re.ASCII)


class BadCommandError(ValueError):
    """The text is one line that says what the topic takes. It does not show the command, which may hold anything."""


def command_text(payload: bytes) -> str:
    """The text of a command. Raises :class:`BadCommandError` if it is too long, or not ASCII."""
    if len(payload) > LONGEST_COMMAND:
        raise BadCommandError(f"of more than {LONGEST_COMMAND} bytes")
    try:
        return payload.decode("ascii")
    except UnicodeDecodeError:
        raise BadCommandError("that is not ASCII") from None


def parse_switch(text: str) -> bool:
    """Whether a switch must be on. Raises :class:`BadCommandError`."""
    if text not in (ON, OFF):
        raise BadCommandError(f"that is neither {ON} nor {OFF}")
    return text == ON


def parse_threshold(text: str) -> float | None:
    """The score threshold, 0 to 1; None for :data:`DEFAULT`. Raises :class:`BadCommandError`."""
    if text == DEFAULT:
        return None
    value = float(text) if _NUMBER.fullmatch(text) else math.nan
    if not 0 <= value <= 1:
        raise BadCommandError(f"that is neither a number from 0 to 1 nor {DEFAULT}")
    return value


def check_press(text: str) -> None:
    """Raise :class:`BadCommandError` if this is not the press of a button."""
    if text != PRESS:
        raise BadCommandError(f"that is not {PRESS}")


def check_install(text: str) -> None:
    """Raise :class:`BadCommandError` if this is not the command to install."""
    if text != INSTALL:
        raise BadCommandError(f"that is not {INSTALL}")


def settings_json(controls: StreamControls) -> str:
    """The switches and the threshold. The broker keeps them, so that they are the same after a restart."""
    return json.dumps(
        {
            "watch": ON if controls.watching else OFF,
            "capture": ON if controls.capturing else OFF,
            "score_threshold": round(controls.threshold, 6),
            "chosen_threshold": controls.chosen_threshold,
        }
    )


def restore_settings(payload: bytes, controls: StreamControls) -> bool:
    """Set ``controls`` to what :func:`settings_json` wrote in an earlier run; whether ``payload`` is that.

    A threshold that the options give is not replaced.
    """
    if len(payload) > LONGEST_SETTINGS:
        return False
    try:
        fields = json.loads(payload)
        watching, capturing = parse_switch(fields["watch"]), parse_switch(fields["capture"])
        chosen = fields["chosen_threshold"]
        threshold = None if chosen is None else parse_threshold(repr(float(chosen)))
    except (ValueError, TypeError, KeyError, OverflowError, RecursionError):
        return False
    controls.watching, controls.capturing = watching, capturing
    if controls.given_threshold is None:
        controls.chosen_threshold = threshold
    return True
