"""What a command may be, and what the broker keeps of the settings."""

from __future__ import annotations

import json

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from edge.controls import StreamControls
from edge.sinks.mqtt.commands import (
    COMMANDS_S,
    MOST_COMMANDS,
    BadCommandError,
    command_text,
    parse_threshold,
    restore_settings,
    settings_json,
)
from edge.sinks.mqtt.rate_limit import RateLimit
from edge.sinks.mqtt.worker import MOST_WAITING, CommandWorker
from support.waiting import wait_for


@given(st.floats(0, 1))
def test_thresholds(value: float) -> None:
    """Every number from 0 to 1 is one, in the forms that JSON and Python write."""
    assert parse_threshold(repr(value)) == value
    assert parse_threshold(json.dumps(value)) == value
    assert parse_threshold("default") is None


@given(st.binary(max_size=100))
@example(b"nan")
@example(b"1" * 64)
@example(b"1e400")
def test_any_bytes(payload: bytes) -> None:
    """Any bytes are a number from 0 to 1, or are refused in one line that does not repeat them."""
    try:
        value = parse_threshold(command_text(payload))
    except BadCommandError as refusal:
        assert str(refusal).isprintable() and len(str(refusal)) < 80
    else:
        assert value is None or 0 <= value <= 1


def test_a_limit() -> None:
    """Twenty commands in ten seconds; then one more for each that is older."""
    now_s = [100.0]
    limit = RateLimit(MOST_COMMANDS, COMMANDS_S, lambda: now_s[0])
    taken = [limit.take() for _ in range(30)]
    assert taken == [True] * 20 + [False] * 10
    now_s[0] += 10
    assert limit.take()


@given(st.booleans(), st.booleans(), st.none() | st.floats(0, 1))
def test_settings_come_back(watching: bool, capturing: bool, chosen: float | None) -> None:
    """What one run publishes, the next one restores; a threshold that the options give stays."""
    before = StreamControls()
    before.watching, before.capturing, before.chosen_threshold = watching, capturing, chosen
    after, given_one = StreamControls(), StreamControls(0.5)
    assert restore_settings(settings_json(before).encode(), after)
    assert (after.watching, after.capturing, after.chosen_threshold) == (watching, capturing, chosen)
    assert restore_settings(settings_json(before).encode(), given_one)
    assert (given_one.threshold, given_one.watching) == (0.5, watching)


@pytest.mark.parametrize(
    "payload",
    [
        b"",
        b"{",
        b"[]",
        b"null",
        b'{"watch": "OFF"}',
        b'{"watch": "OFF", "capture": "ON", "chosen_threshold": NaN}',
        b'{"watch": "OFF", "capture": "ON", "chosen_threshold": 7}',
        b'{"watch": false, "capture": "ON", "chosen_threshold": null}',
        b"[" * 900,
        b" " * 1_000_000,
    ],
)
def test_settings_of_another_sender(payload: bytes) -> None:
    """What is not whole changes nothing."""
    controls = StreamControls()
    assert not restore_settings(payload, controls)
    assert (controls.watching, controls.capturing, controls.chosen_threshold) == (True, True, None)


def test_commands_that_take_time() -> None:
    """They are carried out one after the other; a few may wait, more are refused, and none begins after the end."""
    done: list[int] = []
    worker = CommandWorker(lambda: None, 60.0)
    accepted = [worker.offer(lambda number=number: done.append(number)) for number in range(MOST_WAITING + 2)]  # type: ignore[misc]
    assert accepted == [True] * MOST_WAITING + [False, False]
    worker.start()
    wait_for(lambda: len(done) == MOST_WAITING)
    worker.stop()
    worker.offer(lambda: done.append(-1))
    assert done == list(range(MOST_WAITING))
