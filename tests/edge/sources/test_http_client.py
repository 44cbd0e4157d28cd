"""Requests to cameras: logins, redirects, certificates and proxies, with real servers on loopback."""

from __future__ import annotations

import contextlib
import copy
import hashlib
import shutil
import socket
import subprocess
import threading
from functools import partial
from pathlib import Path

import numpy as np
import pytest

from edge.errors import ConfigurationError, EdgeError, UnavailableError
from edge.sources import http_camera, http_client
from edge.sources.http_camera import HttpCamera
from edge.sources.http_login import read_challenges
from support.colours import COLOURS, encoded, plain
from support.ports import free_port
from support.scripted_server import Request, ScriptedServer, make_certificate, picture, redirect, refused
from support.waiting import wait_for

RED = picture(encoded(plain("red"), "PNG"), "image/png")
DIGEST = 'Digest realm="camera", nonce="abc", qop="auth", algorithm={}'


@pytest.fixture(autouse=True)
def _no_proxies(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("http_proxy", "https_proxy", "no_proxy", "HTTP_PROXY", "HTTPS_PROXY", "NO_PROXY"):
        monkeypatch.delenv(name, raising=False)


@pytest.fixture
def short_limit(monkeypatch: pytest.MonkeyPatch) -> None:
    """A time limit of half a second."""
    for module in (http_camera, http_client):
        monkeypatch.setattr(module, "TIME_LIMIT_S", 0.5)


def _first(camera: HttpCamera) -> tuple[int, ...]:
    """The colour of the first picture."""
    used = copy.copy(camera)
    used.open()
    try:
        pixels = used.read()
    finally:
        used.close()
    assert pixels is not None
    return tuple(pixels[0, 0].tolist())


def _failure(address: str, **options: str) -> EdgeError:
    with pytest.raises(EdgeError) as failed:
        _first(HttpCamera(address, **options))  # type: ignore[arg-type]
    assert "secret" not in str(failed.value) and "\n" not in str(failed.value)
    return failed.value


def _with_user(uri: str, user: str = "me:secret") -> str:
    return uri.replace("://", f"://{user}@")


def _knows(request: Request, algorithm: str = "MD5", target: str | None = None) -> bool:
    """Whether ``request`` holds the digest of the user ``me`` with the password ``secret``, for the nonce abc."""
    fields = next(iter(read_challenges([request.headers.get("authorization", "")])), None)
    if fields is None or fields.scheme != "digest" or fields.parameters["uri"] != (target or request.target):
        return False
    name = "sha256" if algorithm.startswith("SHA-256") else "md5"
    sent = fields.parameters

    def hashed(*parts: str) -> str:
        return hashlib.new(name, ":".join(parts).encode()).hexdigest()

    secret = hashed("me", "camera", "secret")
    if algorithm.endswith("-sess"):
        secret = hashed(secret, "abc", sent["cnonce"])
    wanted = hashed(secret, "abc", sent["nc"], sent["cnonce"], "auth", hashed("GET", sent["uri"]))
    return sent["response"] == wanted


@pytest.mark.parametrize("algorithm", ["MD5", "MD5-sess", "SHA-256", "SHA-256-sess"])
def test_a_digest(algorithm: str) -> None:
    """Each algorithm opens the camera; later requests answer the same challenge without being asked."""

    def respond(request: Request) -> bytes:
        return RED if _knows(request, algorithm) else refused("Basic realm=x", DIGEST.format(algorithm))

    with ScriptedServer(respond) as server:
        camera = HttpCamera(_with_user(server.uri) + "a%20b?x=1,2")
        assert _first(camera) == _first(camera) == COLOURS["red"]
        assert [request.target for request in server.requests] == ["/a%20b?x=1,2"] * 3


def test_a_real_server_with_digests(tmp_path: Path) -> None:
    """Lighttpd serves a picture with MD5 and with SHA-256, and refuses a wrong password."""
    program = shutil.which("lighttpd") or shutil.which("lighttpd", path="/usr/sbin")
    if program is None:
        pytest.skip("needs lighttpd")
    port = free_port()
    (tmp_path / "users").write_text("me:secret\n")
    for algorithm in ("MD5", "SHA-256"):
        (tmp_path / algorithm).mkdir()
        (tmp_path / algorithm / "a.png").write_bytes(encoded(plain("red"), "PNG"))
    rules = ", ".join(
        f'"/{one}/" => ("method" => "digest", "realm" => "camera", "require" => "valid-user", "algorithm" => "{one}")'
        for one in ("MD5", "SHA-256")
    )
    (tmp_path / "conf").write_text(
        f'server.document-root = "{tmp_path}"\nserver.port = {port}\nserver.bind = "127.0.0.1"\n'
        'server.modules = ("mod_auth", "mod_authn_file")\nmimetype.assign = (".png" => "image/png")\n'
        f'auth.backend = "plain"\nauth.backend.plain.userfile = "{tmp_path}/users"\nauth.require = ({rules})\n'
    )
    process = subprocess.Popen([program, "-D", "-f", tmp_path / "conf"], stderr=subprocess.DEVNULL)
    try:
        for algorithm in ("MD5", "SHA-256"):
            address = f"http://127.0.0.1:{port}/{algorithm}/a.png"
            wait_for(partial(_asks_for_login, address))
            assert _first(HttpCamera(_with_user(address))) == COLOURS["red"]
            assert "refuses the user or the password" in str(_failure(_with_user(address, "me:secrets")))
    finally:
        process.terminate()
        process.wait()


def _asks_for_login(address: str) -> bool:
    return "401" in str(_failure(address))


def test_a_refused_password() -> None:
    """It is called that, and not tried again: many cameras lock a user out after a few attempts."""
    with ScriptedServer(lambda request: refused(DIGEST.format("MD5"))) as server:
        failure = _failure(_with_user(server.uri))
        assert len(server.requests) == 2
    assert isinstance(failure, ConfigurationError)
    assert f"http://***@127.0.0.1:{server.port}/: the server refuses the user or the password (401)" in str(failure)


def test_a_password_that_worked_before() -> None:
    """A camera that starts again may not know its users yet: the stream tries again."""
    answers = {"": refused("Basic realm=x"), "Basic bWU6c2VjcmV0": RED}
    with ScriptedServer(lambda request: answers[request.headers.get("authorization", "")]) as server:
        camera = HttpCamera(_with_user(server.uri))
        assert _first(camera) == COLOURS["red"]
        answers["Basic bWU6c2VjcmV0"] = refused("Basic realm=x")
        with pytest.raises(UnavailableError, match="which it accepted before"):
            _first(camera)


def test_a_nonce_that_is_old() -> None:
    """A server that wants another nonce gets it, whether it says that the first one is old or not."""
    nonces = iter(["one", "two", "three"])
    current = [""]

    def respond(request: Request) -> bytes:
        if current[0] and f'nonce="{current[0]}"' in request.headers.get("authorization", ""):
            return RED
        current[0] = next(nonces)
        return refused(f'Digest realm="camera", nonce="{current[0]}", qop="auth"')

    with ScriptedServer(respond) as server:
        camera = HttpCamera(_with_user(server.uri))
        assert _first(camera) == COLOURS["red"]
        current[0] = "forgotten"
        assert _first(camera) == COLOURS["red"]
        assert len(server.requests) == 4


def test_logins_that_are_not_known() -> None:
    """The message names them."""
    with ScriptedServer(lambda request: refused("Negotiate", "NTLM")) as server:
        assert "a kind of login that is not known here (negotiate, ntlm)" in str(_failure(_with_user(server.uri)))


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_a_redirect_keeps_the_login(status: int) -> None:
    """On the same host, also on another port, the login goes to the new address, with a digest for that."""

    def respond(request: Request) -> bytes:
        return RED if _knows(request) else refused(DIGEST.format("MD5"))

    with ScriptedServer(respond) as other:
        with ScriptedServer(lambda request: redirect(f"{other.uri}stream?x=1", status)) as server:
            assert _first(HttpCamera(_with_user(server.uri))) == COLOURS["red"]
        with ScriptedServer(lambda request: redirect("/b") if request.target == "/" else respond(request)) as server:
            assert _first(HttpCamera(_with_user(server.uri))) == COLOURS["red"]
            assert [request.target for request in server.requests] == ["/", "/b", "/b"]


def test_a_redirect_to_another_host() -> None:
    """The password is not sent to it, and the message says so."""
    with ScriptedServer(lambda request: refused("Basic realm=x")) as other:
        elsewhere = other.uri.replace("127.0.0.1", "localhost")
        with ScriptedServer(lambda request: redirect(elsewhere)) as server:
            assert f"redirects to {elsewhere}, which asks for a login" in str(_failure(_with_user(server.uri)))
        assert [request.headers.get("authorization") for request in other.requests] == [None]


@pytest.mark.parametrize(
    ("location", "reason"),
    [
        ("/", "redirects more than 5 times"),
        ("rtsp://me:secret@host/", r"redirects to 'rtsp://\*\*\*@host/', which is not HTTP"),
        ("http://[", "which is not HTTP"),
        ("http://host:99999/", "which is not HTTP"),
        ("//", "redirects more than 5 times"),
        ("\x1b[2J\xff", "answers 302 Found|redirects more than 5 times"),
        ("x" * 9000, "redirects more than 5 times"),
    ],
)
def test_redirects_that_lead_nowhere(location: str, reason: str) -> None:
    """They end in one line."""
    answer = redirect(location).decode().encode("latin-1")
    with ScriptedServer(lambda request: answer) as server:
        failure = _failure(server.uri)
    assert isinstance(failure, UnavailableError)
    with pytest.raises(UnavailableError, match=reason):
        raise failure


def test_single_pictures(monkeypatch: pytest.MonkeyPatch) -> None:
    """A camera that answers with one picture is asked again, at the time that is asked for."""
    slept: list[float] = []
    monkeypatch.setattr(http_camera, "_LONGEST_WAIT_S", 0.01)
    colours = iter(["red", "green", "blue"])
    with ScriptedServer(lambda request: picture(encoded(plain(next(colours)), "JPEG"))) as server:
        camera = HttpCamera(server.uri, every_s=0.2)
        camera.open()
        seen = []
        while len(seen) < 3:
            pixels = camera.read()
            slept.append(0 if pixels is not None else 1)
            if pixels is not None:
                seen.append(pixels)
        camera.close()
        assert len(server.requests) == 3
    for pixels, name in zip(seen, ("red", "green", "blue"), strict=True):
        assert np.abs(pixels[0, 0].astype(int) - COLOURS[name]).max() <= 8
    assert sum(slept) >= 4


@pytest.mark.parametrize(
    ("answer", "reason"),
    [
        (picture(b"no picture"), "sends no picture that can be used: not an image of a known format"),
        (picture(b""), "sends no picture that can be used"),
        (picture(b"\xff\xd8\xff"), "sends no picture that can be used"),
        (
            b"HTTP/1.1 200 OK\r\nContent-Type: image/jpeg\r\nContent-Length: 9\r\n\r\nx",
            "sends no picture that can be used",
        ),
        (b"HTTP/1.1 204 No Content\r\n\r\n", "answers 204 No Content"),
        (b"HTTP/1.1 200 OK\r\nContent-Type: image/jpeg\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n", "interrupted"),
        (b"HTTP/1.1 200 OK\r\n" + b"A: b\r\n" * 200 + b"\r\n", "no answer: HTTPException"),
        (b"HTTP/1.1 200 OK\r\nA: " + b"b" * 70_000 + b"\r\n\r\n", "no answer: LineTooLong"),
        (b"HTTP/1.1 100 Continue\r\n\r\n" * 1000, "no answer"),
    ],
)
def test_answers_that_are_no_picture(answer: bytes, reason: str) -> None:
    """Each is one line, and the stream tries again."""
    with ScriptedServer(lambda request: answer) as server:
        failure = _failure(server.uri)
    assert isinstance(failure, UnavailableError)
    assert reason in str(failure)


@pytest.mark.parametrize(
    "content_type", ["", "Content-Type: application/octet-stream\r\n", "Content-Type: text/html\r\n"]
)
@pytest.mark.parametrize("stream", [False, True])
def test_what_is_sent_counts(content_type: str, stream: bool) -> None:
    """Some cameras name no type or a wrong one: the first bytes say what it is."""
    content = encoded(plain("red"), "PNG")
    if stream:
        content = b"--b\r\nContent-Type: image/png\r\nContent-Length: %d\r\n\r\n%b\r\n" % (len(content), content)
    with ScriptedServer(lambda request: f"HTTP/1.0 200 OK\r\n{content_type}\r\n".encode() + content) as server:
        assert _first(HttpCamera(server.uri)) == COLOURS["red"]


@pytest.fixture(scope="module")
def certificates(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """Certificates with their keys: one for 127.0.0.1, one for another name as cameras have it, and a stranger."""
    folder = tmp_path_factory.mktemp("certificates")
    address = ("-addext", "subjectAltName=IP:127.0.0.1")
    return {
        "named": make_certificate(folder, "named", subject="camera", extra=address),
        "camera": make_certificate(folder, "camera", subject="IPCam"),
        "other": make_certificate(folder, "other", subject="other", extra=address),
    }


def test_certificates(certificates: dict[str, Path]) -> None:
    """A self-signed certificate is refused without its file and trusted with it, whatever name it has."""
    for name in ("named", "camera"):
        with ScriptedServer(lambda request: RED, certificates[name]) as server:
            assert "its certificate is not trusted (self-signed certificate)" in str(_failure(server.uri)).replace(
                "self signed", "self-signed"
            )
            camera = HttpCamera(server.uri, ca_file=str(certificates[name]))
            assert _first(camera) == _first(camera) == COLOURS["red"]
            failure = str(_failure(_with_user(server.uri), ca_file=str(certificates["other"])))
            assert (
                f"its certificate is not trusted (neither it nor its authority is in {certificates['other']})"
                in failure
            )
            assert all("authorization" not in request.headers for request in server.requests)


def test_an_own_authority(certificates: dict[str, Path], tmp_path: Path) -> None:
    """A certificate of the authority in the file is trusted for its own name only."""
    authority = make_certificate(tmp_path, "authority", subject="home", extra=("-addext", "keyUsage=keyCertSign"))
    for name, host in (("good", "127.0.0.1"), ("bad", "10.9.8.7")):
        (tmp_path / "names").write_text(f"subjectAltName=IP:{host}")
        for words in (
            ["req", "-newkey", "rsa:2048", "-nodes", "-subj", "/CN=cam", "-keyout", f"{name}.key", "-out", "request"],
            ["x509", "-req", "-in", "request", "-CA", authority, "-days", "2", "-extfile", "names", "-out", name],
        ):
            extra = ["-CAcreateserial"] if words[0] == "x509" else []
            subprocess.run(["openssl", *words, *extra], cwd=tmp_path, check=True, capture_output=True)
        (tmp_path / f"{name}.pem").write_text((tmp_path / f"{name}.key").read_text() + (tmp_path / name).read_text())
    with ScriptedServer(lambda request: RED, tmp_path / "good.pem") as server:
        assert _first(HttpCamera(server.uri, ca_file=str(authority))) == COLOURS["red"]
    with ScriptedServer(lambda request: RED, tmp_path / "bad.pem") as server:
        assert "its certificate is not trusted" in str(_failure(server.uri, ca_file=str(authority)))


def test_a_redirect_does_not_give_up_encryption(certificates: dict[str, Path]) -> None:
    """From https to http the password is not sent; from http to https it is."""
    ca = str(certificates["named"])
    with ScriptedServer(lambda request: refused("Basic realm=x")) as plain_server:
        with ScriptedServer(lambda request: redirect(plain_server.uri), certificates["named"]) as server:
            assert "not encrypted; the password was not sent there" in str(_failure(_with_user(server.uri), ca_file=ca))
        assert all("authorization" not in request.headers for request in plain_server.requests)

    def respond(request: Request) -> bytes:
        return RED if "authorization" in request.headers else refused("Basic realm=x")

    with ScriptedServer(respond, certificates["named"]) as end, ScriptedServer(lambda _: redirect(end.uri)) as server:
        assert _first(HttpCamera(_with_user(server.uri), ca_file=ca)) == COLOURS["red"]


def _proxy(request: Request) -> bytes:
    if request.headers.get("proxy-authorization") != "Basic bWU6aGlkZGVu":
        return b"HTTP/1.1 407 No\r\n\r\n"
    return RED if request.target == "http://camera.test/a?b=1" else b"HTTP/1.1 502 Bad\r\n\r\n"


def test_a_proxy(monkeypatch: pytest.MonkeyPatch) -> None:
    """The proxy of the environment is used, and messages name it and the way without it."""
    with ScriptedServer(_proxy) as server:
        monkeypatch.setenv("http_proxy", f"http://me:hidden@127.0.0.1:{server.port}")
        assert _first(HttpCamera("http://camera.test/a?b=1")) == COLOURS["red"]
        assert "authorization" not in server.requests[0].headers
        failure = str(_failure("http://camera.test/gone"))
        assert f"the proxy http://***@127.0.0.1:{server.port} of http_proxy or the server answers 502" in failure
        assert failure.endswith("without the proxy: set no_proxy=camera.test")
        monkeypatch.setenv("http_proxy", f"127.0.0.1:{server.port}")
        assert "answers 407" in str(_failure("http://camera.test/a?b=1"))
    failure = str(_failure("http://camera.test/"))
    assert f"no answer through the proxy 127.0.0.1:{server.port} of http_proxy: Connection refused" in failure
    monkeypatch.setenv("http_proxy", "socks5://127.0.0.1:1")
    assert "socks5://127.0.0.1:1 of http_proxy is not an http:// address" in str(_failure("http://camera.test/"))
    monkeypatch.setenv("no_proxy", "127.0.0.1")
    with ScriptedServer(lambda request: RED) as server:
        assert _first(HttpCamera(server.uri)) == COLOURS["red"]


@pytest.mark.parametrize(
    ("answer", "reason"),
    [
        (b"HTTP/1.1 403 no\r\n\r\n", "the proxy answers 403"),
        (b"", "the proxy gave no answer"),
        (b"x" * 70_000, "the proxy gave no answer"),
        (b"\r\n\r\n", "the proxy answers "),
        (b"HTTP/1.1 200 ok\r\n\r\nno TLS", "TLS: "),
    ],
)
def test_a_tunnel_that_does_not_open(answer: bytes, reason: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """What a proxy answers to CONNECT is in the message."""
    with ScriptedServer(lambda request: answer) as server:
        monkeypatch.setenv("https_proxy", server.uri)
        failure = str(_failure("https://camera.test/"))
        assert server.requests[0][:2] == ("CONNECT", "camera.test:443")
    assert f"through the proxy {server.uri} of https_proxy: {reason}" in failure


class DrippingServer(ScriptedServer):
    """Sends ``start``, then a byte now and then, until :attr:`ended` is set."""

    def __init__(self, start: bytes) -> None:
        super().__init__(lambda request: b"")
        self._start, self.ended = start, threading.Event()

    def _answer(self, plain: socket.socket) -> None:
        with plain, contextlib.suppress(OSError):
            plain.sendall(self._start)
            while not self.ended.wait(0.02):
                plain.sendall(b"0")


@pytest.mark.parametrize(
    "start",
    [b"HTTP/1.1 2", b"HTTP/1.1 200 OK\r\nX: ", b"HTTP/1.1 200 OK\r\nContent-Type: image/jpeg\r\n\r\n\xff\xd8\xff"],
    ids=["status", "headers", "body"],
)
@pytest.mark.usefixtures("short_limit")
def test_answers_that_drip(start: bytes) -> None:
    """A byte now and then does not keep a request alive: it ends within its time limit."""
    with DrippingServer(start) as server:
        failure = _failure(server.uri)
        server.ended.set()
    assert "nothing in 0.5 s" in str(failure)
