"""Events that wait for a webhook: for a day, beyond a restart, on a full or broken disk, and at the end of a stream."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from edge.errors import StorageError
from edge.sinks.actions.webhook import queue_folder
from edge.sinks.actions.webhook_address import parse_webhook
from edge.sinks.actions.webhook_client import WebhookClient
from support.waiting import wait_for
from support.webhook_actions import Hook, Scripted, end, event, numbers
from support.webhook_server import SILENT, WebhookServer


def test_a_webhook_that_fails_for_a_day(hook: Hook) -> None:
    """The queue stays bounded: the oldest events are dropped and counted, and two lines say all of it."""
    client = Scripted()
    client.default = 500
    action = hook.start(client, most=5, held=True)
    for number in range(100):
        action.take(event(number))
    wait_for(lambda: hook.waits)
    assert hook.counts["dropped"] == 95
    client.default = 200
    hook.may_go_on.release()
    wait_for(lambda: hook.counts.get("done") == 5)
    assert numbers(client.bodies)[-5:] == [95, 96, 97, 98, 99]
    assert sorted(hook.messages) == [
        "webhook: 1,000 events wait for host:80; the oldest are dropped",
        "webhook: host:80 takes events again",
        "webhook: host:80: it answers 500; events wait on the disk and are sent again",
    ]


def test_a_queue_that_is_full_again(hook: Hook) -> None:
    """Each time that events are dropped has its message: the time is over as soon as none waits."""
    client, sent = Scripted(), 0
    action = hook.start(client, most=2, held=True)
    for time in (1, 2):
        client.default = 500
        action.take(event(sent))
        wait_for(lambda so_far=time: len(hook.waits) == so_far)  # type: ignore[misc]
        for number in range(3):
            action.take(event(sent + number + 1))
        assert sum("the oldest are dropped" in message for message in hook.messages) == time
        client.default = 200
        hook.may_go_on.release()
        sent += 4
        wait_for(lambda so_far=time: hook.counts.get("done") == 2 * so_far and not action._dropping)  # type: ignore[misc]


def test_a_restart_loses_nothing(hook: Hook) -> None:
    """What was not taken is sent by the next process first, under its old name; a message says what is kept."""
    with WebhookServer([SILENT]) as server:
        address = parse_webhook(server.uri)
        first = hook.start(WebhookClient(address))
        for number in range(3):
            first.take(event(number))
        server.wait_for(1)
        first.stop()
        first.close(0.2)
        assert hook.messages == ["webhook: 3 events are kept for the next start"]
        second = hook.start(WebhookClient(address))
        second.take(event(3))
        deliveries = server.wait_for(5)
    assert numbers([delivery.body for delivery in deliveries]) == [0, 0, 1, 2, 3]
    assert deliveries[0].headers["x-edge-delivery"] == deliveries[1].headers["x-edge-delivery"]


def test_at_the_end_what_waits_is_sent(hook: Hook) -> None:
    """A stream of a second still delivers its events, if the webhook takes them at once."""
    client = Scripted()
    action = hook.start(client)
    for number in range(20):
        action.take(event(number))
    end(action)
    assert numbers(client.bodies) == list(range(20))
    assert hook.messages == []


def test_a_disk_that_cannot_be_written(hook: Hook, monkeypatch: pytest.MonkeyPatch) -> None:
    """The event is counted as failed; the next one that can be written is sent."""
    client = Scripted()
    action = hook.start(client)

    def full(*_: object, **__: object) -> None:
        raise StorageError("the disk is full")

    with monkeypatch.context() as patch:
        patch.setattr("edge.sinks.actions.disk_queue.write_whole", full)
        with pytest.raises(StorageError, match="full"):
            action.take(event(0))
    action.take(event(1))
    wait_for(lambda: hook.counts == {"failed": 1, "done": 1})
    assert numbers(client.bodies) == [1]


def test_where_the_queue_is(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """In the folder of the service, else in that of the user; its name does not tell the address."""
    address = parse_webhook("https://host/secret")
    places: list[tuple[str, Callable[[], None]]] = [
        ("/home/pi/.local/state/edge-for-poets", lambda: None),
        ("/state/edge-for-poets", lambda: monkeypatch.setenv("XDG_STATE_HOME", "/state")),
        ("/var/lib/edge-watch", lambda: monkeypatch.setenv("STATE_DIRECTORY", "/var/lib/edge-watch:/other")),
    ]
    monkeypatch.setenv("HOME", "/home/pi")
    for name in ("XDG_STATE_HOME", "STATE_DIRECTORY"):
        monkeypatch.delenv(name, raising=False)
    for base, change in places:
        change()
        folder = queue_folder(address)
        assert str(folder.parent) == f"{base}/webhook" and "secret" not in str(folder)
    monkeypatch.setattr(Path, "home", lambda: pytest.fail("a user of a service may have no home"))
    assert queue_folder(address) != queue_folder(parse_webhook("https://host/other"))
