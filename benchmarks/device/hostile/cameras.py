"""Manners of cameras on the network: good, strange and bad ones, over HTTP and RTSP."""

from __future__ import annotations

import functools
import json
import os
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from benchmarks.device.hostile import camera_server as camera
from benchmarks.device.hostile.camera_server import Camera, Manner, ok, part, picture, send, stream
from benchmarks.device.hostile.case import CaseResult, fault_of, run_limited
from benchmarks.device.hostile.certificates import make_own_certificate
from benchmarks.device.ports import free_port
from benchmarks.device.stream import MODEL

AREA = "cameras"
LABELLED = "red"
"""The label that both frames of a good camera must get."""

_NO_STREAM = "answers, but sends no stream that OpenCV can read"


class Case(NamedTuple):
    """A camera and what ``edge watch`` must do with it.

    ``expected`` is :data:`LABELLED`, or a part of the one line on stderr; ``code`` is the exit code then. ``address``
    has ``PORT`` where the port of the camera belongs.
    """

    name: str
    manner: Manner
    expected: str = LABELLED
    code: int = 69
    address: str = "http://127.0.0.1:PORT/a"
    options: tuple[str, ...] = ()
    tls: bool = False


def cases(folder: Path, _: int) -> Iterator[CaseResult]:
    """Run ``edge watch`` on each camera, and compare what it labels or says.

    Raises :class:`~edge.errors.ConfigurationError` if openssl is missing.
    """
    certificate = make_own_certificate(folder)
    for case in (*_streams(), *_pictures(), *_logins(), *_redirects(), *_refused(), *_tls(certificate), *_rtsp()):
        yield run_case(case, certificate)


def run_case(case: Case, certificate: Path) -> CaseResult:
    """Run ``edge watch`` on the camera of ``case``; if that uses TLS, it has ``certificate``."""
    with Camera(case.manner, certificate if case.tls else None) as server:
        command = [sys.executable, "-m", "edge", "watch", case.address.replace("PORT", str(server.port))]
        command += ["--model", str(MODEL), "--json", "--count", "2", "--retries", "0", "--every", "0.05", *case.options]
        kept = {name: value for name, value in os.environ.items() if not name.lower().endswith("_proxy")}
        ended = run_limited(command, env={**kept, "EDGE_STATUS": os.devnull})
    fault = fault_of(ended)
    if fault != "ok":
        return CaseResult(AREA, case.name, fault, f"exit code {ended.code}: {ended.err[-300:]!r}")
    problem = None
    if camera.PASSWORD in ended.out + ended.err:
        problem = "prints the password"
    elif "\x1b" in ended.err:
        problem = "prints what the camera wrote for the terminal"
    elif case.expected == LABELLED:
        labels = [json.loads(line)["label"] for line in ended.out.splitlines()]
        problem = None if ended.code == 0 and labels == [LABELLED, LABELLED] else "was not labelled"
    elif ended.code != case.code or case.expected not in ended.err:
        problem = f"not {case.code} with {case.expected!r}"
    if problem is None:
        return CaseResult(AREA, case.name, "ok")
    return CaseResult(AREA, case.name, "accepted wrongly", f"{problem}: exit code {ended.code}: {ended.err[-300:]!r}")


