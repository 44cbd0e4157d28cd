"""An MQTT sink with its statistics and its messages, and the topics that it publishes to."""

from __future__ import annotations

from pathlib import Path

from edge.sinks.mqtt.broker import Broker
from edge.sinks.mqtt.discovery import config_topic, device_id
from edge.sinks.mqtt.extras import Extras
from edge.sinks.mqtt.sink import MqttSink
from edge.statistics import StreamStatistics

TOPIC = "test/camera"
STATE, AVAILABILITY = f"{TOPIC}/state", f"{TOPIC}/availability"
CONFIG = config_topic(device_id(TOPIC))


class MadeSink:
    """A sink with its statistics and its messages."""

    def __init__(
        self,
        port: int,
        password: str | None = None,
        ca: Path | None = None,
        extras: Extras | None = None,
        **broker: object,
    ) -> None:
        self.statistics = StreamStatistics()
        self.messages: list[str] = []
        self.sink = MqttSink(
            Broker("127.0.0.1", port, TOPIC)._replace(**broker),
            self.statistics,
            password=password,
            ca=ca,
            write_message=self.messages.append,
            extras=extras,
        )
