"""A subscriber that does with discovery messages, states and commands what Home Assistant's MQTT documentation says.

It reads https://www.home-assistant.io/integrations/mqtt/ strictly: a key that a platform does not have, a state that it
would not take and a second message for one unique id are complaints, which tests compare with none.
"""

from __future__ import annotations

import contextlib
import json
import re
import threading
from collections.abc import Callable
from typing import Any

import pytest

from support.mosquitto import WAIT_S

_SHARED = {"availability_topic", "state_topic"}
_ENTITY = {
    "name",
    "unique_id",
    "icon",
    "entity_category",
    "availability_topic",
    "json_attributes_topic",
    "device",
    "origin",
}
_EXPIRING = {"state_topic", "value_template", "expire_after"}
_KEYS = {
    "sensor": _EXPIRING | {"unit_of_measurement", "state_class", "json_attributes_topic"},
    "binary_sensor": _EXPIRING | {"payload_on", "payload_off"},
    "image": {"image_topic", "content_type"},
    "number": {"command_topic", "command_template", "state_topic", "value_template", "min", "max", "step"}
    | {"unit_of_measurement"},
    "switch": {"command_topic", "state_topic", "value_template"},
    "button": {"command_topic", "payload_press"},
    "update": {"command_topic", "payload_install", "state_topic", "title"},
}
_NEEDED = {
    "sensor": {"state_topic"},
    "binary_sensor": {"state_topic"},
    "image": {"image_topic"},
    "number": {"command_topic"},
    "switch": {"command_topic"},
    "button": {"command_topic"},
    "update": {"state_topic"},
}
_NOT_USED = {"image": _SHARED, "button": _SHARED}  # shared keys that these platforms ignore
_DEVICE = {"identifiers", "name", "manufacturer", "model", "sw_version"}
_UPDATE = {"installed_version", "latest_version", "title", "release_summary", "in_progress"}
_CONFIG = re.compile(r"homeassistant/(?P<kind>\w+)/(?:(?P<node>[a-zA-Z0-9_-]+)/)?(?P<object>[a-zA-Z0-9_-]+)/config")


def render(template: str, value: object) -> str:
    """What Home Assistant's template engine, the sandbox of Jinja, makes of ``value``: a payload or a number."""
    sandbox = pytest.importorskip("jinja2.sandbox", reason="Jinja is not installed: pip install jinja2")
    values = {"value": value}
    if isinstance(value, str):
        with contextlib.suppress(ValueError):
            values["value_json"] = json.loads(value)
    return str(sandbox.SandboxedEnvironment().from_string(template).render(values))


