"""The certificates of cameras, with real servers on loopback."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from edge.sources.http_camera import HttpCamera
from support.colours import COLOURS
from support.http_cameras import RED, failure_of, first_colour, with_user
from support.scripted_server import Request, ScriptedServer, make_certificate, redirect, refused


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
            assert "its certificate is not trusted (self-signed certificate)" in str(failure_of(server.uri)).replace(
                "self signed", "self-signed"
            )
            camera = HttpCamera(server.uri, ca_file=str(certificates[name]))
            assert first_colour(camera) == first_colour(camera) == COLOURS["red"]
            failure = str(failure_of(with_user(server.uri), ca_file=str(certificates["other"])))
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
        assert first_colour(HttpCamera(server.uri, ca_file=str(authority))) == COLOURS["red"]
    with ScriptedServer(lambda request: RED, tmp_path / "bad.pem") as server:
        assert "its certificate is not trusted" in str(failure_of(server.uri, ca_file=str(authority)))


def test_a_redirect_does_not_give_up_encryption(certificates: dict[str, Path]) -> None:
    """From https to http the password is not sent; from http to https it is."""
    ca = str(certificates["named"])
    with ScriptedServer(lambda request: refused("Basic realm=x")) as plain_server:
        with ScriptedServer(lambda request: redirect(plain_server.uri), certificates["named"]) as server:
            failure = str(failure_of(with_user(server.uri), ca_file=ca))
        assert "not encrypted; the password was not sent there" in failure
        assert all("authorization" not in request.headers for request in plain_server.requests)

    def respond(request: Request) -> bytes:
        return RED if "authorization" in request.headers else refused("Basic realm=x")

    with ScriptedServer(respond, certificates["named"]) as end, ScriptedServer(lambda _: redirect(end.uri)) as server:
        assert first_colour(HttpCamera(with_user(server.uri), ca_file=ca)) == COLOURS["red"]
