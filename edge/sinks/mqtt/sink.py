"""A stream's observations on an MQTT broker, where Home Assistant finds them by itself."""

from __future__ import annotations

import json
import math
import socket
import ssl
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from edge.errors import ConfigurationError, UnavailableError
from edge.sinks.mqtt.broker import Broker
from edge.sinks.mqtt.home_assistant import BIRTH, STATUS_TOPIC, discovery
from edge.sinks.observation_record import observation_record
from edge.statistics import StreamStatistics
from edge.types import ModelCard, Observation

if TYPE_CHECKING:
    from paho.mqtt.client import Client, ConnectFlags, DisconnectFlags, MQTTMessage
    from paho.mqtt.properties import Properties
    from paho.mqtt.reasoncodes import ReasonCode

STATE_EVERY_S = 10.0
"""The state is published when the label changes and at least this often, in seconds."""
_ANSWER_WITHIN_S = 5.0
_KEEPALIVE_S = 30
_LONGEST_RECONNECT_S = 30
_MOST_WAITING = 32
_REFUSED = ("Not authorized", "Bad user name or password")


class MqttSink:
    """Publishes ``<topic>/state`` and ``<topic>/availability``, both retained, and the discovery of both.

    The broker itself publishes ``offline`` when this process dies. A lost connection is made again, after 1 s,
    then 2, at most 30; states that fall due in between are dropped and counted.
    """

    name = "mqtt"

    def __init__(
        self,
        broker: Broker,
        password: str | None,
        ca: Path | None,
        statistics: StreamStatistics,
        tell: Callable[[str], None],
    ) -> None:
        """Publish to ``broker``; ``ca`` is a PEM file of the certificate authority that vouches for it.

        ``tell`` gets one line when the connection is lost, and one when it is there again.

        Raises :class:`~edge.errors.ConfigurationError` where ``ca`` is no such file.
        """
        import paho.mqtt.client  # noqa: F401  # a missing extra is noticed at the start

        self._broker, self._password = broker, password
        self._tls = _tls(ca) if broker.tls else None
        self._statistics, self._tell = statistics, tell
        self._client: Client | None = None
        self._answered = threading.Event()
        self._refusal: str | None = None
        self._greetings = 0  # how often the broker or Home Assistant came up and knew nothing of us
        self._dropped = 0
        self._said: tuple[int, str, float] = (0, "", -math.inf)  # greeting, label and monotonic time of the last state
        self._announced: tuple[int, ModelCard] | None = None

    def open(self) -> None:
        """Connect and log in.

        Raises :class:`~edge.errors.UnavailableError` where that fails; nothing is left running then.
        """
        self._answered.clear()
        self._refusal = None
        client = self._new_client()
        try:
            client.connect(self._broker.host, self._broker.port, _KEEPALIVE_S)
        except (OSError, UnicodeError) as error:  # UnicodeError: a name that cannot be a host's
            raise UnavailableError(f"cannot connect to {self._broker.place}: {_reason(error)}") from None
        client.loop_start()
        answered = self._answered.wait(_ANSWER_WITHIN_S)
        refusal = self._refusal if answered else f"{self._broker.place} does not answer as an MQTT broker does"
        if refusal is None:
            self._client = client
            return
        client.disconnect()
        client.loop_stop()
        raise UnavailableError(refusal)

    def write(self, observation: Observation) -> None:
        """Publish the state where it is due."""
        assert self._client is not None
        greeting, now_s = self._greetings, time.monotonic()
        said_greeting, said_label, said_s = self._said
        after_s = now_s - said_s
        if (greeting, observation.label) == (said_greeting, said_label) and after_s < STATE_EVERY_S:
            return
        self._said = greeting, observation.label, now_s
        if not self._client.is_connected():
            self._drop()
            return
        if self._announced is None or self._announced[0] != greeting or self._announced[1] is not observation.model:
            self._announced = greeting, observation.model
            for topic, payload in discovery(self._broker.topic, observation.model).items():
                self._publish(topic, json.dumps(payload))
        self._publish(f"{self._broker.topic}/state", json.dumps(observation_record(observation)))

    def close(self) -> None:
        """Say ``offline`` and disconnect."""
        if self._client is None:
            return
        connected = self._client.is_connected()
        if connected:
            said = self._client.publish(f"{self._broker.topic}/availability", "offline", qos=1, retain=True)
            if said.rc == 0:
                said.wait_for_publish(0.3)
        self._client.disconnect()
        if connected:
            self._client.loop_stop()
        else:  # paho's thread looks up once a second while it waits to connect, and not at all while it connects
            threading.Thread(target=self._client.loop_stop, daemon=True).start()

    def _new_client(self) -> Client:
        from paho.mqtt.client import Client
        from paho.mqtt.enums import CallbackAPIVersion

        client = Client(CallbackAPIVersion.VERSION2)
        if self._broker.user is not None:
            client.username_pw_set(self._broker.user, self._password)
        if self._tls is not None:
            client.tls_set_context(self._tls)
        client.will_set(f"{self._broker.topic}/availability", "offline", qos=1, retain=True)
        client.reconnect_delay_set(1, _LONGEST_RECONNECT_S)
        client.max_queued_messages_set(_MOST_WAITING)
        client.connect_timeout = _ANSWER_WITHIN_S
        client.on_connect = self._on_connect
        client.on_disconnect = self._on_disconnect
        client.on_message = self._on_message
        return client

    def _publish(self, topic: str, payload: str) -> None:
        if self._client is None or self._client.publish(topic, payload, qos=1, retain=True).rc != 0:
            self._drop()

    def _drop(self) -> None:
        self._dropped += 1
        self._statistics.count_sink("sink_dropped", self.name)

    def _on_connect(
        self, client: Client, userdata: object, flags: ConnectFlags, code: ReasonCode, properties: Properties | None
    ) -> None:
        if code.is_failure:
            refused = f"{self._broker.place} refuses the connection: {code}"
            if str(code) in _REFUSED:
                user = self._broker.user or "nobody"
                refused = f"{self._broker.place} refuses the password of {user}, or needs one: {code}"
            if self._answered.is_set() and refused != self._refusal:  # once connected nobody waits for the answer
                self._fail(refused)
            self._refusal = refused
        else:
            client.publish(f"{self._broker.topic}/availability", "online", qos=1, retain=True)
            client.subscribe(STATUS_TOPIC)
            self._greetings += 1
            self._refusal = None
            if self._client is client:
                dropped, self._dropped = self._dropped, 0
                self._tell(f"{self.name}: connected to {self._broker.place} again; dropped {dropped} states meanwhile")
        self._answered.set()

    def _on_disconnect(
        self, client: Client, userdata: object, flags: DisconnectFlags, code: ReasonCode, properties: Properties | None
    ) -> None:
        if not self._answered.is_set():
            self._refusal = f"{self._broker.place} hangs up; where it expects TLS, write mqtts://"
            self._answered.set()
        elif self._client is client and code.is_failure and self._refusal is None:
            self._fail(f"lost the connection to {self._broker.place} ({code}); trying again")

    def _fail(self, text: str) -> None:
        self._statistics.count_sink("sink_errors", self.name)
        self._tell(f"{self.name}: {text}")

    def _on_message(self, client: Client, userdata: object, message: MQTTMessage) -> None:
        if message.payload == BIRTH and not message.retain:
            self._greetings += 1


def _tls(ca: Path | None) -> ssl.SSLContext:
    try:
        return ssl.create_default_context(cafile=ca)
    except (OSError, ValueError):  # ssl.SSLError is an OSError
        raise ConfigurationError(f"{ca}: is no file of certificates (PEM)") from None


def _reason(error: OSError | UnicodeError) -> str:
    if isinstance(error, socket.gaierror | UnicodeError):
        return "unknown host"
    if isinstance(error, ssl.SSLCertVerificationError):
        return f"its certificate cannot be trusted ({error.verify_message}); name its authority with --mqtt-ca FILE"
    if isinstance(error, TimeoutError):
        return "no answer"
    return error.strerror or str(error)