def _streams() -> Iterator[Case]:
    """Streams that must be labelled, however strange they are."""
    jpeg = picture()
    many = functools.partial(camera.endless, pause_s=0.02)
    good = part(jpeg)
    yield Case("a stream", many(stream(), good))
    yield Case("HTTP/1.0", many(stream().replace(b"1.1", b"1.0"), good))
    yield Case("no length", many(stream(), part(jpeg, length=None)))
    yield Case("bare line ends", many(stream(), part(jpeg, end=b"\n")))
    yield Case("dashes in the name", many(stream("--frame"), good))
    yield Case("four dashes in the body", many(stream("--frame"), part(jpeg, line=b"----frame")))
    yield Case("no dashes in the body", many(stream(), part(jpeg, line=b"frame")))
    yield Case("no dashes and no length", many(stream(), part(jpeg, line=b"frame", length=None)))
    yield Case("no name", many(stream(None), good))
    yield Case("an empty name", many(stream('""'), good))
    yield Case("another name", many(stream("other"), good))
    yield Case("a name with blanks", many(stream('"my frame"'), part(jpeg, line=b"--my frame")))
    yield Case("no content type", many(stream(content_type=None), good))
    yield Case("called text/html", many(stream(None, content_type="text/html"), good))
    chunks = stream().replace(b"\r\n\r\n", b"\r\nTransfer-Encoding: chunked\r\n\r\n")
    yield Case("chunked", many(chunks, camera.chunked(good)))
    yield Case("chunks of seven bytes", many(chunks, camera.chunked(good, 7)))
    yield Case("noise before the first part", many(stream() + bytes(range(256)) * 40, good))
    yield Case("noise between parts", many(stream(), good + b"\0" * 5000))
    yield Case("every second part is noise", many(stream(), part(b"x" * 3000) + good))
    yield Case("every second part is half a JPEG", many(stream(), part(jpeg[: len(jpeg) // 2]) + good))
    yield Case("a thousand empty parts between", many(stream(), part(b"") * 1000 + good))
    yield Case("every second length is too small", many(stream(), part(jpeg, length=9) + good * 2))
    yield Case("every second length is too large", many(stream(), part(jpeg, length=len(jpeg) + 40) + good * 3))
    yield Case("long headers of parts", many(stream(), part(jpeg, extra=b"X: " + b"y" * 4000)))
    yield Case("headers of parts without end", many(stream() + b"--frame\r\n" + b"x" * 20_000 + b"\r\n", good))
    yield Case("progressive JPEG", many(stream(), part(picture(progressive=True))))
    yield Case("JPEG of four colours", many(stream(), part(picture(mode="CMYK"))))
    yield Case("PNG", many(stream(), part(picture("PNG"))))
    yield Case("the size changes", many(stream(), good + part(picture(size=(640, 480)))))
    yield Case("a bomb between", many(stream(), part(camera.bomb()) + good))


def _pictures() -> Iterator[Case]:
    """Cameras that answer with single pictures."""
    jpeg = picture()
    yield Case("a picture", send(ok(jpeg)))
    yield Case("a picture without length", send(ok(jpeg, length=None)))
    yield Case("a PNG called JPEG", send(ok(picture("PNG"))))
    yield Case("a picture without type", send(ok(jpeg, content_type=None)))
    yield Case("a picture called text/plain", send(ok(jpeg, content_type="text/plain")))
    chunks = ok(length=None).replace(b"\r\n\r\n", b"\r\nTransfer-Encoding: chunked\r\n\r\n")
    yield Case("a picture in chunks", send(chunks + camera.chunked(jpeg, 100) + b"0\r\n\r\n"))
    yield Case("100 Continue before it", send(b"HTTP/1.1 100 Continue\r\n\r\n" * 3 + ok(jpeg)))
    yield Case("headers with strange blanks", send(ok(jpeg).replace(b"Content-Type: ", b"CONTENT-type:\t  ")))
    yield Case("a connection that stays open", camera.silent(ok(jpeg)))


def _logins() -> Iterator[Case]:
    """Logins with the right password, and refused ones."""
    address = f"http://{camera.USER}:{camera.PASSWORD}@127.0.0.1:PORT/a?b=c"
    case = functools.partial(Case, address=address)
    for algorithm in (None, "MD5", "MD5-sess", "SHA-256", "SHA-256-sess"):
        yield case(f"digest {algorithm}", camera.digest(algorithm))
    yield case("digest without qop", camera.digest("MD5", qop=False))
    yield case("two challenges in one header", camera.digest("MD5", wrap=lambda one: [f'Basic realm="b", {one}']))
    newer = 'Digest realm="camera", nonce="n1", qop="auth", algorithm=SHA3-512'
    yield case("an unknown digest first", camera.digest("SHA-256", wrap=lambda one: [newer, "NTLM", one]))
    wrong = camera.digest("MD5")
    refused = "the server refuses the user or the password (401)"
    yield Case("a wrong password", wrong, refused, 78, address.replace(camera.PASSWORD, "wrong"))
    yield Case("no password", wrong, "give user:password@ before the host", 78)
    stale = camera.unauthorized('Digest realm="camera", nonce="n2", stale=true')
    yield case("always an old nonce", send(stale), refused, 78)
    yield case("a login of another kind", send(camera.unauthorized("Negotiate")), "not known here (negotiate)", 78)
    yield case("a login without a name", send(camera.unauthorized()), "not known here", 78)
    yield case("a challenge of noise", send(camera.unauthorized('Digest "=,\\"')), "not known here", 78)


def _redirects() -> Iterator[Case]:
    """Redirects, those that lead to a picture and others."""
    known = camera.digest("SHA-256")

    def to_b(connection: object, head: bytes) -> None:
        answer = send(camera.redirect("/b")) if head.split()[1] == b"/a" else known
        answer(connection, head)  # type: ignore[arg-type]

    yield Case("a redirect and a digest", to_b, address="http://me:secret@127.0.0.1:PORT/a")
    for location, text in (
        ("/a", "redirects more than 5 times"),
        ("rtsp://me:secret@127.0.0.1/", "which is not HTTP"),
        ("file:///etc/passwd", "which is not HTTP"),
        ("http://[", "which is not HTTP"),
        ("\x1b[2J" * 3000, "redirects more than 5 times"),
    ):
        yield Case(f"a redirect to {location[:20]!a}", send(camera.redirect(location)), text)
    slow = functools.partial(camera.endless, pause_s=0.5)
    yield Case("a slow redirect that does not end", slow(b"HTTP/1.1 302 Found\r\nX: ", b"y"), "nothing in 5 s")


def _refused() -> Iterator[Case]:
    """Answers that lead to no label, and end within ten seconds."""
    drip = functools.partial(camera.endless, pause_s=0.1)
    head = b"HTTP/1.1 200 OK\r\n"
    yield Case("silence", camera.silent(), "nothing in 5 s")
    yield Case("an end without an answer", send(b""), "no answer")
    yield Case("another protocol", send(b"SSH-2.0-OpenSSH_9.2\r\n"), "no answer: BadStatusLine")
    yield Case("a status that drips", drip(b"HTTP/1", b"."), "nothing in 5 s")
    yield Case("headers that drip", drip(head, b"X: y\r\n"), "nothing in 5 s")
    yield Case("headers without end", camera.endless(head, b"X: y\r\n" * 100), "no answer")
    yield Case("one header without end", camera.endless(head + b"X: ", b"y" * 10_000), "no answer: LineTooLong")
    yield Case("100 Continue without end", camera.endless(b"", b"HTTP/1.1 100 Continue\r\n\r\n"), "nothing in 5 s")
    yield Case("404 with control characters", send(b"HTTP/1.1 404 \x1b[2Jsecret\r\n\r\n"), "answers 404 Not Found")
    yield Case("503", send(b"HTTP/1.1 503 no\r\n\r\n"), "answers 503")
    yield Case("a page", send(ok(b"<html>", content_type="text/html")), "neither an MJPEG stream nor a picture")
    yield Case("an empty picture", send(ok(b"")), "sends no picture that can be used")
    yield Case("half a picture", send(ok(picture()[:400])), "sends no picture that can be used")
    yield Case("a bomb", send(ok(camera.bomb())), "too large")
    yield Case("a picture without end", camera.endless(ok(length=None), b"\xff\xd8" * 30_000), "of more than 16 MiB")
    yield Case("a picture that drips", drip(ok(length=9999), b"\xff"), "nothing in 5 s")
    yield Case("damaged chunks", send(head + b"Transfer-Encoding: chunked\r\n\r\nzz\r\n"), "interrupted")
    yield Case("a part of a terabyte", send(stream() + part(b"", length=999_999_999)), "sends a part of")
    yield Case("a part without end", camera.endless(stream() + part(b"", length=None), b"x" * 60_000), "16 MiB")
    yield Case("a body without a boundary", camera.endless(stream(), b"x" * 60_000), "no picture in 5 s")
    yield Case("parts of noise alone", camera.endless(stream(), part(b"x" * 3000), 0.02), "no picture in 5 s")
    yield Case("empty parts alone", camera.endless(stream(), part(b"") * 100, 0.02), "no picture in 5 s")
    yield Case("a stream that ends", send(stream()), "the server ended the stream")
    yield Case("a stream that stops", camera.silent(stream()), "nothing in 5 s")
    yield Case("a stream that drips", drip(stream(), b"x"), "no picture in 5 s")
    yield Case("a very large picture", send(ok(camera.large_picture())), "too large")


def _tls(certificate: Path) -> Iterator[Case]:
    """Certificates and proxies."""
    good, address = send(ok(picture())), "https://127.0.0.1:PORT/a"
    own = ("--ca-file", str(certificate))
    yield Case("a certificate of its own", good, "its certificate is not trusted", address=address, tls=True)
    yield Case("a certificate that is given", good, address=address, tls=True, options=own)
    yield Case(
        "no TLS", camera.endless(b"", b"HTTP/1.1 400 Bad Request\r\n\r\n", 0.1), "no answer: TLS", address=address
    )
    yield Case("TLS without https", good, "no answer", tls=True)


def _rtsp() -> Iterator[Case]:
    """Servers that are called RTSP and are none, or send no stream."""
    case = functools.partial(Case, address="rtsp://me:secret@127.0.0.1:PORT/a")
    other = "this is not an RTSP server"
    sdp = b"v=0\r\nm=video 99999 RTP/AVP 26\r\na=" + b"x" * 60_000 + b"\r\n"
    head = b"RTSP/1.0 200 OK\r\nCSeq: 1\r\n"
    asks = b'RTSP/1.0 401 no\r\nCSeq: 1\r\nWWW-Authenticate: Digest realm="r", nonce="n"\r\n\r\n'
    yield case("RTSP: silence", camera.silent(), "nothing in 5 s")
    yield case("RTSP: an end", send(b""), other)
    yield case("RTSP: noise", camera.endless(b"", bytes(range(256)) * 100, 0.01), other)
    yield case("RTSP: HTTP", send(ok(picture())), other)
    yield case("RTSP: a wrong password", send(asks), "refuses the user or the password (401)", 78)
    yield case("RTSP: 401 for ever", camera.endless(b"", asks, 0.01), "refuses the user or the password (401)", 78)
    kind = b"RTSP/1.0 401 no\r\nCSeq: 1\r\nWWW-Authenticate: Negotiate\r\n\r\n"
    yield case("RTSP: a login of another kind", send(kind), "not known here (negotiate)", 78)
    yield case("RTSP: headers without end", camera.endless(head, b"X: y\r\n" * 100, 0.01), other)
    yield case("RTSP: headers that drip", camera.endless(head, b"X: y\r\n", 0.1), "nothing in 5 s")
    yield case("RTSP: no such stream", send(b"RTSP/1.0 404 \x1b[2J\r\n\r\n"), "answers 404 Not Found; check the path")
    yield case("RTSP: a description of noise", send(head + b"Content-Length: %d\r\n\r\n" % len(sdp) + sdp), _NO_STREAM)
    large = camera.endless(head + b"Content-Length: 999999999\r\n\r\n", sdp)
    yield case("RTSP: a description of a gigabyte", large, "describes its stream in more than 1 MiB")
    yield Case("RTSP: no server", send(b""), "no answer: ", address=f"rtsp://127.0.0.1:{free_port()}/")
