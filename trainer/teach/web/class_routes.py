"""Routes of the API: classes, and actions on photos that can be undone."""

from __future__ import annotations

import unicodedata
from typing import TYPE_CHECKING

from edge.serving.answers import Refused, json_answer
from trainer.teach.web.bodies import ids, number, text
from trainer.teach.web.served import Rule, Served, in_thread

if TYPE_CHECKING:
    from starlette.requests import Request
    from starlette.responses import Response


def class_rules(served: Served) -> list[Rule]:
    """Add, rename, merge and delete a class."""
    session, bodies = served.session, served.bodies

    async def add(request: Request) -> Response:
        return json_answer({"name": await in_thread(session.add_class, text("class", request.path_params["name"]))})

    async def delete(request: Request) -> Response:
        return await served.done(session.delete_class, served.label(request.path_params["name"]))

    async def rename(request: Request) -> Response:
        (to,) = await bodies.fields(request, {"to": text})
        old = served.label(request.path_params["name"])
        new = unicodedata.normalize("NFC", to).strip()
        if new != old and new in session.folders.classes:
            raise Refused(409, f"there is a class {new!r} already; merge the two")
        return await served.done(session.rename_class, old, to)

    async def merge(request: Request) -> Response:
        (into,) = await bodies.fields(request, {"into": text})
        return await served.done(session.merge_class, served.label(request.path_params["name"]), served.label(into))

    return [
        Rule("PUT", "/api/classes/{name}", add),
        Rule("DELETE", "/api/classes/{name}", delete),
        Rule("POST", "/api/classes/{name}/rename", rename),
        Rule("POST", "/api/classes/{name}/merge", merge),
    ]


def action_rules(served: Served) -> list[Rule]:
    """Assign and delete photos, undo, redo, and empty the trash."""
    session, bodies = served.session, served.bodies

    async def assign(request: Request) -> Response:
        photos, label = await bodies.fields(request, {"photos": ids, "class": text})
        return await served.done(session.assign, _known(photos), served.label(label))

    async def delete(request: Request) -> Response:
        (photos,) = await bodies.fields(request, {"photos": ids})
        return await served.done(session.delete, _known(photos))

    async def undo(request: Request) -> Response:
        (action,) = await bodies.fields(request, {"action": number})
        return await served.done(session.undo, action)

    async def redo(request: Request) -> Response:
        (action,) = await bodies.fields(request, {"action": number})
        return await served.done(session.redo, action)

    async def empty(request: Request) -> Response:
        return await served.done(_empty)

    def _empty() -> None:
        session.empty_trash()
        served.thumbnails.remove_others(session.folders.photos.keys())

    def _known(photos: list[str]) -> list[str]:
        for id_ in photos:
            served.photo(id_)
        return photos

    return [
        Rule("POST", "/api/photos/assign", assign),
        Rule("POST", "/api/photos/delete", delete),
        Rule("POST", "/api/undo", undo),
        Rule("POST", "/api/redo", redo),
        Rule("POST", "/api/trash/empty", empty),
    ]
