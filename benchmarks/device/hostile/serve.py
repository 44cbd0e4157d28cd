"""Attacks on a real ``edge serve``: hostile pictures, forms, JSON and connections."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable, Iterator
from pathlib import Path
from random import Random

from benchmarks.device.hostile.case import CaseResult, as_result, fault_of
from benchmarks.device.hostile.page_scene import Page, many, request
from benchmarks.device.hostile.page_sockets import GUARDED, OPEN
from benchmarks.device.hostile.pictures import good_pictures, pictures
from benchmarks.device.hostile.serve_scene import Given, Served
from edge.commands.serve_options import BODY_MB

_AREA = "serve"
_BODIES = 2000
_REFUSED = {400, 413, 415, 422}
_ALLOWED = {"taken": {200}, "refused": {422}, "either": {200, 422}}
_OF_THE_PAGE = ("event", "viewers", "picture", "websocket", "metrics", "methods")  # attacks on what is not here


def cases(_: Path, seed: int) -> Iterator[CaseResult]:
    """Send hostile pictures and bodies, then attack the connections; end the process while 60 clients are connected."""
    served = Served()
    random = Random(seed)
    for picture in pictures(random):
        allowed = {413} if len(picture.content) > BODY_MB << 20 else _ALLOWED[picture.expected]
        yield as_result(_AREA, picture.name, _wrong(served.post(picture.content), allowed))
    good = list(good_pictures().values())
    for number in range(_BODIES):
        name, kind, body = _body(random, good)
        yield as_result(_AREA, f"{name} ({number})", _wrong(served.post(body, kind), {200, *_REFUSED}))
    for name, attack in OPEN.items():
        if not any(word in name for word in _OF_THE_PAGE):
            yield _attacked(name, attack, served)
    yield _ended(served, "the end with 60 clients")
    served = Served(token=True)
    for name in ("2,000 wrong tokens", "wrong cookies and headers"):
        yield _attacked(name, GUARDED[name], served)
    yield _ended(served, "the end with 60 clients, token")


def _wrong(given: Given, allowed: set[int]) -> str | None:
    if not given.status:
        return "no answer: hang"
    if given.status not in allowed:
        return f"status {given.status}"
    return None if given.is_json else f"status {given.status} without an answer in JSON"


def _body(random: Random, good: list[bytes]) -> tuple[str, str, bytes]:
    """A form or JSON with pictures, of which some bytes are changed, moved, doubled or cut off."""
    files = random.choices([*good, b"", b"bad", random.randbytes(500)], k=random.randint(1, 5))
    if random.random() < 0.5:
        mark = random.choice((b"x", b"--", b"a b", b"'", bytes(random.choices(b"abc-", k=70))))
        name = random.choice((b'"a.png"', b'""', b"a", b'"\xff"', b'"' + b"n" * 9000 + b'"', b'"\\"', b"*=utf-8''%ff"))
        part = b'--%b\r\nContent-Disposition: form-data; name="p"; filename=%b\r\n\r\n%b\r\n'
        body = b"".join(part % (mark, name, content) for content in files) + b"--%b--\r\n" % mark
        kind = f'multipart/form-data; boundary="{mark.decode()}"'
    else:
        value: object = [
            {
                random.choice(("picture", "picture", "picture", "name", "\ud800")): base64.b64encode(content).decode(),
                "name": random.choice(("a", "", "\udfff\x00\n", 7, None, ["x"])),
            }
            for content in files
        ]
        for _ in range(random.choice((0, 0, 0, 1, 50, 3000))):
            value = [value]
        body, kind = _dumped(value), random.choice(("application/json", "application/json; charset=utf-16"))
    return kind.partition(";")[0], kind, _changed(random, body)


def _dumped(value: object) -> bytes:
    """``value`` as JSON, however deep it is."""
    depth = 0
    while isinstance(value, list) and len(value) == 1 and isinstance(value[0], list):
        value, depth = value[0], depth + 1
    return b"[" * depth + json.dumps(value).encode() + b"]" * depth


def _changed(random: Random, body: bytes) -> bytes:
    place, other = sorted(random.choices(range(len(body) + 1), k=2))
    return random.choice(
        (
            body,
            body[:other],
            body[:place] + body[other:],
            body[:other] + body[place:],
            body[:place] + random.randbytes(random.randint(1, 9)) + body[place:],
            body.replace(b"\r\n", b"\n"),
        )
    )


def _attacked(name: str, attack: Callable[[Page], str | None], served: Served) -> CaseResult:
    try:
        return as_result(_AREA, name, attack(served))
    except OSError as error:
        return as_result(_AREA, name, f"hang: {error}")


def _ended(served: Served, name: str) -> CaseResult:
    """How the process ends while clients are connected that have sent nothing, half a request or a whole one."""
    with many(served, 60) as clients:
        for number, one in enumerate(clients):
            one.sendall((b"", request("/label", "POST", "Content-Length: 9"), request())[number % 3])
        ended = served.end()
    found = fault_of(ended)
    return CaseResult(_AREA, name, found, "" if found == "ok" else f"{ended.err[-500:]} peak {ended.peak_bytes:,}")
