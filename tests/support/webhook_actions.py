"""Webhook actions of tests: a client that answers by a script, and waits that take no time."""

from __future__ import annotations

import json
import threading
from pathlib import Path

from edge.backoff import Backoff
from edge.errors import UnavailableError
from edge.sinks.actions.disk_queue import DiskQueue
from edge.sinks.actions.events import Event
from edge.sinks.actions.webhook import WebhookAction
from edge.statistics import StreamStatistics
from support.observed import observe


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
