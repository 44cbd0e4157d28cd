"""Waiting for a change: any thread announces it, and viewers on the server's thread wait for it."""

from __future__ import annotations

import asyncio
from collections.abc import Callable


class Changes:
    """Wakes the viewers that wait on the server's event loop."""

    def __init__(self) -> None:
        """Start without a loop: nothing waits yet."""
        self._loop: asyncio.AbstractEventLoop | None = None
        self._waiting: set[asyncio.Future[None]] = set()

    def attach(self, loop: asyncio.AbstractEventLoop) -> None:
        """Set the event loop on which viewers wait."""
        self._loop = loop

    def announce(self) -> None:
        """Wake every viewer. Any thread may call it; it never waits."""
        if self._loop is not None and self._waiting:
            self._loop.call_soon_threadsafe(self._release)

    async def wait_while(self, unchanged: Callable[[], bool], timeout_s: float) -> None:
        """Wait for the next announcement if ``unchanged`` is true now, for at most ``timeout_s`` seconds."""
        future = asyncio.get_running_loop().create_future()
        self._waiting.add(future)  # before the check, so that no change in between is missed
        try:
            if unchanged():
                await asyncio.wait({future}, timeout=timeout_s)
        finally:
            self._waiting.discard(future)

    def _release(self) -> None:
        for future in self._waiting:
            if not future.done():
                future.set_result(None)
