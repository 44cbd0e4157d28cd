"""The topics of a watch: what the watch publishes there, and what another sender does."""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING

from edge.sinks.mqtt.entities import Topics
from edge.sinks.mqtt.rate_limit import RateLimit

if TYPE_CHECKING:
    from paho.mqtt.client import Client

ONLINE, OFFLINE = "online", "offline"

_REMEMBERED = 64
"""More states than wait for the broker: each may come back after a lost connection."""
CORRECTIONS, CORRECTIONS_S = 5, 10.0
"""The most corrections, and the time in seconds in which they are counted: a sender that answers each of them must not
cause a flood."""


class OwnTopics:
    """The topics with the prefix ``topic``: their names, and the decision who sent a message."""

    def __init__(self, topic: str) -> None:
        """Nothing was sent yet."""
        topics = Topics(topic)
        self.state, self.availability = topics.state, topics.availability
        self._sent: deque[bytes] = deque(maxlen=_REMEMBERED)
        self._corrections = RateLimit(CORRECTIONS, CORRECTIONS_S)

    def publish_online(self, client: Client) -> None:
        """Set the availability to ``online``.

        It is sent without the queue of messages that wait to be confirmed (QoS 0): that queue may be full.
        """
        client.publish(self.availability, ONLINE, qos=0, retain=True)

    def remember(self, state: str) -> None:
        """Note that the watch sends ``state``."""
        self._sent.append(state.encode())

    def is_foreign(self, topic: str, payload: bytes, retained: bool) -> bool:
        """Whether another sender published ``payload`` to ``topic``.

        What the broker kept (``retained``) may be of an earlier run of this watch. An availability ``online`` is always
        right while this watch runs.
        """
        if topic == self.availability:
            return not retained and payload != ONLINE.encode()
        return topic == self.state and not retained and payload not in self._sent

    def is_own_start(self, topic: str, payload: bytes, retained: bool) -> bool:
        """Whether this is the ``online`` of :meth:`publish_online`, which has come back from the broker."""
        return topic == self.availability and not retained and payload == ONLINE.encode()

    def may_correct(self) -> bool:
        """Whether the availability may be corrected now: five times in ten seconds at most. True counts as one."""
        return self._corrections.take()
