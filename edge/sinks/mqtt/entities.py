"""The entities of a watch in Home Assistant: one mapping for each, as its MQTT documentation describes them.

The keys of each platform: https://www.home-assistant.io/integrations/sensor.mqtt/, and the pages of image,
binary_sensor, number, switch, button and update.
"""

from __future__ import annotations

import hashlib
import re
from typing import NamedTuple

from edge.shorten import plain_text
from edge.types import UNKNOWN, ModelCard

Entity = dict[str, object]

EXPIRE_AFTER_S = 60
"""After this time without a new state, in seconds, Home Assistant shows what depends on labels as unavailable."""
MOST_CLASSES = 100
"""A model with more classes has no binary sensors: a thousand of them help nobody."""

ON, OFF, PRESS, INSTALL = "ON", "OFF", "PRESS", "INSTALL"
_LONGEST_STATE = 255  # of a state in Home Assistant, in characters


class Topics(NamedTuple):
    """The topics below ``prefix`` that Home Assistant reads and writes."""

    prefix: str

    @property
    def state(self) -> str:
        """The newest label, as JSON."""
        return f"{self.prefix}/state"

    @property
    def availability(self) -> str:
        """``online`` or ``offline``."""
        return f"{self.prefix}/availability"

    @property
    def picture(self) -> str:
        """The last labelled frame, as JPEG."""
        return f"{self.prefix}/picture"

    @property
    def settings(self) -> str:
        """The switches and the threshold, as JSON."""
        return f"{self.prefix}/settings"

    @property
    def model(self) -> str:
        """The current model and the newest one, as JSON."""
        return f"{self.prefix}/model"

    @property
    def set_threshold(self) -> str:
        """Commands: a number from 0 to 1."""
        return f"{self.prefix}/threshold/set"

    @property
    def set_watch(self) -> str:
        """Commands: ``ON`` or ``OFF``."""
        return f"{self.prefix}/watch/set"

    @property
    def set_capture(self) -> str:
        """Commands: ``ON`` or ``OFF``."""
        return f"{self.prefix}/capture/set"

    @property
    def wrong(self) -> str:
        """Commands: ``PRESS``."""
        return f"{self.prefix}/wrong/press"

    @property
    def install(self) -> str:
        """Commands: ``INSTALL``."""
        return f"{self.prefix}/model/install"

    @property
    def roll_back(self) -> str:
        """Commands: ``PRESS``."""
        return f"{self.prefix}/model/rollback"


class Features(NamedTuple):
    """What a watch has beside its labels: what can be changed, pictures, an inbox, a store of models."""

    controls: bool = False
    pictures: bool = False
    inbox: bool = False
    store: bool = False


def entities(topics: Topics, device: str, model: ModelCard, features: Features) -> dict[str, Entity]:
    """Every entity of the watch, by an id that stays the same; ``device`` makes the ids unique in Home Assistant.

    The id of a class comes from its label alone. So another model keeps the entities of the classes that it has too,
    in whatever order; a class with another name is another class.
    """
    found = {"label": _label(topics), "score": _score()}
    if features.pictures:
        found["picture"] = {
            "platform": "image",
            "name": "Picture",
            "image_topic": topics.picture,
            "content_type": "image/jpeg",
        }
    found.update(_classes(model))
    if features.controls:
        found["threshold"] = _threshold(topics)
        found["watch"] = _switch("Watch", "mdi:cctv", topics.set_watch, topics, "watch")
    if features.inbox:
        found["wrong"] = _button("Wrong", "mdi:image-remove", topics.wrong)
    if features.controls and features.inbox:
        found["capture"] = _switch("Capture", "mdi:image-plus", topics.set_capture, topics, "capture")
    if features.store:
        found["model"] = _update(topics)
        found["roll_back"] = {**_button("Roll back", "mdi:history", topics.roll_back), "entity_category": "config"}
    return {name: {"unique_id": f"{device}_{name}", **entity} for name, entity in found.items()}


def class_id(label: str) -> str:
    """The id of the binary sensor of the class ``label``."""
    return f"class_{hashlib.sha256(label.encode('utf-8', 'surrogatepass')).hexdigest()[:12]}"


def _label(topics: Topics) -> Entity:
    return {
        "platform": "sensor",
        "name": "Label",
        "value_template": f"{{{{ value_json.label[:{_LONGEST_STATE}] }}}}",
        "json_attributes_topic": topics.state,
        "expire_after": EXPIRE_AFTER_S,
        "icon": "mdi:tag",
    }


def _score() -> Entity:
    return {
        "platform": "sensor",
        "name": "Score",
        "value_template": "{{ (value_json.score * 100) | round(1) }}",
        "unit_of_measurement": "%",
        "state_class": "measurement",
        "expire_after": EXPIRE_AFTER_S,
        "icon": "mdi:gauge",
    }


def _classes(model: ModelCard) -> dict[str, Entity]:
    """A binary sensor for each class that the user taught; none for the rest of the world."""
    labels = [label for label in model.classes if label != UNKNOWN]
    if len(labels) > MOST_CLASSES:
        return {}
    return {
        class_id(label): {
            "platform": "binary_sensor",
            "name": plain_text(label, _LONGEST_STATE // 2) or "_",
            "value_template": f"{{{{ '{ON}' if value_json.label == '{_literal(label)}' else '{OFF}' }}}}",
            "expire_after": EXPIRE_AFTER_S,
            "icon": "mdi:tag-outline",
        }
        for label in labels
    }


def _literal(label: str) -> str:
    """``label`` inside the quotes of a template. A label is text of a stranger, and must not become a template."""
    return re.sub(r"[^A-Za-z0-9 _-]", lambda found: f"\\U{ord(found[0]):08x}", label)


def _threshold(topics: Topics) -> Entity:
    return {
        "platform": "number",
        "name": "Threshold",
        "command_topic": topics.set_threshold,
        "command_template": "{{ value / 100 }}",
        "state_topic": topics.settings,
        "value_template": "{{ (value_json.score_threshold * 100) | round(1) }}",
        "min": 0,
        "max": 100,
        "step": 1,
        "unit_of_measurement": "%",
        "entity_category": "config",
        "icon": "mdi:tune",
    }


def _switch(name: str, icon: str, command_topic: str, topics: Topics, key: str) -> Entity:
    return {
        "platform": "switch",
        "name": name,
        "command_topic": command_topic,
        "state_topic": topics.settings,
        "value_template": f"{{{{ value_json.{key} }}}}",
        "icon": icon,
    }


def _button(name: str, icon: str, command_topic: str) -> Entity:
    return {"platform": "button", "name": name, "command_topic": command_topic, "payload_press": PRESS, "icon": icon}


def _update(topics: Topics) -> Entity:
    return {
        "platform": "update",
        "name": "Model",
        "title": "Model",
        "command_topic": topics.install,
        "payload_install": INSTALL,
        "state_topic": topics.model,
        "entity_category": "config",
    }
