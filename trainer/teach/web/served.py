"""What the routes of the API share: the session, the pictures of photos, and the limits of work at the same time."""

from __future__ import annotations

import asyncio
import unicodedata
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, Any, NamedTuple, TypeVar

from edge.printable import printable
from edge.serving.answers import Refused, busy, json_answer
from edge.shorten import shorten
from trainer.teach.folders.places import SESSION_FOLDER
from trainer.teach.session import Session
from trainer.teach.state import Action, TaughtPhoto
from trainer.teach.web.bodies import FieldBodies
from trainer.teach.web.photo_pictures import Thumbnails

if TYPE_CHECKING:
    from starlette.requests import Request
    from starlette.responses import Response

DECODING = 2
"""The most pictures that are decoded at the same time."""
DECODING_WAIT_S = 10.0
"""The longest time that a picture waits until it is decoded, in seconds; after it the request gets the answer 503."""

Result = TypeVar("Result")

Handler = Callable[["Request"], Awaitable["Response"]]


class Rule(NamedTuple):
    """A route: the method, the path, and what answers."""

    method: str
    path: str
    handler: Handler


class Slots:
    """Runs work on threads, a bounded number at the same time."""

    def __init__(self, number: int, wait_s: float) -> None:
        """Run ``number`` at the same time; the others wait for at most ``wait_s`` seconds."""
        self._free, self._wait_s = asyncio.Semaphore(number), wait_s

    async def run(self, work: Callable[..., Result], *arguments: Any) -> Result:
        """``work(*arguments)`` on a thread. Raises :class:`Refused`, 503, if it would have to wait too long."""
        try:
            await asyncio.wait_for(self._free.acquire(), self._wait_s)
        except (TimeoutError, asyncio.TimeoutError):  # two classes before Python 3.11
            raise busy("too many pictures at the same time; send this request again") from None
        try:
            return await in_thread(work, *arguments)
        finally:
            self._free.release()


async def in_thread(work: Callable[..., Result], *arguments: Any) -> Result:
    """``work(*arguments)`` on a thread that is not one of those that encode the live picture."""
    from starlette.concurrency import run_in_threadpool

    return await run_in_threadpool(work, *arguments)


class Served:
    """A session and what its API needs beside it."""

    def __init__(self, session: Session) -> None:
        """Serve ``session``; thumbnails are kept in its folder, and those of photos that are gone are removed now."""
        self.session = session
        self.thumbnails = Thumbnails(session.folder / SESSION_FOLDER / "thumbnails")
        self.thumbnails.remove_others(session.folders.photos.keys())
        self.bodies = FieldBodies()
        self.decoding = Slots(DECODING, DECODING_WAIT_S)

    def photo(self, id_: str) -> TaughtPhoto:
        """The photo ``id_``. Raises :class:`Refused`, 404, if there is none."""
        photo = self.session.folders.photos.get(id_)
        if photo is None:
            raise Refused(404, f"there is no photo {_shown(id_)} in this session")
        return photo

    def label(self, name: str) -> str:
        """The class ``name`` as the session writes it. Raises :class:`Refused`, 404, if there is none."""
        classes = self.session.folders.classes
        for form in (name, unicodedata.normalize("NFC", name)):
            if form in classes:
                return form
        raise Refused(404, f"there is no class {_shown(name)}; add it first")

    async def done(self, work: Callable[..., Action | None], *arguments: Any) -> Response:
        """Do an action on a thread; the answer says which one, None if nothing was to be done."""
        action = await in_thread(work, *arguments)
        return json_answer({"action": action and action._asdict(), "version": self.session.version})


def _shown(name: str) -> str:
    return repr(shorten(printable(name), 60))
