"""The description of the API: its OpenAPI document, written here and nowhere else."""

from __future__ import annotations

import functools
from typing import Any, NamedTuple

from trainer.teach.review import FILTERS, NEWEST, ORDERS
from trainer.teach.state import ID_DIGITS
from trainer.teach.web.bodies import FEW_PHOTOS, LONGEST_HOLD, LONGEST_NAME, MOST_PHOTOS
from trainer.teach.web.schemas import (
    COUNT,
    GIVEN,
    PHOTO_ID,
    SCHEMAS,
    TEXT,
    WHOLE,
    Schema,
    list_of,
    one_of,
    or_null,
    record,
    ref,
)
from trainer.teach.web.session_json import PLACES

_ABOUT = """Teach a session from programs: a notebook, Node-RED or a script.

Every changing request may be sent again: the second time it changes nothing more. An error is one line of JSON. Without
a token only this machine is answered. With a token, send the header Authorization: Bearer TOKEN."""

_ERRORS = {
    400: "The request is wrong; the line names the field.",
    401: "The token is missing.",
    403: "A page of another site made the request.",
    404: "There is no such photo, class or model.",
    409: "That is not possible now.",
    413: "The body is too large.",
    415: "The body has another type.",
    503: "Too much at the same time: wait for Retry-After seconds, and send it again.",
    507: "The disk is full. Nothing was lost.",
}
_GENERAL, _CHANGING = (401, 404), (403,)


class Operation(NamedTuple):
    """One method of one path.

    ``body`` and ``answer`` are schemas of JSON, or objects ``content`` of other types. ``status`` is that of the usual
    answer, ``errors`` are those beside the ones that many paths have.
    """

    method: str
    path: str
    summary: str
    answer: Schema
    body: Schema | None = None
    query: dict[str, Schema] = {}  # noqa: RUF012  # a default that is only read
    errors: tuple[int, ...] = ()
    status: int = 200
    needed: tuple[str, ...] = ()


def _content(*types: str) -> Schema:
    return {"content": {kind: {"schema": {"type": "string", "format": "binary"}} for kind in types}}


_LIST = {
    "place": {**one_of(*PLACES), "default": "classes"},
    "class": TEXT,
    "filter": one_of(*FILTERS),
    "order": {**one_of(*ORDERS), "default": NEWEST},
    "offset": {**COUNT, "maximum": 999_999_999, "default": 0},
    "limit": {**COUNT, "maximum": MOST_PHOTOS, "default": FEW_PHOTOS},
}
_PAGE = _content("text/html")
_DONE = ref("Done")
_IDS = list_of(PHOTO_ID)
_HOLD = {**GIVEN, "maxLength": LONGEST_HOLD, "description": "Any text; the same while a button is held."}
_RECORDING = record(recording=or_null(ref("Recording")))
_HANDOVER = record(model=ref("Model"), version=COUNT)
_JSON_BODY = (400, 413, 415)


def _action(path: str, summary: str, *errors: int, **fields: Schema) -> Operation:
    """An action on classes or photos, which is given as JSON with ``fields``."""
    return Operation("POST", path, summary, _DONE, record(**fields), errors=(*_JSON_BODY, 507, *errors))


