"""Routes of the API: the state of the session, recording, the model, and the description of the API."""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from edge.serving.answers import Refused, busy, json_answer
from trainer.teach.protocols import Handover
from trainer.teach.state import CLASS
from trainer.teach.web.api_page import api_page
from trainer.teach.web.bodies import LONGEST_HOLD, text
from trainer.teach.web.openapi import openapi
from trainer.teach.web.photos_zip import safe_name, zip_photos
from trainer.teach.web.served import Rule, Served, in_thread
from trainer.teach.web.session_json import describe_model, describe_recording, describe_state

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from starlette.requests import Request
    from starlette.responses import Response

ZIPS = 2
"""The most zips that are sent at the same time; the next one gets the answer 503."""


def session_rules(served: Served) -> list[Rule]:
    """The state of the session, and the description of the API."""
    session = served.session

    async def state(request: Request) -> Response:
        return json_answer(await in_thread(lambda: describe_state(session.state())))

    async def document(request: Request) -> Response:
        return json_answer(openapi())

    async def page(request: Request) -> Response:
        from starlette.responses import HTMLResponse

        return HTMLResponse(api_page())

    return [
        Rule("GET", "/api", page),
        Rule("GET", "/api/openapi.json", document),
        Rule("GET", "/api/session", state),
    ]


def recording_rules(served: Served) -> list[Rule]:
    """Start or go on to record the stream, and stop."""
    session = served.session

    async def record(request: Request) -> Response:
        label, hold = await served.bodies.fields(request, {"class": text, "hold": _hold})
        if session.recorder is None:
            raise Refused(409, "there is no camera in this session; add photos from files")
        now = session.recorder.recording
        if now is not None and now.hold != hold:
            raise Refused(409, f"another page records {now.label} now; wait until it has stopped")
        await in_thread(session.record, served.label(label), hold)
        return recording()

    async def stop(request: Request) -> Response:
        await in_thread(session.stop_recording, _hold("hold", request.query_params.get("hold")))
        return recording()

    def recording() -> Response:
        now = session.recorder.recording if session.recorder else None
        return json_answer({"recording": now and describe_recording(now)})

    return [Rule("PUT", "/api/recording", record), Rule("DELETE", "/api/recording", stop)]


def handover_rules(served: Served) -> list[Rule]:
    """Save the model, go back to the one before, and download the model or all photos."""
    session = served.session
    zips = 0

    async def save(request: Request) -> Response:
        await in_thread(handover().save)
        return await accepted()

    async def back(request: Request) -> Response:
        if not handover().state.can_go_back:
            raise Refused(409, "there is no model before this one")
        await in_thread(handover().back)
        return await accepted()

    async def accepted() -> Response:
        return json_answer({"model": describe_model(handover().state), "version": session.version}, 202)

    async def model(request: Request) -> Response:
        from starlette.responses import FileResponse

        path = session.handover.state.path if session.handover else None
        if path is None or not path.is_file():
            raise Refused(404, "no model was saved yet")
        return FileResponse(path, media_type="application/octet-stream", filename=path.name)

    def handover() -> Handover:
        if session.handover is None:
            raise Refused(409, "this session cannot save models")
        return session.handover

    async def photos(request: Request) -> Response:
        from starlette.responses import Response, StreamingResponse

        folder = safe_name(session.folders.root.absolute().name) or "photos"
        headers = {"Content-Disposition": f"attachment; filename*=UTF-8''{quote(folder)}.zip"}
        kind = "application/zip"
        if request.method == "HEAD":
            return Response(headers=headers, media_type=kind)
        if zips >= ZIPS:
            raise busy("too many zips at the same time; ask again later")
        return StreamingResponse(pieces(folder), headers=headers, media_type=kind)

    async def pieces(folder: str) -> AsyncIterator[bytes]:
        from starlette.concurrency import iterate_in_threadpool

        nonlocal zips
        zips += 1
        try:
            made = zip_photos(session.folders.of(CLASS), folder, lambda id_: session.folders.photos.get(id_))
            with contextlib.closing(made):
                async for piece in iterate_in_threadpool(made):
                    yield piece
        finally:
            zips -= 1

    return [
        Rule("POST", "/api/model/save", save),
        Rule("POST", "/api/model/back", back),
        Rule("GET", "/api/model.tflite", model),
        Rule("GET", "/api/photos.zip", photos),
    ]


def _hold(name: str, value: Any) -> str:
    hold = text(name, value)
    if len(hold) > LONGEST_HOLD:
        raise Refused(400, f"the field {name!r} is too long; it may have {LONGEST_HOLD} characters")
    return hold
