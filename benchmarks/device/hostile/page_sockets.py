"""Attacks on the page and on the metrics over raw connections. Each returns None, or what is wrong afterwards."""

from __future__ import annotations

import contextlib
import random
import socket
import struct
from collections.abc import Callable

from benchmarks.device.hostile.page_scene import TOKEN, Page, answer, many, request
from benchmarks.device.waiting import wait

_PATHS = ("/", "/page.js", "/events", "/picture.jpg", "/observation.json", "/health", "/metrics", "/nothing")
_METHODS = ("HEAD", "POST", "PUT", "DELETE", "OPTIONS", "TRACE", "CONNECT", "PATCH", "GeT", "X" * 5000)


def _slow(page: Page, part: bytes, *, first: bool, count: int = 64, metrics: bool = False) -> str | None:
    with many(page, count, page.metrics if metrics else None) as connections:
        for one in connections:
            if first:
                answer(one, request())
            with contextlib.suppress(OSError):
                one.sendall(part)
        return page.is_served()


def _burst_of_events(page: Page) -> str | None:
    with many(page, 60) as connections:
        for one in connections:
            one.sendall(request("/events"))
        got = [answer(one, b"") for one in connections].count(200)
        return page.is_served() or (None if got == 16 else f"{got} event streams are open")


def _viewers_that_leave(page: Page) -> str | None:
    for _ in range(200):
        with many(page, 1) as (one,):
            one.sendall(request("/events"))
    return None if wait(lambda: page.status("/events") == 200) else "no more events"


def _deaf(page: Page, path: str, count: int, times: int) -> str | None:
    with many(page, count) as connections:
        for one in connections:
            one.setblocking(False)
            with contextlib.suppress(OSError):
                one.send(request(path) * times)
        return page.is_served()


def _reset(page: Page) -> str | None:
    for number in range(500):
        with many(page, 1, page.metrics if number % 2 else None) as (one,):
            one.sendall(request("/events")[: 10 + number % 40])
            one.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    return page.is_served()


def _random_bytes(page: Page) -> str | None:
    numbers = random.Random(18)
    for number in range(200):
        with many(page, 1, page.metrics if number % 2 else None) as (one,), contextlib.suppress(OSError):
            one.sendall(numbers.randbytes(numbers.randrange(1, 5000)))
    return page.is_served()


def _statuses(page: Page, contents: list[bytes], allowed: set[int]) -> str | None:
    found = set()
    for content in contents:
        with many(page, 1) as (one,):
            found.add(answer(one, content))
    return page.is_served() or (None if found <= allowed else f"answered with {sorted(found - allowed)}")


def _methods(page: Page) -> str | None:
    contents = [request(path, method) for path in _PATHS for method in _METHODS]
    for content in contents:
        with many(page, 1, page.metrics) as (one,):
            if answer(one, content) >= 500:
                return f"the metrics answer {content[:30]!r} with an error of their own"
    return _statuses(page, contents, {0, 200, 204, 400, 404, 405})


def _heads_of_events(page: Page) -> str | None:
    with many(page, 40) as connections:
        got = {answer(one, request("/events", "HEAD")) for one in connections}
        return page.is_served() or (None if got == {200} and page.status("/events") == 200 else "they hold places")


def _metrics_without_request(page: Page) -> str | None:
    threads = page.threads
    with many(page, 200, page.metrics):
        return page.is_served() or (None if page.threads <= threads + 2 else f"{page.threads - threads} more threads")


def _metrics_with_any_header(page: Page) -> str | None:
    with many(page, 1, page.metrics) as (one,):
        got = answer(
            one, request("/metrics?name[]=%FF&%00", "GET", "Accept-Encoding: g\xff").replace(b"\xc3\xbf", b"\xff")
        )
    return page.is_served() or (None if got == 200 else f"status {got}")


