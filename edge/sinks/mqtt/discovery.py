"""Home Assistant's MQTT discovery: the one message that makes the whole device appear, and what it replaces.

The format: https://www.home-assistant.io/integrations/mqtt/#device-discovery-payload. Home Assistant keeps what a newer
message leaves out. To remove an entity, one message must name it with nothing but its platform, and the next one must
leave it out.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Mapping
from importlib.metadata import version

from edge.distribution import DISTRIBUTION
from edge.sinks.mqtt.entities import Entity, Topics
from edge.types import ModelCard

PREFIX = "homeassistant"
"""Where Home Assistant looks for discovery messages, unless it was set up differently."""
STATUS_TOPIC = f"{PREFIX}/status"
"""Home Assistant publishes ``online`` here when it starts; then everything must be announced again."""
BIRTH = b"online"
MIGRATE = '{"migrate_discovery": true}'
"""This makes Home Assistant let go of an entity, and keep its settings for the device that names it next."""

_PLATFORMS = {"sensor", "image", "binary_sensor", "number", "switch", "button", "update"}
_COMPONENT = re.compile(r"[A-Za-z0-9_-]{1,100}")
_LONGEST_BYTES = 1 << 20


def device_id(topic: str) -> str:
    """The identifier of the device of ``topic``: the same at every start, of A-Z a-z 0-9 _ and - only."""
    readable = re.sub(r"[^A-Za-z0-9_-]+", "_", topic)
    return f"edge_{readable}_{hashlib.sha256(topic.encode()).hexdigest()[:8]}"


def config_topic(device: str) -> str:
    """The topic of the discovery message of ``device``."""
    return f"{PREFIX}/device/{device}/config"


def old_config_topics(device: str) -> tuple[str, ...]:
    """Where releases up to 0.2 announced the two sensors, one by one."""
    return tuple(f"{PREFIX}/sensor/{device}/{name}/config" for name in ("label", "score"))


def discovery(topics: Topics, model: ModelCard, found: Mapping[str, Entity]) -> dict[str, object]:
    """The message that announces the entities ``found``, which share the device, the availability and the state."""
    return {
        "device": {
            "identifiers": [device_id(topics.prefix)],
            "name": topics.prefix,
            "manufacturer": "Edge for Poets",
            "model": model.architecture or model.name,
            "sw_version": model.sha256[:12],
        },
        "origin": {"name": DISTRIBUTION, "sw_version": version(DISTRIBUTION)},
        "availability_topic": topics.availability,
        "state_topic": topics.state,
        "components": dict(found),
    }


def without(message: Mapping[str, object], removed: Mapping[str, str]) -> dict[str, object]:
    """``message`` as it must be sent once before: it names the ``removed`` entities by id, with their platform."""
    components = message["components"]
    assert isinstance(components, dict)
    # First in the message: Home Assistant reads no further if it is still busy with one of the others.
    return {**message, "components": {**{name: {"platform": removed[name]} for name in removed}, **components}}


def platforms(found: Mapping[str, Entity]) -> dict[str, str]:
    """The platform of each entity, by its id."""
    return {name: str(entity["platform"]) for name, entity in found.items()}


def announced_platforms(payload: bytes) -> dict[str, str]:
    """What an earlier discovery message announced, as of :func:`platforms`; empty if it is none of this program."""
    if len(payload) > _LONGEST_BYTES:
        return {}
    try:
        components = json.loads(payload)["components"]
        found = {name: entity["platform"] for name, entity in components.items()}
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError):
        return {}
    return {
        name: platform
        for name, platform in found.items()
        if isinstance(platform, str) and platform in _PLATFORMS and _COMPONENT.fullmatch(name)
    }
