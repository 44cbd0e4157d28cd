"""The web preview behind a real nginx with its defaults."""

from __future__ import annotations

import contextlib
import re
import shutil
import subprocess
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from edge.errors import ConfigurationError
from edge.sinks.web.sink import WebSink
from support.paths import REPOSITORY
from support.ports import free_port
from support.waiting import wait_for
from support.web_client import event, get, port_of, serving
from support.web_page import OpenPage, expect, wait_for_picture
from support.web_stream import Camera

servers = pytest.importorskip("benchmarks.device.hostile.nginx", reason="benchmarks/ is not on the path")


@pytest.fixture
def proxy(sink: WebSink, tmp_path: Path) -> Iterator[str]:
    """The address of an nginx in front of the sink."""
    try:
        with servers.nginx(tmp_path / "nginx", port_of(sink)) as address:
            yield address
    except ConfigurationError as error:
        pytest.skip(str(error))


def test_events_come_one_by_one(sink: WebSink, proxy: str) -> None:
    """Nginx passes the first events on before its buffer of 4 kB is full, and every other event too."""
    with urllib.request.urlopen(f"{proxy}events", timeout=20) as answer:
        first = answer.read1(1 << 20)
        assert first.startswith(b": edge watch\n\nevent: history\n") and len(first) < 2000
        camera = Camera()
        for sequence in range(3):
            sink.write(camera.observe("red"))
            event(answer, "now", lambda now, wanted=sequence: (now["observation"] or {}).get("sequence") == wanted)


def test_the_page(sink: WebSink, proxy: str, open_page: OpenPage) -> None:
    """The page waits, then shows each picture."""
    page = open_page(url=proxy)
    expect(page.locator("#state")).to_have_text("Waiting")
    camera = Camera()
    for sequence in range(3):
        sink.write(camera.observe("red"))
        wait_for_picture(page, sequence)
    expect(page.locator("#state")).to_have_text("Live")


def _guide(word: str) -> str:
    """The settings in the guide that have ``word``."""
    text = (REPOSITORY / "docs" / "watching.md").read_text("utf-8")
    blocks = re.findall(r"^```\w*\n(.*?)^```", text, re.DOTALL | re.MULTILINE)
    (block,) = [block for block in blocks if word in block]
    assert "127.0.0.1:8080" in block
    return block


@contextlib.contextmanager
def _nginx(folder: Path, port: int) -> Iterator[str]:
    settings = _guide("proxy_pass").replace(":8080/", f":{port}/")
    try:
        with servers.nginx(folder / "nginx", port, locations=settings) as address:
            yield address
    except ConfigurationError as error:
        pytest.skip(str(error))


@contextlib.contextmanager
def _caddy(folder: Path, port: int) -> Iterator[str]:
    program = shutil.which("caddy")
    if program is None:
        pytest.skip("this needs caddy: sudo apt install -y caddy")
    own = free_port()
    settings = _guide("reverse_proxy").replace(":8080", f":{port}")
    (folder / "Caddyfile").write_text(f"{{\n admin off\n}}\nhttp://127.0.0.1:{own} {{\n{settings}\n}}\n")
    command = [program, "run", "--adapter", "caddyfile", "--config", str(folder / "Caddyfile")]
    environment = {"HOME": str(folder), "XDG_DATA_HOME": str(folder), "XDG_CONFIG_HOME": str(folder)}
    with subprocess.Popen(command, env=environment, stderr=subprocess.DEVNULL) as process:
        try:
            wait_for(lambda: servers.accepts(own) or process.poll() is not None)
            assert process.poll() is None
            yield f"http://127.0.0.1:{own}/"
        finally:
            process.kill()  # its own end waits for every connection


@pytest.mark.parametrize("proxy_of", [_nginx, _caddy], ids=["nginx", "caddy"])
def test_a_path_of_the_proxy(
    sink: WebSink, tmp_path: Path, proxy_of: Callable[..., contextlib.AbstractContextManager[str]], open_page: OpenPage
) -> None:
    """With the settings of the guide the page works below a path: its parts, its events and both streams."""
    with proxy_of(tmp_path, port_of(sink)) as address:
        page = open_page(url=f"{address}camera/")
        sink.write(Camera().observe("red"))
        wait_for_picture(page, 0)
        expect(page.locator("#state")).to_have_text("Live")
        with urllib.request.urlopen(f"{address}camera", timeout=20) as answer:
            assert answer.url == f"{address}camera/"
        with urllib.request.urlopen(f"{address}camera/labelled.mjpg", timeout=20) as answer:
            assert answer.read1(1 << 20).startswith(b"--edge-watch-picture")


@pytest.mark.parametrize("proxy_of", [_nginx, _caddy], ids=["nginx", "caddy"])
def test_a_token_behind_a_path(tmp_path: Path, proxy_of: Callable[..., contextlib.AbstractContextManager[str]]) -> None:
    """The cookie is for the path alone, and opens the page."""
    with serving(token="s3cret") as sink, proxy_of(tmp_path, port_of(sink)) as address:
        with urllib.request.urlopen(f"{address}camera/?token=s3cret", timeout=20) as answer:
            cookie, path, *_ = answer.headers["Set-Cookie"].split("; ")
        assert path == "Path=/camera"
        asked = urllib.request.Request(f"{address}camera/observation.json", headers={"Cookie": cookie})
        with urllib.request.urlopen(asked, timeout=20) as answer:
            assert answer.status == 200
        assert get(sink, "/observation.json")[0] == 401
