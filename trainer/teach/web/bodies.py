"""Limits of requests, and what their bodies may be."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from edge.printable import printable
from edge.serving.answers import Refused
from edge.serving.bodies import Bodies, refuse_constant, type_of
from edge.shorten import shorten
from trainer.teach.state import ID_DIGITS

if TYPE_CHECKING:
    from starlette.requests import Request

JSON_BYTES = 1 << 20
"""The most bytes of a body that is JSON: the ids of 29,000 photos fit."""
PICTURE_BYTES = 64 << 20
"""The most bytes of a picture that is sent."""
LONGEST_HOLD = 100
"""The most characters of the id of a hold."""
LONGEST_NAME = 1000
"""The most characters of the name of a file that is sent."""
FEW_PHOTOS = 200
"""The most photos of one answer if the request gives no limit."""
MOST_PHOTOS = 10_000
"""The most photos of one answer."""

_ID = re.compile(f"[0-9a-f]{{{ID_DIGITS}}}")
_PICTURE_TYPES = re.compile(r"image/.*|application/octet-stream|")

Check = Callable[[str, Any], Any]
"""Takes the name of a field and its value; returns the value, or raises :class:`Refused`."""


class FieldBodies(Bodies):
    """Bodies, and those that are JSON objects with known fields."""

    async def fields(self, request: Request, checks: Mapping[str, Check]) -> list[Any]:
        """The values of the fields ``checks`` of the JSON object that is the body, in their order.

        Raises :class:`Refused`: 415 if it is not JSON by its type, 413 if it is too large, 400 for another shape.
        """
        if type_of(request) != "application/json":
            raise Refused(415, "send JSON, with the header Content-Type: application/json")
        async with self.read(request, JSON_BYTES) as body:
            try:
                given = json.loads(body, parse_constant=refuse_constant)
            except (ValueError, RecursionError) as error:
                raise Refused(400, f"the body is not JSON: {str(error) or 'too deep'}") from None
        if not isinstance(given, dict):
            raise Refused(400, f"the body must be a JSON object with {_names(checks)}")
        for name in given:
            if name not in checks:
                raise Refused(400, f"there is no field {_shown(name)} here; give {_names(checks)}")
        for name in checks:
            if name not in given:
                raise Refused(400, f"the field {name!r} is missing; give {_names(checks)}")
        return [check(name, given[name]) for name, check in checks.items()]


def check_picture_type(request: Request) -> None:
    """Raise :class:`Refused`, 415, if the body is a form or a text by its type."""
    if not _PICTURE_TYPES.fullmatch(type_of(request)):
        raise Refused(415, "send the bytes of one picture, with the header Content-Type: image/jpeg or the like")


def text(name: str, value: Any) -> str:
    """A field that is a text, not empty, in valid Unicode."""
    if not isinstance(value, str) or not value:
        raise Refused(400, f"the field {name!r} must be a text with at least one character")
    try:
        value.encode()
    except UnicodeEncodeError:
        raise Refused(400, f"the field {name!r} is not valid Unicode") from None
    return value


def number(name: str, value: Any) -> int:
    """A field that is a whole number."""
    if not isinstance(value, int) or isinstance(value, bool):
        raise Refused(400, f"the field {name!r} must be a whole number")
    return value


def ids(name: str, value: Any) -> list[str]:
    """A field that is a list of ids of photos."""
    if not isinstance(value, list) or not all(isinstance(one, str) and _ID.fullmatch(one) for one in value):
        raise Refused(400, f"the field {name!r} must be a list of ids of photos, each of {ID_DIGITS} digits 0-9 a-f")
    return value


def _names(checks: Mapping[str, Check]) -> str:
    return ", ".join(map(repr, checks))


def _shown(name: str) -> str:
    return repr(shorten(printable(name.encode(errors="replace").decode()), 40))
