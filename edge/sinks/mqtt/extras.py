"""What Home Assistant gets of a watch beside its labels."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

from edge.controls import StreamControls
from edge.sinks.mqtt.entities import Features
from edge.sinks.mqtt.updates import ModelUpdates
from edge.types import Observation


class Extras(NamedTuple):
    """What a watch has beside its labels; None for what it does not have.

    ``controls`` can be changed. ``keep`` puts a frame into the inbox, and returns one line about it. ``updates`` are
    the models of the store. ``picture_every_s`` is the shortest time between two pictures, in seconds.
    """

    controls: StreamControls | None = None
    keep: Callable[[Observation], str] | None = None
    updates: ModelUpdates | None = None
    picture_every_s: float | None = None

    @property
    def features(self) -> Features:
        """Which of them there are."""
        return Features(
            controls=self.controls is not None,
            pictures=self.picture_every_s is not None,
            inbox=self.keep is not None,
            store=self.updates is not None,
        )
