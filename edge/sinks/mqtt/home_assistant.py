"""Home Assistant's MQTT discovery: the messages that make the sensors appear without any set-up.

The format of the topics and payloads: https://www.home-assistant.io/integrations/mqtt/#mqtt-discovery.
"""

from __future__ import annotations

import hashlib
import re
from importlib.metadata import version

from edge.distribution import DISTRIBUTION
from edge.types import ModelCard

STATUS_TOPIC = "homeassistant/status"
"""Home Assistant publishes ``online`` here when it starts; then the sensors must be announced again."""
BIRTH = b"online"
EXPIRE_AFTER_S = 60
"""After this time without a new state, in seconds, Home Assistant shows the sensors as unavailable."""


def device_id(topic: str) -> str:
    """The identifier of the device of ``topic``: the same at every start, of A-Z a-z 0-9 _ and - only."""
    readable = re.sub(r"[^A-Za-z0-9_-]+", "_", topic)
    return f"edge_{readable}_{hashlib.sha256(topic.encode()).hexdigest()[:8]}"


def discovery(topic: str, model: ModelCard) -> dict[str, dict[str, object]]:
    """The sensors *Label* and *Score*, which read ``topic``/state: a mapping from discovery topic to payload."""
    device = device_id(topic)
    shared: dict[str, object] = {
        "state_topic": f"{topic}/state",
        "availability_topic": f"{topic}/availability",
        "expire_after": EXPIRE_AFTER_S,
        "device": {
            "identifiers": [device],
            "name": topic,
            "manufacturer": "Edge for Poets",
            "model": model.architecture or model.name,
            "sw_version": model.sha256[:12],
        },
        "origin": {"name": DISTRIBUTION, "sw_version": version(DISTRIBUTION)},
    }
    label: dict[str, object] = {
        "name": "Label",
        "unique_id": f"{device}_label",
        "value_template": "{{ value_json.label }}",
        "json_attributes_topic": f"{topic}/state",
        "icon": "mdi:tag",
    }
    score: dict[str, object] = {
        "name": "Score",
        "unique_id": f"{device}_score",
        "value_template": "{{ (value_json.score * 100) | round(1) }}",
        "unit_of_measurement": "%",
        "state_class": "measurement",
        "icon": "mdi:gauge",
    }
    return {
        f"homeassistant/sensor/{device}/label/config": {**label, **shared},
        f"homeassistant/sensor/{device}/score/config": {**score, **shared},
    }
