"""A stream's observations for programs: one JSON object a line."""

from __future__ import annotations

import json

from edge.sinks.descriptor import write_all
from edge.sinks.observation_record import observation_record
from edge.types import Observation


class JsonStreamSink:
    """Writes a line for every observation, at once: :func:`~edge.sinks.observation_record.observation_record`."""

    name = "json"
    keeps_record = True

    def __init__(self, descriptor: int) -> None:
        """Write to the open file ``descriptor``, which is left open."""
        self._descriptor = descriptor

    def open(self) -> None:
        """Nothing to do."""

    def write(self, observation: Observation) -> None:
        """Write one line."""
        write_all(self._descriptor, json.dumps(observation_record(observation)) + "\n")

    def close(self) -> None:
        """Nothing to do."""
