"""The pictures in the body of a request: the bytes of one, a form of several, or base64 in JSON."""

from __future__ import annotations

import base64
import binascii
import json
import re
from pathlib import Path
from typing import Any, NamedTuple

from edge.printable import printable
from edge.serving.answers import Refused
from edge.serving.bodies import NotOfJsonError, refuse_constant
from edge.serving.form import boundary_of, parse_form
from edge.shorten import shorten

LONGEST_NAME = 1000
"""The most characters of the name of a picture."""

_PICTURE_TYPES = re.compile(r"image/.*|application/octet-stream|")
_FORM = "multipart/form-data"
_JSON = "application/json"
_MARKS = (b"[", b"{", b",")  # each may become an object of Python, 28 times as large as its text
_MARKS_A_PICTURE = LONGEST_NAME  # a name may have as many
_NOT_BASE64 = "not base64; encode the bytes of the picture file, in one line and without data:...;base64, before it"
_FIELDS = "'picture', and 'name' if it has one"


class GivenPicture(NamedTuple):
    """A picture as it was sent: its name, which is the path of the answer, and its bytes.

    If the bytes cannot be had, ``error`` is the line that says why.
    """

    path: Path
    content: bytes
    error: str | None = None


class GivenPictures(NamedTuple):
    """The pictures of one request, and whether the answer is a list."""

    pictures: list[GivenPicture]
    as_list: bool


def check_type(kind: str) -> None:
    """Raise :class:`Refused`, 415, if a body of the media type ``kind`` holds no pictures."""
    if kind not in (_FORM, _JSON) and not _PICTURE_TYPES.fullmatch(kind):
        raise Refused(
            415,
            "send a picture with the header Content-Type: image/jpeg, pictures as multipart/form-data, or base64 as "
            "application/json",
        )


def read_pictures(kind: str, content_type: str, body: bytes, name: str, most: int) -> GivenPictures:
    """The pictures in ``body``, whose media type is ``kind`` and whose header is ``content_type``; at most ``most``.

    ``name`` is that of a picture that is the body. One without a name is called by its place, "picture 1".

    Raises :class:`Refused`: 400 if the body has another shape, 413 if there are too many, 415 for another type.
    """
    check_type(kind)
    if kind == _FORM:
        parts = parse_form(body, boundary_of(content_type), most)
        pictures = [_picture(part.file_name, part.content, number) for number, part in enumerate(parts, 1)]
        given = GivenPictures(pictures, len(pictures) > 1)
    elif kind == _JSON:
        given = _of_json(body, most)
    else:
        given = GivenPictures([_picture(name, body, 1)], False)
    if not given.pictures:
        raise Refused(400, "there is no picture in the request")
    return given


def _picture(name: str, content: bytes, number: int, error: str | None = None) -> GivenPicture:
    return GivenPicture(Path(name[:LONGEST_NAME] or f"picture {number}"), content, error)


def _of_json(body: bytes, most: int) -> GivenPictures:
    if sum(map(body.count, _MARKS)) > _MARKS_A_PICTURE * most:
        raise Refused(400, f"the body is not JSON of pictures: it has too many brackets and commas; give {_FIELDS}")
    try:
        given = json.loads(body, parse_constant=refuse_constant)
    except (json.JSONDecodeError, UnicodeDecodeError, NotOfJsonError) as error:
        raise Refused(400, f"the body is not JSON: {error}") from None
    except (ValueError, RecursionError):  # Python's own limits; its text speaks of Python
        raise Refused(
            400, "the body is not JSON that can be read: it is too deep, or has a number of too many digits"
        ) from None
    if not isinstance(given, list):
        return GivenPictures([_of_object(given, 1)], False)
    if len(given) > most:
        raise Refused(413, f"too many pictures in one request; it may have {most}")
    return GivenPictures([_of_object(one, number) for number, one in enumerate(given, 1)], True)


def _of_object(given: Any, number: int) -> GivenPicture:
    """One picture of JSON. Text that is not base64 is an error of this picture alone, because its sender made it."""
    if not isinstance(given, dict):
        raise Refused(400, f"a picture must be a JSON object with {_FIELDS}, or several of them in a list")
    for field, value in given.items():
        if field not in ("picture", "name"):
            shown = shorten(printable(field.encode(errors="replace").decode()), 40)
            raise Refused(400, f"there is no field {shown!r} here; give {_FIELDS}")
        if not isinstance(value, str):
            raise Refused(400, f"the field {field!r} must be a text")
    if "picture" not in given:
        raise Refused(400, f"the field 'picture' is missing; give {_FIELDS}")
    name = given.get("name", "")
    try:
        return _picture(name, base64.b64decode(given["picture"], validate=True), number)
    except (binascii.Error, ValueError):
        return _picture(name, b"", number, _NOT_BASE64)
