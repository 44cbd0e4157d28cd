"""Routes of the API: photos, and their pictures."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Any

from edge.errors import ImageError
from edge.serving.answers import Refused, busy, json_answer
from trainer.teach.review import FILTERS, NEWEST, ORDERS
from trainer.teach.state import CLASS, TaughtPhoto
from trainer.teach.web.bodies import FEW_PHOTOS, LONGEST_NAME, MOST_PHOTOS, PICTURE_BYTES, check_picture_type, text
from trainer.teach.web.photo_pictures import large_picture, upright_size
from trainer.teach.web.served import Rule, Served, in_thread
from trainer.teach.web.session_json import PLACES, describe_details, describe_photos

if TYPE_CHECKING:
    from starlette.requests import Request
    from starlette.responses import Response

_FOR_EVER = {"Cache-Control": "private, max-age=31536000, immutable"}  # an id always means the same picture


def photo_rules(served: Served) -> list[Rule]:
    """List photos, show one, add one, and give their pictures."""
    session = served.session

    async def list_(request: Request) -> Response:
        query = request.query_params
        place = PLACES[_one_of(query.get("place", "classes"), "place", PLACES)]
        label = served.label(query["class"]) if query.get("class") and place == CLASS else query.get("class") or None
        filter_ = _one_of(query["filter"], "filter", FILTERS) if query.get("filter") else None
        order = _one_of(query.get("order", NEWEST), "order", ORDERS)
        offset, limit = _count(query.get("offset", "0"), "offset"), _count(query.get("limit", str(FEW_PHOTOS)), "limit")

        def listed() -> dict[str, Any]:
            photos = session.review(place, label, filter_, order)
            return describe_photos(len(photos), photos[offset : offset + min(limit, MOST_PHOTOS)])

        return json_answer(await in_thread(listed))

    async def show(request: Request) -> Response:
        photo = served.photo(request.path_params["id"])
        details = await in_thread(session.details, photo.id)
        if details is None:
            served.photo(photo.id)
            raise busy("the photo is being moved; ask again")
        return json_answer(describe_details(details, await served.decoding.run(upright_size, photo.path)))

    async def add(request: Request) -> Response:
        label = served.label(text("class", request.query_params.get("class")))
        name = request.query_params.get("name") or None
        if name is not None and len(name) > LONGEST_NAME:
            raise Refused(400, f"the name of the file is too long; it may have {LONGEST_NAME} characters")
        check_picture_type(request)
        async with served.bodies.read(request, PICTURE_BYTES) as body:
            if not body:
                raise Refused(400, "the body is empty; send the bytes of one picture")
            added = await served.decoding.run(lambda: session.add_photo(body, label, name=name))
        photo = added.photo
        return json_answer({"id": photo.id, "class": photo.label, "outcome": added.outcome})

    async def thumbnail(request: Request) -> Response:
        id_ = served.photo(request.path_params["id"]).id
        jpeg = await in_thread(served.thumbnails.kept, id_)
        return _jpeg(jpeg or await made(id_, lambda photo: served.thumbnails.make(id_, photo.path)))

    async def picture(request: Request) -> Response:
        return _jpeg(await made(request.path_params["id"], lambda photo: large_picture(photo.path)))

    async def made(id_: str, make: Callable[[TaughtPhoto], bytes]) -> bytes:
        """A picture of the photo; made again if the photo was moved meanwhile."""
        while True:
            photo = served.photo(id_)
            try:
                return await served.decoding.run(make, photo)
            except ImageError:
                if served.photo(id_).path == photo.path:
                    raise

    return [
        Rule("GET", "/api/photos", list_),
        Rule("POST", "/api/photos", add),
        Rule("GET", "/api/photos/{id}", show),
        Rule("GET", "/api/photos/{id}/thumbnail.jpg", thumbnail),
        Rule("GET", "/api/photos/{id}/picture.jpg", picture),
    ]


def _jpeg(content: bytes) -> Response:
    from starlette.responses import Response

    return Response(content, media_type="image/jpeg", headers=_FOR_EVER)


def _one_of(value: str, name: str, possible: Iterable[str]) -> str:
    if value not in possible:
        raise Refused(400, f"the parameter {name!r} must be one of {', '.join(possible)}")
    return value


def _count(value: str, name: str) -> int:
    if not (value.isascii() and value.isdecimal() and len(value) < 10):
        raise Refused(400, f"the parameter {name!r} must be a whole number, 0 or more")
    return int(value)
