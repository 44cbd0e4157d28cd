"""Publishes the observations of a stream to an MQTT broker, where Home Assistant finds them."""

from __future__ import annotations

import json
import math
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from edge.errors import UnavailableError
from edge.sinks.mqtt.broker import Broker
from edge.sinks.mqtt.client_id import ClientId, claim_client_id
from edge.sinks.mqtt.connecting import (
    LONGEST_RECONNECT_S,
    end_connection,
    failure_text,
    new_client,
    refusal_text,
    tls_context,
)
from edge.sinks.mqtt.discovery import BIRTH, STATUS_TOPIC
from edge.sinks.mqtt.extras import Extras
from edge.sinks.mqtt.home_assistant import HomeAssistant
from edge.sinks.mqtt.own_topics import OFFLINE, OwnTopics
from edge.sinks.mqtt.seldom import SeldomMessages
from edge.sinks.observation_json import observation_json
from edge.statistics import StreamStatistics
from edge.types import Observation

if TYPE_CHECKING:
    from paho.mqtt.client import Client, ConnectFlags, DisconnectFlags, MQTTMessage, MQTTMessageInfo
    from paho.mqtt.properties import Properties
    from paho.mqtt.reasoncodes import ReasonCode

STATE_EVERY_S = 10.0
"""The state is published when the label changes, and after this time without a change, in seconds."""
_ANSWER_WITHIN_S = 5.0
_SETTLED_WITHIN_S = 1.0
_KEEPALIVE_S = 30
_STEADY_S, _UNSTEADY = 10.0, 3
"""A connection that lasts less than this time, in seconds, is short. After this many short ones in a row the pauses
are longer."""
_END_S = 0.3


