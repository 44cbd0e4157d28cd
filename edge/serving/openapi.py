"""The description of the API: its OpenAPI document, written here and nowhere else."""

from __future__ import annotations

from typing import Any

from edge.serving.pictures import LONGEST_NAME

Schema = dict[str, Any]

_ABOUT = """Send a picture, get its labels: the JSON object that edge label --json prints.

An error is one line of JSON. Without a token only this machine is answered. With a token, send the header
Authorization: Bearer TOKEN."""

_ERRORS = {
    400: "The request is wrong; the line says what.",
    401: "The token is missing.",
    403: "A page of another site asks.",
    404: "There is no model of this name, or nothing at this address.",
    413: "The body is too large, or has too many pictures.",
    415: "The body has another type.",
    421: "Without a token the address must be that of this machine.",
    422: "The picture cannot be labelled; the line says why.",
    429: "The queue is full: wait for Retry-After seconds, and send it again.",
    500: "The model failed with this picture.",
    503: "Too many large bodies at the same time, or the server is ending: wait for Retry-After seconds.",
}
_GENERAL = (401, 421, 503)
_TEXT: Schema = {"type": "string"}
_NAME: Schema = {**_TEXT, "description": f"Its first {LONGEST_NAME:,} characters are the path of the answer."}
_SHARE: Schema = {"type": "number", "minimum": 0, "maximum": 1}
_PICTURE: Schema = {"type": "string", "format": "binary"}


def _record(about: str, needed: tuple[str, ...], **properties: Schema) -> Schema:
    return {
        "description": about,
        "type": "object",
        "properties": properties,
        "required": list(needed),
        "additionalProperties": False,
    }


def _ref(name: str) -> Schema:
    return {"$ref": f"#/components/schemas/{name}"}


def _list_of(items: Schema, **limits: int) -> Schema:
    return {"type": "array", "items": items, **limits}


_SCHEMAS: dict[str, Schema] = {
    "Health": _record("Whether pictures are labelled.", ("state",), state={"enum": ["ready", "stuck"]}),
    "Error": _record("One line that says what is wrong and how to fix it.", ("error",), error=_TEXT),
    "Labels": _record(
        "Labels and scores are in the same order, best first. label and rejected are there if the model's gate is "
        "asked (--reject).",
        ("path", "labels", "scores", "latency_ms"),
        path={**_TEXT, "description": "The name of the picture."},
        labels=_list_of(_TEXT),
        scores=_list_of(_SHARE),
        label=_TEXT,
        rejected={"type": "boolean"},
        latency_ms={"type": "number", "minimum": 0},
    ),
    "Skipped": _record("A picture that cannot be labelled.", ("path", "error"), path=_TEXT, error=_TEXT),
    "Picture": _record(
        "A picture file in base64.",
        ("picture",),
        picture={"type": "string", "format": "byte", "contentEncoding": "base64"},
        name=_NAME,
    ),
    "Model": {
        "description": "A model: its name here, its file, and what it says of itself.",
        "type": "object",
        "properties": {
            "name": _TEXT,
            "file": _TEXT,
            "sha256": _TEXT,
            "labels": _list_of(_TEXT),
            "size_bytes": {"type": "integer"},
            "input_size": _list_of({"type": "integer"}, minItems=2, maxItems=2),
            "runtime": _TEXT,
        },
        "required": ["name", "file", "sha256", "labels", "size_bytes", "input_size", "runtime"],
    },
}


def openapi(body_bytes: int, room: int) -> dict[str, Any]:
    """The OpenAPI 3.1 document of a server that takes bodies of ``body_bytes`` with at most ``room`` pictures."""
    one_or_list = {"oneOf": [_ref("Labels"), _list_of({"oneOf": [_ref("Labels"), _ref("Skipped")]})]}
    bodies: dict[str, Schema] = dict.fromkeys(("image/*", "application/octet-stream"), _PICTURE)
    files = _list_of(_PICTURE, minItems=1)
    bodies["multipart/form-data"] = _record("Picture files, each with a file name.", ("picture",), picture=files)
    bodies["application/json"] = {"oneOf": [_ref("Picture"), _list_of(_ref("Picture"), minItems=1)]}
    label = {
        "summary": "Label a picture, or several in their order",
        "description": f"A body may have {body_bytes >> 20} MiB and {room} pictures. A list, or a form with several "
        "pictures, is answered with a list: a picture that cannot be labelled has its error there.",
        "operationId": "label",
        "parameters": [
            _query("model", "The name of a model; the first one if there is none.", _TEXT),
            _query("name", "The name of a picture that is the whole body.", _NAME),
        ],
        "requestBody": {"required": True, "content": _content(bodies)},
        "responses": {
            "200": {"description": "The labels.", "content": _content({"application/json": one_or_list})},
            **_errors(400, 403, 404, 413, 415, 429, 500),
            "422": {"description": _ERRORS[422], "content": _content({"application/json": _ref("Skipped")})},
        },
    }
    return {
        "openapi": "3.1.0",
        "info": {"title": "Edge for Poets: serve", "version": "1", "description": _ABOUT},
        "paths": {
            "/label": {"post": label},
            "/models": {"get": _get("models", "The models, the default first", _list_of(_ref("Model")))},
            "/health": {"get": _health()},
            "/metrics": {"get": _get("metrics", "Counts for Prometheus", _TEXT, "text/plain", 404)},
            "/openapi.json": {"get": _get("openapi", "This document", {"type": "object"})},
        },
        "security": [{}, {"token": []}],
        "components": {"schemas": _SCHEMAS, "securitySchemes": {"token": {"type": "http", "scheme": "bearer"}}},
    }


def _query(name: str, about: str, schema: Schema) -> Schema:
    return {"name": name, "in": "query", "description": about, "schema": schema}


def _get(name: str, summary: str, answer: Schema, kind: str = "application/json", *errors: int) -> Schema:
    return {
        "summary": summary,
        "operationId": name,
        "responses": {"200": {"description": summary, "content": _content({kind: answer})}, **_errors(*errors)},
    }


def _health() -> Schema:
    found = _get("health", "Whether pictures are labelled", _ref("Health"))
    about = "All workers are stuck: each has been in one picture for more than a minute. Or the server is ending."
    content = _content({"application/json": {"oneOf": [_ref("Health"), _ref("Error")]}})
    found["responses"]["503"] = {"description": about, "content": content}
    return found


def _content(schemas: dict[str, Schema]) -> Schema:
    return {kind: {"schema": schema} for kind, schema in schemas.items()}


def _errors(*statuses: int) -> Schema:
    content = _content({"application/json": _ref("Error")})
    return {str(one): {"description": _ERRORS[one], "content": content} for one in sorted({*_GENERAL, *statuses})}
