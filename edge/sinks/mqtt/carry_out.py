"""Carries out the commands that come from Home Assistant, or from anybody else who may publish to the broker."""

from __future__ import annotations

import traceback
from collections.abc import Callable
from typing import Any

from edge.controls import StreamControls
from edge.errors import EdgeError
from edge.shorten import shorten
from edge.sinks.mqtt import commands
from edge.sinks.mqtt.commands import BadCommandError
from edge.sinks.mqtt.entities import Topics
from edge.sinks.mqtt.extras import Extras
from edge.sinks.mqtt.rate_limit import RateLimit
from edge.sinks.mqtt.seldom import SeldomMessages
from edge.sinks.mqtt.updates import ModelUpdates
from edge.sinks.mqtt.worker import CommandWorker
from edge.types import Observation

LOOK_EVERY_S = 10.0
"""The time between two looks at the store, in seconds: another command may have changed it."""


class CommandActions:
    """One action for each topic of commands.

    What is bad, too much or too often is ignored, with one line a minute at most. What takes time is done on a thread
    of its own.
    """

    def __init__(
        self,
        topics: Topics,
        extras: Extras,
        write_message: Callable[[str], None],
        *,
        show_settings: Callable[[], None],
        show_model: Callable[[bool], None],
    ) -> None:
        """Change what ``extras`` has.

        ``show_settings`` publishes the settings after a change, ``show_model`` the models, with whether one is being
        installed.
        """
        self.shown: Observation | None = None
        """The frame that the user has before them: the one of the last picture, or the last one that was labelled."""
        self._write_message, self._seldom = write_message, SeldomMessages(write_message)
        self._show_settings, self._show_model = show_settings, show_model
        self._limit = RateLimit(commands.MOST_COMMANDS, commands.COMMANDS_S)
        self._worker = CommandWorker(self.look, LOOK_EVERY_S)
        self._actions: dict[str, tuple[Callable[[str], Any], Callable[[Any], None]]] = {}  # read it, carry it out
        if extras.controls is not None:
            self._add_controls(topics, extras.controls, has_inbox=extras.keep is not None)
        if extras.keep is not None:
            self._add_inbox(topics, extras.keep)
        if extras.updates is not None:
            self._add_updates(topics, extras.updates)
        self._has_store = extras.updates is not None

    @property
    def topics(self) -> list[str]:
        """The topics of commands."""
        return list(self._actions)

    def start(self) -> None:
        """Begin to do what takes time."""
        self._worker.start()

    def stop(self) -> None:
        """Begin nothing more."""
        self._worker.stop()

    def look(self) -> None:
        """Publish what the store has; on the thread of the worker."""
        if self._has_store:
            # Seldom: a store that cannot be read stays so, and this comes again every few seconds.
            self._do(lambda: self._show_model(False), self._seldom.write)

    def look_soon(self) -> None:
        """Let the worker :meth:`look`. If it has too much to do it looks later."""
        if self._has_store:
            self._worker.offer(self.look)

    def take(self, topic: str, payload: bytes, retained: bool) -> None:
        """Carry out a message to one of :attr:`topics`; ``retained``: the broker kept it from an earlier time."""
        try:
            if retained:
                raise BadCommandError("that the broker kept; publish commands without retain")
            read, carry_out = self._actions[topic]
            value = read(commands.command_text(payload))
            if not self._limit.take():
                raise BadCommandError(f"after {commands.MOST_COMMANDS} within {commands.COMMANDS_S:g} s")
            carry_out(value)
        except BadCommandError as error:
            self._seldom.write(f"{shorten(topic)}: ignored a command {error}")

    def _add_controls(self, topics: Topics, controls: StreamControls, *, has_inbox: bool) -> None:
        def set_threshold(chosen: float | None) -> None:
            controls.chosen_threshold = chosen
            self._show_settings()

        def set_watch(on: bool) -> None:
            controls.watching = on
            self._seldom.write(f"the watch was switched {'on' if on else 'off'}")
            self._show_settings()

        def set_capture(on: bool) -> None:
            controls.capturing = on
            self._show_settings()

        self._actions[topics.set_threshold] = commands.parse_threshold, set_threshold
        self._actions[topics.set_watch] = commands.parse_switch, set_watch
        if has_inbox:
            self._actions[topics.set_capture] = commands.parse_switch, set_capture

    def _add_inbox(self, topics: Topics, keep: Callable[[Observation], str]) -> None:
        def press(_: None) -> None:
            observation = self.shown
            if observation is None:
                raise BadCommandError("because no frame was labelled yet")
            self._later(lambda: self._write_message(keep(observation)))

        self._actions[topics.wrong] = commands.check_press, press

    def _add_updates(self, topics: Topics, updates: ModelUpdates) -> None:
        def change(do: Callable[[], str]) -> None:
            self._show_model(True)
            try:
                self._write_message(do())
            finally:
                self._show_model(False)

        def install(_: None) -> None:
            self._later(lambda: change(updates.install_newest))

        def roll_back(_: None) -> None:
            self._later(lambda: change(updates.roll_back))

        self._actions[topics.install] = commands.check_install, install
        self._actions[topics.roll_back] = commands.check_press, roll_back

    def _later(self, work: Callable[[], None]) -> None:
        if not self._worker.offer(lambda: self._do(work, self._write_message)):
            raise BadCommandError("because others are still being carried out")

    def _do(self, work: Callable[[], None], write_message: Callable[[str], None]) -> None:
        try:
            work()
        except (EdgeError, OSError, MemoryError) as error:
            write_message(str(error) or "not enough memory for a command")
        except Exception as error:  # a bug keeps its traceback, and does not end the thread
            write_message("".join(traceback.format_exception(error)).rstrip())
