"""Events on their way to a webhook: in order, signed, again and again."""

from __future__ import annotations

import hashlib
import hmac
import json
from pathlib import Path

import pytest

from edge.sinks.actions.webhook_address import parse_webhook
from edge.sinks.actions.webhook_client import WebhookClient
from edge.sinks.observation_json import observation_json
from support.observed import observe
from support.waiting import wait_for
from support.webhook_actions import Hook, Scripted, event, numbers
from support.webhook_server import DROP, WebhookServer


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


def test_the_secret_is_nowhere(hook: Hook, tmp_path: Path) -> None:
    """Neither in what is posted, nor on the disk, nor in a message."""
    with WebhookServer([500, 404]) as server:
        hook.start(WebhookClient(parse_webhook(server.uri)), secret="topsecret").take(event(0))
        deliveries = server.wait_for(2)
    assert "topsecret" not in repr(deliveries) + repr(hook.messages)
    assert not any(b"topsecret" in path.read_bytes() for path in tmp_path.rglob("*") if path.is_file())