OPEN: dict[str, Callable[[Page], str | None]] = {
    "64 slow second requests": lambda of: _slow(of, b"GET /health HTTP/1.1\r\nHost: x\r\nX: ", first=True),
    "64 slow first requests": lambda of: _slow(of, b"GET /health HTTP/1.1\r\nHost: x\r\nX: ", first=False),
    "200 connections without a request": lambda of: _slow(of, b"", first=False, count=200),
    "64 bodies that never end": lambda of: _slow(of, request("/health", "POST", "Content-Length: 999999"), first=True),
    "64 chunks that never end": lambda of: _slow(
        of, request("/health", "POST", "Transfer-Encoding: chunked") + b"9\r\nx", first=True
    ),
    "64 slow requests for metrics": lambda of: _slow(of, b"GET /metrics HTTP/1.1\r\nX: ", first=True, metrics=True),
    "bodies for the metrics that never end": lambda of: _slow(
        of, request("/metrics", "POST", "Content-Length: 999999"), first=False, metrics=True
    ),
    "200 idle connections to the metrics": _metrics_without_request,
    "any header for the metrics": _metrics_with_any_header,
    "60 event streams in one moment": _burst_of_events,
    "200 viewers that leave at once": _viewers_that_leave,
    "40 heads of events": _heads_of_events,
    "60 viewers that read no pictures": lambda of: _deaf(of, "/picture.jpg", 60, 500),
    "16 viewers that read no events": lambda of: _deaf(of, "/events", 16, 1),
    "500 connections reset": _reset,
    "random bytes": _random_bytes,
    "all methods on all paths": _methods,
    "headers of 1 MB": lambda of: _statuses(of, [request("/", "GET", "X: " + "x" * 1_000_000)], {0, 400, 431}),
    "100,000 headers": lambda of: _statuses(of, [request("/", "GET", *["X: y"] * 100_000)], {0, 400, 431}),
    "a path of 1 MB": lambda of: _statuses(of, [request("/" + "x" * 1_000_000)], {0, 400, 404, 414}),
    "two lengths": lambda of: _statuses(
        of,
        [
            request("/", "POST", "Content-Length: 5", "Transfer-Encoding: chunked") + b"0\r\n\r\nGET /x",
            request("/", "POST", "Content-Length: 5", "Content-Length: 6") + b"hello!",
        ],
        {0, 400, 405},
    ),
    "foreign hosts": lambda of: _statuses(
        of,
        [request(path, host=host) for path in _PATHS for host in ("evil.example", "localhost.evil", "127.0.0.1.x", "")],
        {0, 400, 421},
    ),
    "two hosts": lambda of: _statuses(of, [request("/", "GET", "Host: evil.example")], {0, 400, 421}),
    "a websocket": lambda of: _statuses(
        of,
        [request("/events", "GET", "Connection: Upgrade", "Upgrade: websocket", "Sec-WebSocket-Version: 13")],
        {0, 200, 400, 404, 426},
    ),
    "any number of a picture": lambda of: _statuses(
        of,
        [request(f"/picture.jpg?shown={n}") for n in ("-1", "9" * 5000, "%00", "%FF", "x" * 9, "1e9", "%C2%B2")],
        {200, 204, 503},
    ),
    "TLS": lambda of: _statuses(of, [b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + b"x" * 500], {0, 400}),
}
_TRICKS: tuple[str, ...] = (
    "//page.js",
    "/./page.js",
    "/%2e/page.js",
    "/page.js/",
    "/..%2fpage.js",
    "/page.js%00",
    "/page.css/../page.js",
)
_TRICKS += (
    "/PAGE.JS",
    "/page.js?token=",
    f"/page.js?token={TOKEN}x",
    f"/page.js#token={TOKEN}",
    f"/page.js?TOKEN={TOKEN}",
)
GUARDED: dict[str, Callable[[Page], str | None]] = {
    "paths around the token": lambda of: _statuses(of, [request(path) for path in _TRICKS], {0, 400, 401}),
    "2,000 wrong tokens": lambda of: _statuses(
        of, [request("/events", "GET", f"Authorization: Bearer {n:08x}") for n in range(2000)], {401}
    ),
    "wrong cookies and headers": lambda of: _statuses(
        of,
        [
            request("/events", "GET", line)
            for line in (
                f"Cookie: edge_web_{of.port}={TOKEN}",
                f"Cookie: edge_web_{of.port}=",
                f"Cookie: edge_web_{of.port}=\xe9",
                f"Authorization: Basic {TOKEN}",
                "Authorization: Bearer",
                "Authorization: Bearer \xff",
                f"X-Forwarded-For: 127.0.0.1\r\nX-Token: {TOKEN}",
            )
        ],
        {0, 400, 401},
    ),
}
