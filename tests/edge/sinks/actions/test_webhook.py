"""Events on their way to a webhook: in order, signed, again and again, and none lost in a restart."""

from __future__ import annotations

import hashlib
import hmac
import json
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from edge.backoff import Backoff
from edge.errors import StorageError, UnavailableError
from edge.sinks.actions.disk_queue import DiskQueue
from edge.sinks.actions.events import Event
from edge.sinks.actions.webhook import WebhookAction, queue_folder
from edge.sinks.actions.webhook_address import parse_webhook
from edge.sinks.actions.webhook_client import WebhookClient
from edge.sinks.observation_json import observation_json
from edge.statistics import StreamStatistics
from support.observed import observe
from support.waiting import wait_for
from support.webhook_server import DROP, SILENT, WebhookServer


class Scripted:
    """A client whose requests are answered at once; ``bodies`` are those that came."""

    def __init__(self, *answers: int | str) -> None:
        self.answers, self.bodies = list(answers), list[bytes]()
        self.default: int | str = 200

    def post(self, body: bytes, headers: dict[str, str]) -> int:
        self.bodies.append(body)
        answer = self.answers.pop(0) if self.answers else self.default
        if isinstance(answer, str):
            raise UnavailableError(answer)
        return answer

    def cut(self) -> None:
        """Nothing to do."""


class Hook:
    """The actions of a test, with their waits, counts and messages."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.statistics, self.messages, self.waits = StreamStatistics(), list[str](), list[float]()
        self.made: list[WebhookAction] = []
        self.may_go_on = threading.Semaphore(0)

    def start(
        self, client: object, *, secret: str | None = None, most: int = 1000, held: bool = False
    ) -> WebhookAction:
        """A started action; its waits take no time, or last until a test lets it go on (``held``)."""

        def pause(wait_s: float) -> None:
            self.waits.append(wait_s)
            if held:
                self.may_go_on.acquire(timeout=60)

        action = WebhookAction(
            client,  # type: ignore[arg-type]
            "host:80",
            DiskQueue(self.folder / "queue", most=most),
            secret=secret,
            statistics=self.statistics,
            write_message=self.messages.append,
            backoff=Backoff(first_s=1.0, cap_s=300.0, seed=1),
            pause=pause,
        )
        action.open()
        self.made.append(action)
        return action

    @property
    def counts(self) -> dict[str, int]:
        """What came of the events so far."""
        return {result: count for (_, result), count in self.statistics.snapshot().actions.items()}


@pytest.fixture
def hook(tmp_path: Path) -> Iterator[Hook]:
    """Every action is ended after the test."""
    hook = Hook(tmp_path)
    yield hook
    hook.may_go_on.release(1000)
    for action in hook.made:
        end(action)


def end(action: WebhookAction) -> None:
    """End ``action`` as the end of a stream does."""
    action.stop()
    action.close(20)


def event(number: int, begins: bool = True) -> Event:
    """An event whose sequence number is ``number``."""
    return Event(begins, observe(number))


def numbers(bodies: list[bytes]) -> list[int]:
    """The sequence numbers of ``bodies``."""
    return [json.loads(body)["sequence"] for body in bodies]


def test_what_is_posted(hook: Hook) -> None:
    """The object of ``--json`` with the event, signed, with a name of its own, to a real server."""
    with WebhookServer() as server:
        action = hook.start(WebhookClient(parse_webhook(server.uri)), secret="päss")
        action.take(event(1))
        action.take(event(2, begins=False))
        one, two = server.wait_for(2)
        wait_for(lambda: hook.counts == {"done": 2})
    assert json.loads(one.body) == {**observation_json(observe(1)), "event": "begin"}
    assert json.loads(two.body)["event"] == "end"
    for delivery in (one, two):
        signature = hmac.new("päss".encode(), delivery.body, hashlib.sha256).hexdigest()
        assert delivery.headers["x-hub-signature-256"] == f"sha256={signature}"
        assert delivery.headers["content-type"] == "application/json"
    assert one.headers["x-edge-delivery"] != two.headers["x-edge-delivery"]
    assert hook.messages == []


def test_without_a_secret_there_is_no_signature(hook: Hook) -> None:
    """The header is left out."""
    with WebhookServer() as server:
        hook.start(WebhookClient(parse_webhook(server.uri))).take(event(1))
        (delivery,) = server.wait_for(1)
    assert "x-hub-signature-256" not in delivery.headers


def test_again_until_it_is_taken(hook: Hook) -> None:
    """After 500, 408, 429 and a closed connection the same event comes again under the same name, in its order."""
    with WebhookServer([500, 408, 429, DROP, 503]) as server:
        action = hook.start(WebhookClient(parse_webhook(server.uri)))
        for number in range(3):
            action.take(event(number))
        deliveries = server.wait_for(8)
        wait_for(lambda: hook.counts == {"retried": 5, "done": 3})
    assert numbers([delivery.body for delivery in deliveries]) == [0, 0, 0, 0, 0, 0, 1, 2]
    assert len({delivery.headers["x-edge-delivery"] for delivery in deliveries}) == 3
    assert hook.messages == [
        "webhook: host:80: it answers 500; events wait on the disk and are sent again",
        "webhook: host:80 takes events again",
    ]


def test_the_waits_grow(hook: Hook) -> None:
    """They double from a second to five minutes, each shortened by chance, and start again after a success."""
    client = Scripted(*[500] * 12, 200, 500, 200)
    action = hook.start(client)
    action.take(event(0))
    wait_for(lambda: hook.counts.get("done") == 1)
    action.take(event(1))
    wait_for(lambda: hook.counts.get("done") == 2)
    longest = [1, 2, 4, 8, 16, 32, 64, 128, 256, 300, 300, 300, 1]
    assert all(most / 2 <= wait <= most for wait, most in zip(hook.waits, longest, strict=True))


@pytest.mark.parametrize("status", [400, 401, 404, 410, 301, 307, 304])
def test_an_event_that_is_refused_is_given_up(hook: Hook, status: int) -> None:
    """Another attempt would get the same answer; the next event is sent; a redirect is named."""
    client = Scripted(status, status)
    action = hook.start(client)
    for number in range(3):
        action.take(event(number))
    wait_for(lambda: hook.counts == {"given_up": 2, "done": 1})
    assert numbers(client.bodies) == [0, 1, 2]
    (message,) = hook.messages
    assert message.startswith(f"webhook: host:80 answers {status}: the event is given up")
    assert ("redirects are not followed" in message) == (300 <= status < 400)


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


def test_no_thread_for_a_time_limit(hook: Hook) -> None:
    """The event waits as if nobody were there."""

    class Full(Scripted):
        def post(self, body: bytes, headers: dict[str, str]) -> int:
            if not self.bodies:
                self.bodies.append(body)
                raise RuntimeError("can't start new thread")
            return super().post(body, headers)

    client = Full()
    hook.start(client).take(event(0))
    wait_for(lambda: hook.counts == {"retried": 1, "done": 1})
    assert numbers(client.bodies) == [0, 0]


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


def test_the_secret_is_nowhere(hook: Hook, tmp_path: Path) -> None:
    """Neither in what is posted, nor on the disk, nor in a message."""
    with WebhookServer([500, 404]) as server:
        hook.start(WebhookClient(parse_webhook(server.uri)), secret="topsecret").take(event(0))
        deliveries = server.wait_for(2)
    assert "topsecret" not in repr(deliveries) + repr(hook.messages)
    assert not any(b"topsecret" in path.read_bytes() for path in tmp_path.rglob("*") if path.is_file())


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
