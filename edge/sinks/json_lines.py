"""The observations of a stream for programs: one JSON object on each line."""

from __future__ import annotations

import json

from edge.sinks.descriptor import write_all
from edge.sinks.observation_json import observation_json
from edge.types import Observation


class JsonLinesSink:
    """Writes a line for each observation, immediately: :func:`~edge.sinks.observation_json.observation_json`."""

    name = "json"
    long_queue = True

    def __init__(self, descriptor: int) -> None:
        """Write to the open file ``descriptor``, and do not close it."""
        self._descriptor = descriptor

    def open(self) -> None:
        """Nothing to do."""

    def write(self, observation: Observation) -> None:
        """Write one line."""
        write_all(self._descriptor, json.dumps(observation_json(observation)) + "\n")

    def close(self) -> None:
        """Nothing to do."""