class HomeAssistant:
    """Discovers the entities on the broker at ``port``; ``entities`` maps (platform, id) to what was announced."""

    def __init__(self, port: int) -> None:
        module = pytest.importorskip("paho.mqtt.client")
        self.port = port
        self.entities: dict[tuple[str, str], dict[str, Any]] = {}
        self.registry: dict[str, tuple[str, str]] = {}
        """The entities that were ever discovered and not removed, by their unique id: what users have settings for."""
        self.states: dict[tuple[str, str], Any] = {}
        self.device: dict[str, Any] = {}
        self.complaints: list[str] = []
        self.available = False
        self._sources: dict[tuple[str, str], str] = {}
        self._retained: dict[str, bytes] = {}
        self._changed = threading.Condition()
        self.client = module.Client(module.CallbackAPIVersion.VERSION2)
        self.client.on_message = self._on_message
        self.client.connect("127.0.0.1", port)
        self.client.subscribe("#", qos=1)
        self.client.loop_start()

    def birth(self) -> None:
        """Say that Home Assistant has started."""
        self.client.publish("homeassistant/status", "online").wait_for_publish(WAIT_S)

    def close(self) -> None:
        """Leave the broker."""
        self.client.disconnect()
        self.client.loop_stop()

    def wait(self, wanted: Callable[[], object]) -> None:
        """Wait until ``wanted`` is true; then nothing may have been wrong."""
        with self._changed:
            assert self._changed.wait_for(wanted, WAIT_S), (self.states, self.complaints)
        assert self.complaints == [], self.complaints

    def state(self, platform: str, name: str) -> Any:
        """The state of the entity that is called ``name``; None if it has none, or is not there."""
        return self.states.get(self._find(platform, name) or ("", ""))

    def has(self, platform: str, name: str) -> bool:
        """Whether there is such an entity."""
        return self._find(platform, name) is not None

    def shows(self, platform: str, name: str, state: Any) -> None:
        """Wait until the entity has ``state``."""
        self.wait(lambda: self.state(platform, name) == state)

    def names(self) -> list[tuple[str, str]]:
        """Platform and name of every entity, sorted."""
        return sorted((platform, entity["name"]) for (platform, _), entity in self.entities.items())

    def send(self, platform: str, name: str, value: object) -> None:
        """What a user does, who must see the entity first: set a number, switch, press a button or install."""
        self.wait(lambda: self.has(platform, name))
        entity = self.entities[self._find(platform, name) or ("", "")]
        if platform == "number":
            assert isinstance(value, int | float)
            assert entity["min"] <= value <= entity["max"]
            value = render(entity.get("command_template", "{{ value }}"), value)
        elif platform == "button":
            value = entity.get("payload_press", "PRESS")
        elif platform == "update":
            value = entity["payload_install"]
        self.client.publish(entity["command_topic"], str(value)).wait_for_publish(WAIT_S)

    def _find(self, platform: str, name: str) -> tuple[str, str] | None:
        found = (key for key, entity in list(self.entities.items()) if key[0] == platform and entity["name"] == name)
        return next(found, None)

    def _on_message(self, client: object, userdata: object, message: Any) -> None:
        with self._changed:
            try:
                self._take(message.topic, bytes(message.payload))
            except Exception as error:  # paho would lose it
                self.complaints.append(f"{message.topic}: {error!r}")
            self._changed.notify_all()

    def _take(self, topic: str, payload: bytes) -> None:
        self._retained[topic] = payload
        match = _CONFIG.fullmatch(topic)
        if match is None:
            self._show(topic, payload)
        elif match["kind"] == "device":
            self._discover_device(topic, match["object"], payload)
        else:
            key = (match["kind"], f"{match['node']} {match['object']}")
            config = json.loads(payload) if payload else {}
            if config == {"migrate_discovery": True}:
                self._forget(key, topic, keep=True)
            else:
                self._discover(key, topic, config)

    def _discover_device(self, topic: str, device: str, payload: bytes) -> None:
        if not payload:
            for key in [key for key, source in self._sources.items() if source == topic]:
                self._forget(key, topic)
            return
        message = json.loads(payload)
        assert set(message) <= {"device", "origin", "components", *_SHARED}, set(message)
        assert message["device"]["identifiers"] and set(message["device"]) <= _DEVICE
        assert message["origin"]["name"] and set(message["origin"]) <= {"name", "sw_version"}
        self.device = message["device"]
        shared = {key: value for key, value in message.items() if key != "components"}
        for name, component in message["components"].items():
            config = {key: value for key, value in component.items() if key != "platform"}
            self._discover((component["platform"], f"{device} {name}"), topic, config and {**shared, **config})

    def _discover(self, key: tuple[str, str], topic: str, config: dict[str, Any]) -> None:
        """A new entity, a newer description of one, or the end of one if ``config`` is empty."""
        if self._sources.get(key, topic) != topic:
            if config:  # Home Assistant writes this into its log, and goes on with what it had
                self.complaints.append(f"{topic}: {key} was discovered on {self._sources[key]}")
        elif not config:
            self._forget(key, topic)
        else:
            platform = key[0]
            allowed = _KEYS[platform] | _ENTITY | _NOT_USED.get(platform, set())
            assert set(config) <= allowed, f"unknown keys {set(config) - allowed}"
            assert _NEEDED[platform] <= set(config), f"{key} needs {_NEEDED[platform]}"
            assert self.registry.get(config["unique_id"], key) == key, f"{config['unique_id']} is there already"
            self.registry[config["unique_id"]] = key
            self.entities[key], self._sources[key] = config, topic
            for known, payload in list(self._retained.items()):
                if known in config.values():
                    self._show(known, payload)

    def _forget(self, key: tuple[str, str], topic: str, keep: bool = False) -> None:
        if self._sources.get(key) != topic:
            return
        del self._sources[key]
        config = self.entities.pop(key)
        self.states.pop(key, None)
        if not keep:
            del self.registry[config["unique_id"]]

    def _show(self, topic: str, payload: bytes) -> None:
        for key, config in self.entities.items():
            if topic == config.get("availability_topic"):
                self.available = payload == b"online"
            elif topic == config.get("image_topic"):
                assert payload[:2] == b"\xff\xd8", "not a JPEG"
                self.states[key] = payload
            elif topic == config.get("state_topic") and key[0] not in _NOT_USED:
                self.states[key] = _state(key[0], config, payload.decode())


def _state(platform: str, config: dict[str, Any], payload: str) -> Any:
    if platform == "update":
        state = json.loads(payload)
        assert set(state) <= _UPDATE and len(state["release_summary"]) <= 255
        return state
    text = render(config.get("value_template", "{{ value }}"), payload)
    if platform == "binary_sensor":
        return {config.get("payload_on", "ON"): True, config.get("payload_off", "OFF"): False}[text]
    if platform == "switch":
        return {"ON": True, "OFF": False}[text]
    if platform == "number":
        assert config["min"] <= float(text) <= config["max"]
        return float(text)
    assert len(text) <= 255
    return text