OPERATIONS = (
    Operation("GET", "/api", "A page about the API", _PAGE),
    Operation("GET", "/api/openapi.json", "This document", {"type": "object"}),
    Operation("GET", "/api/session", "The state of the session", ref("Session")),
    Operation("PUT", "/api/classes/{name}", "Add a class", record(name=TEXT), errors=(400, 507)),
    Operation("DELETE", "/api/classes/{name}", "Remove a class; its photos go to the trash", _DONE, errors=(507,)),
    _action("/api/classes/{name}/rename", "Rename a class", 409, to=GIVEN),
    _action("/api/classes/{name}/merge", "Move all photos of a class into another one, and remove it", into=GIVEN),
    _action("/api/photos/assign", "Move photos into a class", photos=_IDS, class_=GIVEN),
    _action("/api/photos/delete", "Move photos to the trash", photos=_IDS),
    _action("/api/undo", "Undo an action, if it is the last one", action=WHOLE),
    _action("/api/redo", "Do an action again, if it was undone last", action=WHOLE),
    Operation("POST", "/api/trash/empty", "Remove the deleted photos for good", _DONE, errors=(507,)),
    Operation("GET", "/api/photos", "A list of photos", ref("Photos"), query=_LIST, errors=(400,)),
    Operation(
        "POST",
        "/api/photos",
        "Add a photo to a class; the body is the file",
        ref("Added"),
        _content("image/*", "application/octet-stream"),
        query={
            "class": GIVEN,
            "name": {**TEXT, "maxLength": LONGEST_NAME, "description": "The name that the file had."},
        },
        needed=("class",),
        errors=(400, 413, 415, 503, 507),
    ),
    Operation(
        "GET", "/api/photos/{id}", "A photo, its scores and its nearest photos", ref("PhotoDetails"), errors=(503,)
    ),
    Operation("GET", "/api/photos/{id}/thumbnail.jpg", "A small picture", _content("image/jpeg"), errors=(400, 503)),
    Operation(
        "GET",
        "/api/photos/{id}/picture.jpg",
        "The upright picture, at most 1600 pixels",
        _content("image/jpeg"),
        errors=(400, 503),
    ),
    Operation(
        "PUT",
        "/api/recording",
        "Record the stream for a class, for one second; send it again to go on",
        _RECORDING,
        record(class_=GIVEN, hold=_HOLD),
        errors=(*_JSON_BODY, 409, 503, 507),
    ),
    Operation(
        "DELETE", "/api/recording", "Stop recording", _RECORDING, query={"hold": _HOLD}, needed=("hold",), errors=(400,)
    ),
    Operation("POST", "/api/model/save", "Make, install and activate a model", _HANDOVER, status=202, errors=(409,)),
    Operation("POST", "/api/model/back", "Go back to the model before", _HANDOVER, status=202, errors=(409,)),
    Operation("GET", "/api/model.tflite", "The model that was saved last", _content("application/octet-stream")),
    Operation("GET", "/api/photos.zip", "All photos in class folders", _content("application/zip"), errors=(503,)),
)


@functools.cache
def openapi() -> dict[str, Any]:
    """The OpenAPI 3.1 document."""
    paths: dict[str, dict[str, Any]] = {}
    for operation in OPERATIONS:
        paths.setdefault(operation.path, {})[operation.method.lower()] = _describe(operation)
    return {
        "openapi": "3.1.0",
        "info": {"title": "Edge for Poets: teach", "version": "1", "description": _ABOUT},
        "paths": paths,
        "security": [{}, {"token": []}],
        "components": {
            "schemas": SCHEMAS,
            "securitySchemes": {"token": {"type": "http", "scheme": "bearer"}},
        },
    }


def _describe(operation: Operation) -> dict[str, Any]:
    changing = operation.method != "GET"
    # Without the token a browser gets a form for it at the address of a page.
    error = operation.answer if operation.answer == _PAGE else ref("Error")
    errors = sorted({*_GENERAL, *(_CHANGING if changing else ()), *operation.errors})
    described: dict[str, Any] = {
        "summary": operation.summary,
        "operationId": _id(operation),
        "parameters": _parameters(operation),
        "responses": {
            str(operation.status): {"description": operation.summary, "content": _body(operation.answer)},
            **{str(status): {"description": _ERRORS[status], "content": _body(error)} for status in errors},
        },
    }
    if operation.body is not None:
        described["requestBody"] = {"required": True, "content": _body(operation.body)}
    return described


def _body(schema: Schema) -> Schema:
    content: Schema = schema.get("content", {"application/json": {"schema": schema}})
    return content


def _parameters(operation: Operation) -> list[Schema]:
    in_path = {"name": GIVEN, "id": {"type": "string", "minLength": ID_DIGITS, "maxLength": ID_DIGITS}}
    return [
        {"name": name, "in": "path", "required": True, "schema": schema}
        for name, schema in in_path.items()
        if f"{{{name}}}" in operation.path
    ] + [
        {"name": name, "in": "query", "required": name in operation.needed, "schema": schema}
        for name, schema in operation.query.items()
    ]


def _id(operation: Operation) -> str:
    words = operation.path.removeprefix("/api").replace("{", "").replace("}", "").replace(".", "/").split("/")
    return "_".join([operation.method.lower(), *filter(None, words)])
