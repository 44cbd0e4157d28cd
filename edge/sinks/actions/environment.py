"""The environment of a command that an event starts."""

from __future__ import annotations

import os

from edge.secrets import SOURCE_VARIABLE
from edge.sinks.actions.events import Event
from edge.sinks.actions.options import WEBHOOK_VARIABLE
from edge.sinks.mqtt.broker import PASSWORD_VARIABLE
from edge.sinks.observation_json import timestamp
from edge.sinks.web.access import SERVE_TOKEN_VARIABLE, WEB_TOKEN_VARIABLE

_NOT_PASSED_ON = (
    # They may hold secrets.
    *(SOURCE_VARIABLE, WEBHOOK_VARIABLE, PASSWORD_VARIABLE, WEB_TOKEN_VARIABLE, SERVE_TOKEN_VARIABLE),
    *("NOTIFY_SOCKET", "WATCHDOG_USEC", "WATCHDOG_PID"),  # the messages to systemd are those of edge watch
)


def event_environment(event: Event) -> dict[bytes, bytes]:
    """The variables of a command for ``event``: those of this process without its secrets, and the values of the event.

    ``EDGE_EVENT`` is ``begin`` or ``end``, ``EDGE_LABEL`` the label, ``EDGE_SCORE`` its score from 0 to 1,
    ``EDGE_TIME`` the UTC time of the frame in ISO 8601, ``EDGE_MODEL_NAME`` the name of the model's file. All of it is
    UTF-8 without zero bytes, whatever the language of the system is.
    """
    observation = event.observation
    given = {
        "EDGE_EVENT": event.name,
        "EDGE_LABEL": event.label,
        "EDGE_SCORE": f"{observation.score:.6f}",
        "EDGE_TIME": timestamp(observation.time_s),
        "EDGE_MODEL_NAME": observation.model.name,
    }
    variables = {name: value for name, value in os.environb.items() if os.fsdecode(name) not in _NOT_PASSED_ON}
    return {**variables, **{name.encode(): _safe(value) for name, value in given.items()}}


def _safe(text: str) -> bytes:
    """``text`` as the value of a variable: it cannot hold a zero byte, and a label may hold half of a character."""
    return text.replace("\0", "").encode("utf-8", "replace")
