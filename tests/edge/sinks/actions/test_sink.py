"""The sink of the actions: every action gets every event, whatever another one does."""

from __future__ import annotations

import pytest

from edge.sinks.actions.complaints import EVERY_S, Complaints
from edge.sinks.actions.events import Event, LabelEvents
from edge.sinks.actions.sink import ActionSink
from support.observed import observe


class Recorder:
    """An action that keeps what it is told; ``failure`` is raised for every event and at the end."""

    name = "recorder"

    def __init__(self, failure: Exception | None = None) -> None:
        self.calls: list[str] = []
        self._failure = failure

    def open(self) -> None:
        self.calls.append("open")

    def take(self, event: Event) -> None:
        self.calls.append(f"{event.name} {event.label}")
        if self._failure:
            raise self._failure

    def stop(self) -> None:
        self.calls.append("stop")
        if self._failure:
            raise self._failure

    def close(self, timeout_s: float) -> None:
        self.calls.append("close")


def test_a_failure_is_that_of_one_action() -> None:
    """The others get the event too, and the sink reports the failure."""
    failing, other = Recorder(OSError("no")), Recorder()
    sink = ActionSink(LabelEvents(for_s=0, at_most_every_s=0), [failing, other])
    sink.open()
    with pytest.raises(OSError, match="no"):
        sink.write(observe(0))
    sink.write(observe(1))
    with pytest.raises(OSError, match="no"):
        sink.write(observe(2, "roses"))
    with pytest.raises(OSError, match="no"):
        sink.close()
    expected = ["open", "begin daisy", "end daisy", "begin roses", "stop", "close"]
    assert failing.calls == other.calls == expected


def test_the_same_message_is_rare() -> None:
    """A command that fails all day prints a line a minute; another message is printed at once."""
    lines, now_s = list[str](), [0.0]
    complaints = Complaints(lines.append, lambda: now_s[0])
    for second in range(0, 2 * int(EVERY_S) + 1, 10):
        now_s[0] = float(second)
        complaints.print("one")
    complaints.print("two")
    assert lines == ["one", "one", "one", "two"]
