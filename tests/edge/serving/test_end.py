"""The end of a server: accepted requests are answered, new ones refused, and it takes a bounded time."""

from __future__ import annotations

import http.client
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from edge.serving.serve import LabelServer
from support.label_server import INT8, Blocked, photo, serving
from support.paths import PACKAGES, python_path
from support.ports import free_port
from support.waiting import TIMEOUT_S, wait_for


def _refused(port: int) -> bool:
    try:
        socket.create_connection(("127.0.0.1", port)).close()
    except ConnectionRefusedError:
        return True
    except ConnectionResetError:  # the listener was closed in this moment
        pass
    return False


def test_accepted_requests_are_answered(blocked: Blocked) -> None:
    """While one is in work, an open connection gets 503, no new one is taken, and then the answer comes."""
    with serving([INT8]) as client, ThreadPoolExecutor(2) as threads:
        open_one = http.client.HTTPConnection("127.0.0.1", client.port, timeout=TIMEOUT_S)
        open_one.request("GET", "/health")
        assert open_one.getresponse().read() == b'{"state": "ready"}'
        accepted = threads.submit(client.label, photo("red"))
        wait_for(lambda: client.server.pool.held == 1)
        ended = threads.submit(client.server.end, float(TIMEOUT_S))
        wait_for(lambda: _refused(client.port))
        open_one.request("POST", "/label", photo("red"), {"Content-Type": "image/png"})
        refused = open_one.getresponse()
        assert (refused.status, refused.headers["Retry-After"]) == (503, "5")
        assert refused.headers["Connection"] == "close"
        assert refused.read() == b'{"error": "this server is ending; send this again later"}'
        assert not ended.done()
        blocked.go()
        assert accepted.result().json["labels"][0] == "red"
        assert ended.result() is True
        open_one.close()


def test_the_end_is_bounded(blocked: Blocked, capfd: pytest.CaptureFixture[str]) -> None:
    """Pictures that never end do not hold the server: they and those that wait for them get 503, in silence."""
    with serving([INT8]) as client, ThreadPoolExecutor(5) as threads:
        accepted = [threads.submit(client.label, photo("red")) for _ in range(5)]
        wait_for(lambda: client.server.pool.held == 5)
        assert client.server.end(0.1) is False
        answers = [one.result() for one in accepted]
        assert {(one.status, one.headers["Retry-After"]) for one in answers} == {(503, "5")}
        assert answers[0].json == {"error": "this server is ending; send this again later"}
        assert _refused(client.port)
        blocked.go()
    assert capfd.readouterr().err == ""


def test_a_body_that_comes_after_the_end(capfd: pytest.CaptureFixture[str]) -> None:
    """A picture that the pool does not take any more gets 503, in silence."""
    with serving([INT8]) as client:
        client.server.pool.close()
        answer = client.label(photo("red"))
        assert (answer.status, answer.headers["Retry-After"]) == (503, "5")
    assert capfd.readouterr().err == ""


@pytest.fixture
def child(tmp_path: Path) -> Iterator[tuple[subprocess.Popen[str], int]]:
    """An ``edge serve`` in a process of its own, and its port."""
    port = free_port()
    model = tmp_path / "colours.tflite"
    model.write_bytes(INT8.read_bytes())
    command = [sys.executable, "-m", "edge", "serve", str(port), "--model", str(model)]
    environment = {"PYTHONPATH": python_path(PACKAGES)}
    with subprocess.Popen(command, stderr=subprocess.PIPE, text=True, env=environment) as process:
        assert process.stderr is not None
        assert process.stderr.readline() == f"edge: serving colours at http://127.0.0.1:{port}/\n"
        yield process, port
        process.kill()


@pytest.mark.parametrize(("number", "code"), [(signal.SIGTERM, 0), (signal.SIGINT, 130)])
def test_signals_drain(child: tuple[subprocess.Popen[str], int], number: signal.Signals, code: int) -> None:
    """A request whose body is still coming when the signal comes is answered; then the process ends."""
    process, port = child
    body = photo("green")
    with socket.create_connection(("127.0.0.1", port), TIMEOUT_S) as one:
        one.sendall(
            b"POST /label HTTP/1.1\r\nHost: localhost\r\nContent-Type: image/png\r\nExpect: 100-continue\r\n"
            b"Content-Length: %d\r\n\r\n" % len(body)
        )
        assert one.recv(100).startswith(b"HTTP/1.1 100")  # the request was accepted
        process.send_signal(number)
        wait_for(lambda: _refused(port))
        one.sendall(body)
        answer = http.client.HTTPResponse(one)
        answer.begin()
        assert (answer.status, answer.headers["Connection"]) == (200, "close")
        assert b'"labels": ["green"' in answer.read()
    assert process.wait(TIMEOUT_S) == code
    assert process.stderr is not None and process.stderr.read() == ""


def test_hangup_reads_the_model_again(child: tuple[subprocess.Popen[str], int]) -> None:
    """SIGHUP prints what came of it, and the server goes on."""
    process, _ = child
    assert process.stderr is not None
    process.send_signal(signal.SIGHUP)
    assert process.stderr.readline() == "edge: the model file is unchanged; the model stays\n"
    process.send_signal(signal.SIGTERM)
    assert process.wait(TIMEOUT_S) == 0


def test_an_address_in_use(capsys: pytest.CaptureFixture[str]) -> None:
    """A second server on the same port ends with one line before it loads a model."""
    from edge import cli

    with serving([INT8]) as client:
        assert isinstance(client.server, LabelServer)
        assert cli.main(["serve", str(client.port), "--model", str(INT8)]) == 69
    assert "is used by another program; choose another with [HOST:]PORT" in capsys.readouterr().err
