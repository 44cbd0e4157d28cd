"""From observations to events: a label begins when it has been the answer for a time, and ends when it has not."""

from __future__ import annotations

from typing import NamedTuple

from edge.types import Observation


class Event(NamedTuple):
    """A label begins or ends.

    ``observation`` is the one with which it begins; of an end it is the last one whose answer it was.
    """

    begins: bool
    observation: Observation

    @property
    def label(self) -> str:
        """The label that begins or ends."""
        return self.observation.label

    @property
    def name(self) -> str:
        """``begin`` or ``end``."""
        return "begin" if self.begins else "end"


class LabelEvents:
    """Makes at most one event of each beginning of a label, and one of its end.

    A label begins when it was the answer of all frames for ``for_s`` seconds, and ends when it was that of none for as
    long. So a label that flickers does neither. Times are those of the frames.
    """

    def __init__(self, *, for_s: float, at_most_every_s: float) -> None:
        """The same label begins at most once in ``at_most_every_s`` seconds.

        One that would begin earlier begins when that time is over, if it still is the answer then.
        """
        self._for_s, self._at_most_every_s = for_s, at_most_every_s
        self._answer: str | None = None
        self._since_s = 0.0
        self._begun: Observation | None = None
        self._left_s: float | None = None
        self._begun_s: dict[str, float] = {}

    def update(self, observation: Observation) -> list[Event]:
        """The events of ``observation``: none, an end, a beginning, or an end and then a beginning."""
        now_s, label = observation.frame.timestamp_s, observation.label
        if label != self._answer:
            self._answer, self._since_s = label, now_s
        events: list[Event] = []
        if self._begun is not None:
            if label == self._begun.label:
                self._begun, self._left_s = observation, None
                return events
            self._left_s = now_s if self._left_s is None else self._left_s
            if now_s - self._left_s < self._for_s:
                return events
            events.append(Event(False, self._begun))
            self._begun = self._left_s = None
        if now_s - self._since_s >= self._for_s and self._may_begin(label, now_s):
            self._begun, self._begun_s[label] = observation, now_s
            events.append(Event(True, observation))
        return events

    def _may_begin(self, label: str, now_s: float) -> bool:
        last_s = self._begun_s.get(label)
        return last_s is None or now_s - last_s >= self._at_most_every_s
