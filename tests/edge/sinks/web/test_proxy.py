"""The web preview behind a real nginx with its defaults."""

from __future__ import annotations

import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest

from edge.errors import ConfigurationError
from edge.sinks.web.sink import WebSink
from support.web_client import event, port_of
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
