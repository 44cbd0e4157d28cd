"""Logins of cameras over HTTP, with real servers on loopback."""

from __future__ import annotations

import shutil
import subprocess
from functools import partial
from pathlib import Path

import pytest

from edge.errors import ConfigurationError, UnavailableError
from edge.sources.http_camera import HttpCamera
from support.colours import COLOURS, encoded, plain
from support.digests import DIGEST, knows
from support.http_cameras import RED, failure_of, first_colour, with_user
from support.ports import free_port
from support.scripted_server import Request, ScriptedServer, refused
from support.waiting import wait_for


@pytest.mark.parametrize("algorithm", ["MD5", "MD5-sess", "SHA-256", "SHA-256-sess"])
def test_a_digest(algorithm: str) -> None:
    """Each algorithm opens the camera; later requests answer the same challenge without being asked."""

    def respond(request: Request) -> bytes:
        return RED if knows(request, algorithm) else refused("Basic realm=x", DIGEST.format(algorithm))

    with ScriptedServer(respond) as server:
        camera = HttpCamera(with_user(server.uri) + "a%20b?x=1,2")
        assert first_colour(camera) == first_colour(camera) == COLOURS["red"]
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
            assert first_colour(HttpCamera(with_user(address))) == COLOURS["red"]
            assert "refuses the user or the password" in str(failure_of(with_user(address, "me:secrets")))
    finally:
        process.terminate()
        process.wait()


def _asks_for_login(address: str) -> bool:
    return "401" in str(failure_of(address))


def test_a_refused_password() -> None:
    """It is called that, and not tried again: many cameras lock a user out after a few attempts."""
    with ScriptedServer(lambda request: refused(DIGEST.format("MD5"))) as server:
        failure = failure_of(with_user(server.uri))
        assert len(server.requests) == 2
    assert isinstance(failure, ConfigurationError)
    assert f"http://***@127.0.0.1:{server.port}/: the server refuses the user or the password (401)" in str(failure)


def test_a_password_that_worked_before() -> None:
    """A camera that starts again may not know its users yet: the stream tries again."""
    answers = {"": refused("Basic realm=x"), "Basic bWU6c2VjcmV0": RED}
    with ScriptedServer(lambda request: answers[request.headers.get("authorization", "")]) as server:
        camera = HttpCamera(with_user(server.uri))
        assert first_colour(camera) == COLOURS["red"]
        answers["Basic bWU6c2VjcmV0"] = refused("Basic realm=x")
        with pytest.raises(UnavailableError, match="which it accepted before"):
            first_colour(camera)


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
        camera = HttpCamera(with_user(server.uri))
        assert first_colour(camera) == COLOURS["red"]
        current[0] = "forgotten"
        assert first_colour(camera) == COLOURS["red"]
        assert len(server.requests) == 4


def test_logins_that_are_not_known() -> None:
    """The message names them."""
    with ScriptedServer(lambda request: refused("Negotiate", "NTLM")) as server:
        assert "a kind of login that is not known here (negotiate, ntlm)" in str(failure_of(with_user(server.uri)))
