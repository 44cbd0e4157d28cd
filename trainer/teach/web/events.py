"""The events of the page: those of the stream, and the state of the session after every change."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

from edge.sinks.web.events import event_text, stream_events
from edge.sinks.web.feed import Feed
from edge.statistics import StreamStatistics
from trainer.teach.session import Session
from trainer.teach.web.served import in_thread
from trainer.teach.web.session_json import describe_state

EVENTS_PER_S = 5
"""The most events ``now``, and the most events ``session``, a second for each viewer."""

_WAIT_S = 1.0


class Events:
    """Makes the events of any number of viewers; the text of a state is made once for all of them."""

    def __init__(self, session: Session, feed: Feed, statistics: StreamStatistics) -> None:
        """Show ``session`` and the stream of ``feed`` and ``statistics``."""
        self._session, self._feed, self._statistics = session, feed, statistics
        self._lock = asyncio.Lock()
        self._made: tuple[int, str] = (-1, "")

    async def of_viewer(self) -> AsyncIterator[str]:
        """Server-sent events until the feed is closed: of the stream, and ``session`` after every change."""
        # A session that is slow to say its state, because it moves many photos, does not hold the stream up.
        texts: asyncio.Queue[str] = asyncio.Queue(1)
        sources = [stream_events(self._feed, self._statistics, EVENTS_PER_S), self._of_session()]
        tasks = [asyncio.ensure_future(_put_all(source, texts)) for source in sources]
        try:
            while not any(task.done() for task in tasks):
                try:
                    yield await asyncio.wait_for(texts.get(), _WAIT_S)
                except (TimeoutError, asyncio.TimeoutError):  # two classes before Python 3.11
                    continue
            for task in tasks:
                if task.done():
                    task.result()  # raises what it raised
        finally:
            for task in tasks:
                task.cancel()

    async def _of_session(self) -> AsyncIterator[str]:
        version = -1
        while not self._feed.closed:
            await self._session.wait_for_other(version, _WAIT_S)
            if self._session.version != version:
                version, text = await self._newest()
                yield text
            await asyncio.sleep(1 / EVENTS_PER_S)

    async def _newest(self) -> tuple[int, str]:
        async with self._lock:
            if self._made[0] != self._session.version:
                self._made = await in_thread(self._make)
            return self._made

    def _make(self) -> tuple[int, str]:
        state = self._session.state()
        return state.version, event_text("session", describe_state(state))


async def _put_all(source: AsyncIterator[str], texts: asyncio.Queue[str]) -> None:
    async for text in source:
        await texts.put(text)
