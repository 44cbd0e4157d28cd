"""The actions of a stream as a sink of observations."""

from __future__ import annotations

import time
from collections.abc import Sequence

from edge.sinks.actions.events import LabelEvents
from edge.sinks.actions.protocol import Action
from edge.types import Observation

_CLOSE_WITHIN_S = 0.65


class ActionSink:
    """Turns observations into events, and gives each event to every action."""

    name = "actions"
    long_queue = True

    def __init__(self, events: LabelEvents, actions: Sequence[Action]) -> None:
        """Give what ``events`` makes to ``actions``."""
        self._events, self._actions = events, actions

    def open(self) -> None:
        """Open every action.

        Raises the exception of the first one that fails; it is tried again later.
        """
        for action in self._actions:
            action.open()

    def write(self, observation: Observation) -> None:
        """Give the events of ``observation`` to every action, also if one of them fails.

        Raises the exception of the first one that fails.
        """
        failures: list[Exception] = []
        for event in self._events.update(observation):
            for action in self._actions:
                try:
                    action.take(event)
                except Exception as error:
                    failures.append(error)
        if failures:
            raise failures[0]

    def close(self) -> None:
        """End all actions within a second, also if one of them fails.

        Raises the exception of the first one that fails.
        """
        deadline_s = time.monotonic() + _CLOSE_WITHIN_S
        failures: list[Exception] = []
        for action in self._actions:
            try:
                action.stop()
            except Exception as error:
                failures.append(error)
        for action in self._actions:
            try:
                action.close(max(0.0, deadline_s - time.monotonic()))
            except Exception as error:
                failures.append(error)
        if failures:
            raise failures[0]
