"""The shapes of the API's JSON, as schemas for its OpenAPI document."""

from __future__ import annotations

from typing import Any

from trainer.teach.state import ID_DIGITS
from trainer.teach.web.session_json import PLACES

Schema = dict[str, Any]

TEXT: Schema = {"type": "string"}
GIVEN: Schema = {"type": "string", "minLength": 1}
WHOLE: Schema = {"type": "integer"}
COUNT: Schema = {"type": "integer", "minimum": 0}
NUMBER: Schema = {"type": "number"}
SHARE: Schema = {"type": "number", "minimum": 0, "maximum": 1}
BOOLEAN: Schema = {"type": "boolean"}
PHOTO_ID: Schema = {
    "type": "string",
    "pattern": f"^[0-9a-f]{{{ID_DIGITS}}}$",
    "description": "The start of the SHA-256 of the photo's file.",
}


def ref(name: str) -> Schema:
    """The schema ``name`` of :data:`SCHEMAS`."""
    return {"$ref": f"#/components/schemas/{name}"}


def list_of(items: Schema) -> Schema:
    """A list whose items have the schema ``items``."""
    return {"type": "array", "items": items}


def or_null(schema: Schema) -> Schema:
    """``schema`` or null."""
    return {"anyOf": [schema, {"type": "null"}]}


def one_of(*values: str) -> Schema:
    """One of some texts."""
    return {"type": "string", "enum": list(values)}


def record(about: str = "", /, **properties: Schema) -> Schema:
    """An object that has all ``properties`` and no others; ``class_`` is called ``class``."""
    named = {name.rstrip("_"): schema for name, schema in properties.items()}
    described = {"description": about} if about else {}
    return {
        **described,
        "type": "object",
        "properties": named,
        "required": list(named),
        "additionalProperties": False,
    }


_PHOTO = {
    "id": PHOTO_ID,
    "place": one_of(*PLACES),
    "class_": {
        **TEXT,
        "description": "Its class; in the inbox the label that the model guessed, in the trash the class that it had.",
    },
    "added_s": {**NUMBER, "description": "Seconds since 1970."},
    "name": TEXT,
    "answer": or_null(ref("Answer")),
    "hold": {**or_null(TEXT), "description": "The same for the photos that were recorded in one hold of a button."},
    "hold_photos": COUNT,
    "doubtful": {**or_null(SHARE), "description": "The score of another class, if its class is doubtful."},
}

SCHEMAS: dict[str, Schema] = {
    "Error": record("One line that says what is wrong and how to fix it.", error=TEXT),
    "Answer": record("The best label and its score.", label=TEXT, score=SHARE),
    "Right": record(
        "The share of independent groups of photos that were labelled correctly, and its 95 % interval.",
        share=SHARE,
        low=SHARE,
        high=SHARE,
        independent=COUNT,
    ),
    "Action": record("A change that can be undone.", id=WHOLE, text=TEXT),
    "Done": record("What was done; null if there was nothing to do.", action=or_null(ref("Action")), version=COUNT),
    "Class": record(
        name=TEXT,
        photos=COUNT,
        holds=COUNT,
        newest=list_of(record(id=PHOTO_ID, photos=COUNT)),
        remembered=COUNT,
        right=or_null(ref("Right")),
        advice=or_null(TEXT),
    ),
    "Recording": record(
        "Frames that were kept as photos, and nearly equal ones that were not.",
        class_=TEXT,
        hold=TEXT,
        kept=COUNT,
        folded=COUNT,
    ),
    "Model": record(
        state=one_of("none", "saving", "saved", "installed", "running", "returned", "refused"),
        text=TEXT,
        file=or_null(record(name=TEXT, size_bytes=COUNT, accuracy=or_null(SHARE))),
        store=or_null(TEXT),
        can_go_back=BOOLEAN,
    ),
    "Figures": record(
        state=one_of("not enough", "computing", "ready"),
        right=or_null(ref("Right")),
        worth={**TEXT, "description": "What the figure, or an answer of the model, is worth."},
        mixed=list_of(record(class_=TEXT, taken_for=TEXT, count=COUNT, photos=list_of(PHOTO_ID))),
        doubtful=list_of(PHOTO_ID),
        advice=list_of(TEXT),
    ),
    "Session": record(
        "Everything but the photos; also the data of the event session.",
        version={**COUNT, "description": "Grows with every change."},
        folder=TEXT,
        backbone=record(architecture=TEXT, quantization=TEXT),
        classes=list_of(ref("Class")),
        inbox=record(photos=COUNT),
        trash=record(photos=COUNT, bytes=COUNT),
        recording=or_null(ref("Recording")),
        learning=record(state=one_of("too few", "learning", "ready"), seconds=or_null(NUMBER), thorough=BOOLEAN),
        figures=ref("Figures"),
        undo=or_null(ref("Action")),
        redo=or_null(ref("Action")),
        work=list_of(record(title=TEXT, done=COUNT, total=or_null(COUNT))),
        model=ref("Model"),
        messages=list_of(record(time_s=NUMBER, text=TEXT)),
    ),
    "Photo": record(**_PHOTO),
    "Photos": record("A part of a list.", total=COUNT, photos=list_of(ref("Photo"))),
    "PhotoDetails": record(
        **_PHOTO,
        scores=list_of(ref("Answer")),
        neighbours=list_of(record(id=PHOTO_ID, class_=TEXT, cosine=NUMBER)),
        width=or_null(COUNT),
        height=or_null(COUNT),
        bytes=COUNT,
    ),
    "Added": record(
        "added: it is new, or came back from the inbox or the trash. present: the class had it. elsewhere: "
        "another class has it, and nothing was changed.",
        id=PHOTO_ID,
        class_=TEXT,
        outcome=one_of("added", "present", "elsewhere"),
    ),
}