class MqttSink:
    """Publishes ``<topic>/state`` and ``<topic>/availability``, both retained, and what Home Assistant needs.

    The broker itself publishes ``offline`` if this process dies. A lost connection is opened again after 1 s, then 2 s,
    up to 30 s. States of the time without a connection are dropped and counted. If another sender publishes
    ``offline`` while this process is alive, such as the broker for an earlier connection, it is corrected.
    """

    name = "mqtt"

    def __init__(
        self,
        broker: Broker,
        statistics: StreamStatistics,
        *,
        password: str | None,
        ca: Path | None,
        write_message: Callable[[str], None],
        extras: Extras | None = None,
    ) -> None:
        """Publish to ``broker``; ``extras`` are what Home Assistant gets beside the labels.

        ``ca`` is a PEM file of the authority that signed its certificate; None means the authorities of the system.
        ``write_message`` gets one line when the connection is lost, and one when it is open again.

        Raises :class:`~edge.errors.ConfigurationError` if ``ca`` is not such a file.
        """
        import paho.mqtt.client  # noqa: F401  # fails at the start if the extra is missing

        self._broker, self._password = broker, password
        self._tls = tls_context(ca) if broker.tls else None
        self._statistics, self._write_message = statistics, write_message
        self._client: Client | None = None  # after open()
        self._connected: Client | None = None
        self._unconfirmed: MQTTMessageInfo | None = None  # the last message with QoS 0
        self._answered = threading.Event()
        self._refusal: str | None = None
        # How many times the broker or Home Assistant has started, and so needs the state again.
        self._starts = 0
        self._dropped = 0
        # Of the last state: the number of starts, the label, and the monotonic time in seconds.
        self._published: tuple[int, str, float] = (0, "", -math.inf)
        self._topics = OwnTopics(broker.topic)
        self._seldom = SeldomMessages(self._say)
        self._home = HomeAssistant(broker.topic, extras or Extras(), self.publish, self._say)
        self._settled = threading.Event()  # what the broker kept of an earlier run has come
        self._id: ClientId | None = None
        self._to_correct = self._closing = False
        self._connected_s, self._unsteady = -math.inf, 0

    def open(self) -> None:
        """Connect and log in.

        Raises :class:`~edge.errors.UnavailableError` if that fails; no thread is left then.
        """
        self._answered.clear()
        self._settled.clear()
        self._refusal = None
        client = self._new_client()
        try:
            client.connect(self._broker.host, self._broker.port, _KEEPALIVE_S)
        except (OSError, UnicodeError) as error:  # UnicodeError: not a possible host name
            raise UnavailableError(f"cannot connect to {self._broker.place}: {failure_text(error)}") from None
        client.loop_start()
        answered = self._answered.wait(_ANSWER_WITHIN_S)
        refusal = self._refusal if answered else f"{self._broker.place} does not answer as an MQTT broker does"
        if refusal is None:
            self._settled.wait(_SETTLED_WITHIN_S)
            self._client = client
            self._home.start()
            return
        client.disconnect()
        client.loop_stop()
        raise UnavailableError(refusal)

    def write(self, observation: Observation) -> None:
        """Publish the state, if the label has changed or the last state is :data:`STATE_EVERY_S` old."""
        assert self._client is not None
        if self._to_correct:
            self._correct(self._client)
        starts, now_s = self._starts, time.monotonic()
        last_starts, last_label, last_s = self._published
        # Home Assistant forgets the state of what is announced.
        announced = self._client.is_connected() and self._home.follow(observation)
        same = (starts, observation.label) == (last_starts, last_label) and not announced
        if same and now_s - last_s < STATE_EVERY_S:
            return
        self._published = starts, observation.label, now_s
        if not self._client.is_connected():
            self._drop()
            return
        state = json.dumps(observation_json(observation))
        self._topics.remember(state)
        self.publish(self._topics.state, state)

    def publish(self, topic: str, payload: str | bytes, *, retain: bool = True, qos: int = 1) -> bool:
        """Whether the message was queued; without a connection it is not. Any thread may call it.

        With QoS 0 it is not queued either as long as the one before has not left: no limit of the client counts those,
        and a broker that reads slowly would fill the memory.
        """
        client = self._connected
        if client is None or not client.is_connected() or (qos == 0 and self._is_leaving()):
            return False
        message = client.publish(topic, payload, qos=qos, retain=retain)
        if qos == 0:
            self._unconfirmed = message
        if message.rc != 0:
            self._drop()
        return message.rc == 0

    def _is_leaving(self) -> bool:
        """Whether the last message with QoS 0 still waits in this process."""
        try:
            return self._unconfirmed is not None and not self._unconfirmed.is_published()
        except RuntimeError:  # it was lost with its connection
            return False

    def close(self) -> None:
        """Publish ``offline`` and disconnect. If the broker does not confirm it in time, it publishes the will."""
        self._closing = True
        self._home.close()
        client, self._client, self._connected = self._client, None, None
        if client is not None:
            end_connection(client, client.is_connected() and self._publish_offline(client), _END_S)
        if self._id is not None:
            self._id.release()

    def _publish_offline(self, client: Client) -> bool:
        """Whether the broker has confirmed ``offline``."""
        message = client.publish(self._topics.availability, OFFLINE, qos=1, retain=True)
        if message.rc != 0:  # the queue is full
            return False
        message.wait_for_publish(_END_S)
        return message.is_published()

    def _new_client(self) -> Client:
        self._id = self._id or claim_client_id(self._broker)
        client = new_client(self._broker, self._id.text, self._password, self._tls, _ANSWER_WITHIN_S)
        client.will_set(self._topics.availability, OFFLINE, qos=1, retain=True)
        client.on_connect = self._on_connect
        client.on_disconnect = self._on_disconnect
        client.on_message = self._on_message
        return client

    def _drop(self) -> None:
        self._dropped += 1
        self._statistics.count_sink("sink_dropped", self.name)

    def _on_connect(
        self, client: Client, userdata: object, flags: ConnectFlags, code: ReasonCode, properties: Properties | None
    ) -> None:
        if code.is_failure:
            refusal = refusal_text(self._broker, code)
            if self._answered.is_set() and refusal != self._refusal:  # after open() no call waits for the answer
                self._fail(refusal)
            self._refusal = refusal
        else:
            self._connected, self._connected_s = client, time.monotonic()
            own = (STATUS_TOPIC, self._topics.availability, self._topics.state, *self._home.subscriptions)
            client.subscribe([(topic, 0) for topic in own])
            self._topics.publish_online(client)  # it comes back when everything has come that the broker kept
            self._starts += 1
            self._home.announce_again()
            self._refusal = None
            if self._client is client:
                dropped, self._dropped = self._dropped, 0
                self._say(f"connected to {self._broker.place} again; {dropped} states were dropped meanwhile")
        self._answered.set()

    def _on_disconnect(
        self, client: Client, userdata: object, flags: DisconnectFlags, code: ReasonCode, properties: Properties | None
    ) -> None:
        if not self._answered.is_set():
            self._refusal = f"{self._broker.place} closed the connection; if it needs TLS, write mqtts://"
            self._answered.set()
        elif self._client is client and code.is_failure and self._refusal is None:
            steady = time.monotonic() - self._connected_s >= _STEADY_S
            self._unsteady = 0 if steady else self._unsteady + 1
            client.reconnect_delay_set(LONGEST_RECONNECT_S if self._unsteady >= _UNSTEADY else 1, LONGEST_RECONNECT_S)
            if self._unsteady < _UNSTEADY:
                self._fail(f"lost the connection to {self._broker.place} ({code}); trying again")
            else:
                self._fail(
                    f"{self._broker.place} closes every connection soon; does another client use the same client id "
                    f"({self._id and self._id.text}), or may this one not use the topic? trying again every "
                    f"{LONGEST_RECONNECT_S} s"
                )

    def _fail(self, text: str) -> None:
        self._statistics.count_sink("sink_errors", self.name)
        self._say(text)

    def _say(self, text: str) -> None:
        self._write_message(f"{self.name}: {text}")

    def _on_message(self, client: Client, userdata: object, message: MQTTMessage) -> None:
        try:
            topic, payload = message.topic, bytes(message.payload)
        except UnicodeDecodeError:  # no broker may send such a topic; an exception here would end paho's thread
            return
        if topic == STATUS_TOPIC:
            if payload == BIRTH and not message.retain:
                self._starts += 1
                self._home.announce_again()
        elif topic in self._home.subscriptions:
            self._home.receive(topic, payload, message.retain)
        elif self._topics.is_own_start(topic, payload, message.retain):
            self._settled.set()
        elif self._topics.is_foreign(topic, payload, message.retain) and not self._closing:
            if topic == self._topics.availability:
                self._correct(client)
            else:
                self._seldom.write(f"another sender publishes to {topic}; give each edge watch a topic of its own")

    def _correct(self, client: Client) -> None:
        """Publish ``online`` again; if that was done too often, with a later frame."""
        self._to_correct = not self._topics.may_correct()
        if not self._to_correct:
            self._topics.publish_online(client)
            self._seldom.write(
                f"{self._topics.availability} was set to another value, by an earlier connection of this watch or by "
                "another sender; it is online again"
            )
