"""An MQTT sink with its statistics and its messages, and the topics that it publishes to."""

from __future__ import annotations

from pathlib import Path

from edge.sinks.mqtt.broker import Broker
from edge.sinks.mqtt.home_assistant import device_id
from edge.sinks.mqtt.sink import MqttSink
from edge.statistics import StreamStatistics

TOPIC = "test/camera"
STATE, AVAILABILITY = f"{TOPIC}/state", f"{TOPIC}/availability"
LABEL_CONFIG = f"homeassistant/sensor/{device_id(TOPIC)}/label/config"


class MadeSink:
    """A sink with its statistics and its messages."""

    def __init__(self, port: int, password: str | None = None, ca: Path | None = None, **broker: object) -> None:
        self.statistics = StreamStatistics()
        self.messages: list[str] = []
        address = Broker("127.0.0.1", port, TOPIC)._replace(**broker)
        self.sink = MqttSink(address, self.statistics, password=password, ca=ca, write_message=self.messages.append)
