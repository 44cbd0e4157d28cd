"""A watch as a device of Home Assistant: what is announced, and what is shown beside the labels."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable
from typing import Protocol

from edge.shorten import shorten
from edge.sinks.mqtt.carry_out import CommandActions
from edge.sinks.mqtt.commands import restore_settings, settings_json
from edge.sinks.mqtt.discovery import (
    MIGRATE,
    announced_platforms,
    config_topic,
    device_id,
    discovery,
    old_config_topics,
    platforms,
    without,
)
from edge.sinks.mqtt.entities import MOST_CLASSES, ON, Topics, entities
from edge.sinks.mqtt.extras import Extras
from edge.sinks.mqtt.own_topics import CORRECTIONS, CORRECTIONS_S
from edge.sinks.mqtt.rate_limit import RateLimit
from edge.sinks.mqtt.seldom import SeldomMessages
from edge.sinks.mqtt.updates import model_json
from edge.types import ModelCard, Observation

_MIGRATION_S = 5.0
"""The time that Home Assistant needs to let go of entities that were announced one by one, in seconds. As long as it
has not, it ignores a message that announces them together."""

_MOST_REMEMBERED = 1000
"""The most entities that are remembered: two models have far fewer, and a hostile broker can name any number."""


class Publish(Protocol):
    """Publishes to the broker: :meth:`edge.sinks.mqtt.sink.MqttSink.publish`."""

    def __call__(self, topic: str, payload: str | bytes, *, retain: bool = True, qos: int = 1) -> bool:
        """Whether the message was queued. Without a connection it is not."""


class HomeAssistant:
    """Announces the device, and keeps what Home Assistant shows of it up to date.

    What an earlier run announced is read from the broker, which keeps it: so what this run does not have is removed,
    and the switches are as they were left.
    """

    def __init__(self, prefix: str, extras: Extras, publish: Publish, write_message: Callable[[str], None]) -> None:
        """The device of the topic ``prefix``; ``write_message`` gets one line about what commands did."""
        self.topics = Topics(prefix)
        self._extras, self._publish, self._write_message = extras, publish, write_message
        self._seldom = SeldomMessages(write_message)
        self._device = device_id(prefix)
        self._config, self._old = config_topic(self._device), old_config_topics(self._device)
        self._commands = CommandActions(
            self.topics, extras, write_message, show_settings=self._show_settings, show_model=self._show_model
        )
        self._lock = threading.RLock()
        self._model: ModelCard | None = None
        self._is_due = self._has_old = self._has_settings = False
        self._announced: dict[str, str] = {}
        self._sent: dict[str, str] = {}
        self._corrections = RateLimit(CORRECTIONS, CORRECTIONS_S)
        self._announce_from_s = self._picture_due_s = 0.0
        self.start, self.close = self._commands.start, self._commands.stop

    @property
    def subscriptions(self) -> list[str]:
        """The topics whose messages :meth:`receive` needs."""
        return [*self._commands.topics, self._config, *self._old, self.topics.settings]

    def announce_again(self) -> None:
        """The broker or Home Assistant has started, and may know nothing: announce everything with the next frame.

        While the watch is switched off there is no next frame, so it is done at once.
        """
        self._is_due = True
        controls = self._extras.controls
        if self._model is not None and controls is not None and not controls.watching:
            self._announce(self._model)

    def follow(self, observation: Observation) -> bool:
        """Announce the model of ``observation`` if it is another one, and show its frame if it is time.

        Returns whether it was announced.
        """
        now_s = time.monotonic()
        announce = (self._is_due or observation.model is not self._model) and now_s >= self._announce_from_s
        if announce:
            self._announce(observation.model)
        self._show_settings()
        if self._extras.picture_every_s is None:
            self._commands.shown = observation
        elif now_s >= self._picture_due_s:
            from edge.sinks.web.labelled_picture import encode_labelled

            self._picture_due_s = now_s + self._extras.picture_every_s
            if self._publish(self.topics.picture, encode_labelled(observation), retain=False, qos=0):
                self._commands.shown = observation
        return announce

    def receive(self, topic: str, payload: bytes, retained: bool) -> None:
        """Take a message to one of :attr:`subscriptions`; ``retained``: the broker kept it from an earlier time."""
        if topic in self._commands.topics:
            self._commands.take(topic, payload, retained)
        elif not retained:
            if topic == self.topics.settings:
                self._correct_settings(payload)
        elif topic == self.topics.settings:
            self._restore(payload)
        elif topic == self._config:
            self._remember(announced_platforms(payload))
        elif payload:  # announced by a release that announced one by one
            self._publish(topic, MIGRATE, retain=False)
            self._announce_from_s = time.monotonic() + _MIGRATION_S
            self._has_old = self._is_due = True

    def _remember(self, earlier: dict[str, str]) -> None:
        with self._lock:
            if len(self._announced.keys() | earlier.keys()) > _MOST_REMEMBERED:
                return
            self._is_due = self._is_due or not earlier.keys() <= self._announced.keys()
            self._announced = {**earlier, **self._announced}

    def _announce(self, model: ModelCard) -> None:
        with self._lock:
            self._is_due, self._model = False, model
            found = entities(self.topics, self._device, model, self._extras.features)
            message, now = discovery(self.topics, model, found), platforms(found)
            removed = {name: platform for name, platform in self._announced.items() if name not in now}
            old = self._old if self._has_old else ()
            steps = [(self._config, without(message, removed))] if removed else []
            steps += [(self._config, message)]
            sent = [self._publish(topic, "") for topic in old]
            sent += [self._publish(topic, json.dumps(payload)) for topic, payload in steps]
            if all(sent):
                self._announced, self._has_old = now, False
            else:
                self._announced, self._is_due = {**self._announced, **now}, True
            self._sent.clear()
        if len(model.classes) > MOST_CLASSES:
            self._seldom.write(
                f"the model has {len(model.classes):,} classes: Home Assistant gets a sensor for each of them if there "
                f"are at most {MOST_CLASSES}"
            )
        self._show_settings()
        self._commands.look_soon()

    def _show_settings(self) -> None:
        controls = self._extras.controls
        if controls is not None:
            self._has_settings = True
            with self._lock:  # no other thread publishes between this state and its message
                self._show(self.topics.settings, settings_json(controls))

    def _show_model(self, in_progress: bool) -> None:
        updates = self._extras.updates
        if updates is not None:
            # Read without the lock, for which labels wait: the disk of the store may hang. One thread alone calls this.
            text = model_json(updates.versions(), in_progress)
            with self._lock:
                self._show(self.topics.model, text)

    def _correct_settings(self, payload: bytes) -> None:
        """Publish the settings again if ``payload``, which has come to their topic, is of another sender.

        It may also be one of this run that a newer one has replaced since; then that is repeated.
        """
        with self._lock:
            own = self._sent.get(self.topics.settings)
            if own is not None and payload != own.encode() and self._corrections.take():
                del self._sent[self.topics.settings]
                self._show_settings()

    def _show(self, topic: str, text: str) -> None:
        """Publish the state ``text``, unless it was published already. The lock is held."""
        if self._sent.get(topic) != text and self._publish(topic, text):
            self._sent[topic] = text

    def _restore(self, payload: bytes) -> None:
        """Set the switches as an earlier run left them, before this run shows its own."""
        controls = self._extras.controls
        if controls is None or self._has_settings or not restore_settings(payload, controls):
            return
        self._has_settings = True
        if not controls.watching:
            self._write_message(
                "the watch is switched off, as it was before; switch it on in Home Assistant, or publish "
                f"{ON} to {shorten(self.topics.set_watch)}"
            )
