"""An MQTT sink with everything that a watch can have for Home Assistant."""

from __future__ import annotations

from edge.controls import StreamControls
from edge.errors import ModelError
from edge.sinks.mqtt.extras import Extras
from edge.sinks.mqtt.updates import ModelVersions
from edge.types import Observation
from support.mqtt_sink import MadeSink


class Shelf:
    """Two models, of which the second can be installed, or is refused."""

    def __init__(self) -> None:
        self.current, self.refusal = "one", ""

    def versions(self) -> ModelVersions:
        return ModelVersions(f"model {self.current}", "model two", "int8, 3 labels")

    def install_newest(self) -> str:
        if self.refusal:
            raise ModelError(self.refusal)
        self.current = "two"
        return "two is current"

    def roll_back(self) -> str:
        self.current = "one"
        return "one is current"


class Kept(list[Observation]):
    """An inbox."""

    def keep(self, observation: Observation) -> str:
        self.append(observation)
        return "kept"


class Whole(MadeSink):
    """A sink with everything that a watch can have."""

    def __init__(self, port: int, *, given_threshold: float | None = None, pictures: bool = True) -> None:
        self.controls, self.inbox, self.shelf = StreamControls(given_threshold), Kept(), Shelf()
        self.controls.recommended_threshold = 0.25
        extras = Extras(self.controls, self.inbox.keep, self.shelf, 1.0 if pictures else None)
        super().__init__(port, extras=extras)


def model_state(current: str) -> dict[str, object]:
    """The state of the update entity while ``current`` is installed and nothing is going on."""
    return {
        "installed_version": f"model {current}",
        "latest_version": "model two",
        "release_summary": "int8, 3 labels",
        "in_progress": False,
    }
