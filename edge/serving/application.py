"""The Starlette application that labels pictures: its routes, and who is answered."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING, Any

from edge.distribution import install_command
from edge.errors import EdgeError
from edge.inference.photo_json import describe_photo
from edge.serving.answers import Refused, ending, error_answer, exception_handlers, json_answer
from edge.serving.bodies import ALL_BYTES, Bodies, check_encoding, type_of
from edge.serving.counts import LABELLED, SKIPPED, ServeCounts
from edge.serving.direct import Direct
from edge.serving.front import Front
from edge.serving.label_pool import LabelPool
from edge.serving.metrics import ServeMetrics
from edge.serving.models import ServedModel, ServedModels
from edge.serving.openapi import openapi
from edge.serving.pictures import GivenPicture, GivenPictures, check_type, read_pictures
from edge.sinks.prometheus import metrics_application
from edge.sinks.web.access import Access
from edge.sinks.web.application import file_route, page_parts
from edge.sinks.web.guard import Guard
from edge.sinks.web.same_origin import is_of_another_site
from edge.types import LabelledPhoto

if TYPE_CHECKING:
    from starlette.applications import Starlette
    from starlette.requests import Request
    from starlette.responses import Response
    from starlette.routing import BaseRoute
    from starlette.types import Receive, Scope, Send

_PAGE = Path(__file__).parent / "page"
_QUERY = ("model", "name", "token")
_LARGE_BYTES = 1 << 20  # a larger body is read on a thread of its own, one at a time; small requests go on


class LabelService:
    """Answers requests for labels."""

    def __init__(self, models: ServedModels, pool: LabelPool, counts: ServeCounts, body_bytes: int) -> None:
        """Label with ``models`` in ``pool``; a body may have ``body_bytes``."""
        self._models, self._pool, self._counts, self._body_bytes = models, pool, counts, body_bytes
        self._bodies = Bodies(max(ALL_BYTES, body_bytes))
        self._large = ThreadPoolExecutor(1, thread_name_prefix="body")

    async def label(self, request: Request) -> Response:
        """The labels of the pictures in the body."""
        started_s = time.perf_counter()
        if is_of_another_site(request.headers):
            raise Refused(403, "a page of another site may not use this server")
        query = request.query_params
        for given_name in query:
            if given_name not in _QUERY:
                raise Refused(400, "the address may have 'model' and 'name' after the question mark, and nothing else")
        model = self._models.get(query.get("model"))
        kind = type_of(request)
        check_type(kind)
        check_encoding(request)
        self._pool.check_room(1)
        async with self._bodies.read(request, self._body_bytes) as body:
            header, name = request.headers.get("content-type", ""), query.get("name", "")
            arguments = (kind, header, body, name, self._pool.room)
            if len(body) < _LARGE_BYTES:
                given = read_pictures(*arguments)
            else:
                given = await asyncio.get_running_loop().run_in_executor(self._large, read_pictures, *arguments)
            answer = await self._answer(model, given)
        self._counts.answers.add(1000 * (time.perf_counter() - started_s))
        return answer

    async def _answer(self, model: ServedModel, given: GivenPictures) -> Response:
        future = self._pool.label(model, given.pictures)
        try:
            results = await future
        except asyncio.CancelledError:
            if not future.cancelled():
                raise
            raise ending() from None  # the pool was closed before all pictures were labelled
        photos = [
            self._labelled(model, picture, result, given.as_list)
            for picture, result in zip(given.pictures, results, strict=True)
        ]
        if given.as_list:
            return json_answer([describe_photo(photo) for photo in photos])
        return json_answer(describe_photo(photos[0]), 422 if photos[0].error is not None else 200)

    def _labelled(
        self, model: ServedModel, picture: GivenPicture, result: LabelledPhoto | BaseException, as_list: bool
    ) -> LabelledPhoto:
        """The labelled photo, counted. If the model failed, that is the error of this picture in a list."""
        if not isinstance(result, BaseException):
            photo = result
        elif as_list and isinstance(result, EdgeError):
            photo = LabelledPhoto(picture.path, None, str(result))
        else:
            raise result
        self._counts.pictures[model.name, SKIPPED if photo.classification is None else LABELLED] += 1
        if photo.classification is not None:
            self._counts.latency.add(photo.classification.latency_ms)
        return photo

    async def models(self, request: Request) -> Response:
        """The models by name, the default first."""
        served = (one.card._asdict() | {"name": one.name, "file": one.card.name} for one in self._models.all())
        return json_answer(list(served))


def make_serve_application(
    service: LabelService,
    metrics: ServeMetrics,
    front: Front,
    *,
    token: str | None,
    port: int,
    body_bytes: int,
    room: int,
    all_stuck: Callable[[], bool],
) -> Front:
    """``front`` with the application behind it, on ``port``; with ``token``, requests must give it.

    ``body_bytes`` and ``room`` are the limits that the description of the API names. ``all_stuck`` says whether no
    picture is labelled any more.
    """
    from starlette.applications import Starlette
    from starlette.routing import Route

    async def health(request: Request) -> Response:
        return json_answer({"state": "stuck"}, 503) if all_stuck() else json_answer({"state": "ready"})

    async def description(request: Request) -> Response:
        return json_answer(openapi(body_bytes, room))

    routes: list[BaseRoute] = [
        Route("/label", service.label, methods=["POST"]),  # first: it is asked for most
        file_route("/", _PAGE / "serve.html"),
        *(file_route(f"/{part.name}", part) for part in (*page_parts(), _PAGE / "serve.js", _PAGE / "serve.css")),
        Route("/models", service.models),
        Route("/health", health),
        Route("/openapi.json", description),
        Route("/metrics", _metrics_route(metrics)),
    ]
    handlers = exception_handlers({})
    application: Starlette = Starlette(routes=routes, exception_handlers=handlers)
    application.router.redirect_slashes = False  # it would answer with another address, made of the header Host
    front.app = Guard(Direct(application, "/label", service.label, handlers), Access(token, port), json_below="/")
    return front


def _metrics_route(metrics: ServeMetrics) -> Any:
    """What answers with the metrics; without the package for it, one line that says how to install it."""
    try:
        from prometheus_client import CollectorRegistry
    except ModuleNotFoundError:

        async def missing(request: Request) -> Response:
            return error_answer(404, f"the metrics need another package: {install_command('prometheus')}")

        return missing
    registry = CollectorRegistry()
    registry.register(metrics)
    page = metrics_application(registry)

    class Metrics:
        """An application, so that Starlette passes the request on as it is."""

        async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
            """Answer a request."""
            await page(dict(scope), receive, send)

    return Metrics()
