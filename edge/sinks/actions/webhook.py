"""Posts every event to a webhook, from a queue on the disk, again and again until it is taken."""

from __future__ import annotations

import hashlib
import hmac
import json
import os
import threading
from collections.abc import Callable
from pathlib import Path

from edge.backoff import Backoff
from edge.errors import UnavailableError
from edge.home import user_folder
from edge.sinks.actions.complaints import Complaints
from edge.sinks.actions.disk_queue import DiskQueue
from edge.sinks.actions.events import Event
from edge.sinks.actions.webhook_address import WebhookAddress
from edge.sinks.actions.webhook_client import WebhookClient
from edge.sinks.observation_json import observation_json
from edge.statistics import StreamStatistics

MOST_WAITING = 1000
"""The most events that wait for the webhook; each is a file of about half a kilobyte."""
LONGEST_WAIT_S = 300.0
"""The longest time between two attempts, in seconds. The first wait is one of a second at most."""
SIGNATURE_HEADER = "X-Hub-Signature-256"
"""The header with the signature, in the form of GitHub's webhooks: ``sha256=`` and the HMAC of the body in hex."""
DELIVERY_HEADER = "X-Edge-Delivery"
"""The header with a name that only this event has: a receiver that gets one twice can know it by that."""

_FIRST_WAIT_S = 1.0
_TRY_AGAIN = (408, 429)  # the other answers from 400 to 499 say that another attempt would get the same answer


class WebhookAction:
    """Sends the events in their order on a thread of its own; what is not sent stays on the disk."""

    name = "webhook"

    def __init__(
        self,
        client: WebhookClient,
        place: str,
        queue: DiskQueue,
        *,
        secret: str | None,
        statistics: StreamStatistics,
        write_message: Callable[[str], None],
        backoff: Backoff | None = None,
        pause: Callable[[float], object] | None = None,
    ) -> None:
        """Post with ``client`` what is in ``queue``, and sign it with ``secret`` if there is one.

        ``place`` names the server in messages. ``pause`` waits for some seconds between two attempts; the default ends
        early when the stream ends.
        """
        self._client, self._place, self._queue = client, place, queue
        self._secret = None if secret is None else secret.encode()
        self._statistics, self._write_message = statistics, write_message
        self._complaints = Complaints(write_message)
        self._backoff = backoff or Backoff(first_s=_FIRST_WAIT_S, cap_s=LONGEST_WAIT_S)
        self._stopping, self._cut = threading.Event(), threading.Event()
        self._pause = pause or self._stopping.wait
        self._more = threading.Event()
        self._failing = self._dropping = False
        self._thread = threading.Thread(target=self._run, name="webhook", daemon=True)

    def open(self) -> None:
        """Open the queue, and begin to send what an earlier run left there.

        Raises :class:`~edge.errors.StorageError` if the queue cannot be used.
        """
        if self._thread.ident is None:
            self._queue.open()
            self._thread.start()

    def take(self, event: Event) -> None:
        """Put ``event`` into the queue.

        Raises :class:`~edge.errors.StorageError` if it cannot be written.
        """
        try:
            dropped = self._queue.add(event_body(event))
        except Exception:
            self._count("failed")
            raise
        self._more.set()
        if dropped:
            self._count("dropped", dropped)
            if not self._dropping:  # once for each time that the webhook is away
                self._dropping = True
                self._write_message(
                    f"{self.name}: {MOST_WAITING:,} events wait for {self._place}; the oldest are dropped"
                )

    def stop(self) -> None:
        """Send what waits until the webhook does not take it, or until :meth:`close` cuts the request."""
        self._stopping.set()
        self._more.set()

    def close(self, timeout_s: float) -> None:
        """End the thread, and say how many events are kept for the next start."""
        if self._thread.ident is None:
            self._queue.close()
            return
        self._thread.join(timeout_s / 2)
        self._cut.set()
        self._client.cut()
        self._thread.join(timeout_s / 2)
        if len(self._queue):
            self._write_message(f"{self.name}: {len(self._queue):,} events are kept for the next start")
        self._queue.close()

    def _run(self) -> None:
        while not self._cut.is_set():
            self._more.clear()
            oldest = self._queue.oldest()
            if oldest is None:
                self._dropping = False
            elif self._send(*oldest):
                continue
            if self._stopping.is_set():
                return
            if oldest is None:
                self._more.wait()
            else:
                self._pause(self._backoff.next_s())

    def _send(self, name: str, body: bytes) -> bool:
        """Send one event; False if it must be sent again later."""
        try:
            status = self._client.post(body, self._headers(name, body))
        except (UnavailableError, RuntimeError) as error:  # RuntimeError: no thread can be started for its time limit
            return self._failed(str(error))
        if status >= 500 or status in _TRY_AGAIN:
            return self._failed(f"it answers {status}")
        taken = 200 <= status < 300
        if self._queue.remove(name):
            self._count("done" if taken else "given_up")
        self._backoff.reset()
        if self._failing and taken:
            self._failing = False
            self._write_message(f"{self.name}: {self._place} takes events again")
        if not taken:
            redirects = "; redirects are not followed: give the address that it names" if 300 <= status < 400 else ""
            self._complaints.print(f"{self.name}: {self._place} answers {status}: the event is given up{redirects}")
        return True

    def _failed(self, why: str) -> bool:
        if not self._stopping.is_set():
            self._count("retried")
            if not self._failing:
                self._failing = True
                self._write_message(f"{self.name}: {self._place}: {why}; events wait on the disk and are sent again")
        return False

    def _headers(self, name: str, body: bytes) -> dict[str, str]:
        headers = {"Content-Type": "application/json", "User-Agent": "edge", DELIVERY_HEADER: name}
        if self._secret is not None:
            headers[SIGNATURE_HEADER] = f"sha256={hmac.new(self._secret, body, hashlib.sha256).hexdigest()}"
        return headers

    def _count(self, result: str, by: int = 1) -> None:
        self._statistics.count_action(self.name, result, by)


def event_body(event: Event) -> bytes:
    """``event`` as JSON: the object of ``--json``, and ``event``, which is ``begin`` or ``end``."""
    return json.dumps({**observation_json(event.observation), "event": event.name}).encode()


def queue_folder(address: WebhookAddress) -> Path:
    """The folder of the queue for ``address``: in that of the systemd service, else in the user's folder for states.

    Raises :class:`~edge.errors.ConfigurationError` if the user has no home folder, and no variable names another.
    """
    if service := os.environ.get("STATE_DIRECTORY", "").partition(":")[0]:  # of several folders the first
        folder = Path(service)
    else:
        folder = user_folder("XDG_STATE_HOME", ".local", "state") / "edge-for-poets"
    # By a hash: the address may be a secret.
    return folder / "webhook" / hashlib.sha256(repr(address).encode()).hexdigest()[:16]
