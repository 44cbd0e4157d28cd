"""From command line options to sinks."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from edge.commands.sink_options import add_sink_options, address, sink_options
from edge.errors import ConfigurationError, UsageError
from edge.messages import print_message
from edge.sinks.make_sinks import make_sinks
from edge.sinks.protocol import ObservationSink
from edge.sinks.web.sink import WebSink
from edge.statistics import StreamStatistics


@pytest.fixture(autouse=True)
def _no_secrets(monkeypatch: pytest.MonkeyPatch) -> None:
    """No variable of the caller's shell reaches a test."""
    for name in ("EDGE_MQTT_PASSWORD", "EDGE_WEB_TOKEN"):
        monkeypatch.delenv(name, raising=False)


def make(*arguments: str) -> list[ObservationSink]:
    """The sinks for command line ``arguments``."""
    parser = argparse.ArgumentParser()
    add_sink_options(parser)
    return make_sinks(sink_options(parser.parse_args(arguments)), StreamStatistics(), print_message)


def test_by_default_the_terminal() -> None:
    """Without options there is one sink, the line in the terminal; with --json the lines for programs instead."""
    assert [sink.name for sink in make()] == ["terminal"]
    assert [sink.name for sink in make("--json")] == ["json"]


def test_all_sinks_together(tmp_path: Path) -> None:
    """Any number of sinks, each with a name of its own."""
    for module in ("starlette", "uvicorn", "paho.mqtt.client", "prometheus_client"):
        pytest.importorskip(module)
    sinks = make(
        *("--json", "--web", "8000", "--mqtt", "mqtt://host/topic"),
        *("--prometheus", "9100", "--capture", str(tmp_path / "new")),
    )
    assert [sink.name for sink in sinks] == ["json", "web", "mqtt", "prometheus", "capture"]
    assert not (tmp_path / "new").exists()


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("8000", ("127.0.0.1", 8000)),
        ("0.0.0.0:80", ("0.0.0.0", 80)),
        ("[::1]:65535", ("::1", 65535)),
        ("pi.local:1", ("pi.local", 1)),
        ("fe80::1%eth0:80", ("fe80::1%eth0", 80)),
    ],
)
def test_addresses(text: str, expected: tuple[str, int]) -> None:
    """A port alone means this machine only; another address must be written."""
    assert address(text) == expected


@pytest.mark.parametrize(
    "text", ["", "x", ":80", "0", "65536", "-1", "host:", "1.5", "host:٣", "::1", "[::1]", "1:2:80"]
)
def test_texts_that_are_not_addresses(text: str) -> None:
    """Each is refused on the command line."""
    with pytest.raises(argparse.ArgumentTypeError, match="is not an address; give a port, or host:port"):
        address(text)


@pytest.mark.parametrize("seconds", ["0", "0.9", "nan", "x"])
def test_pictures_that_would_come_too_often(seconds: str, capsys: pytest.CaptureFixture[str]) -> None:
    """Pictures for a broker come once a second at most; less is refused on the command line."""
    with pytest.raises(SystemExit):
        make("--mqtt", "mqtt://host/topic", "--mqtt-pictures", seconds)
    assert "argument --mqtt-pictures: " in capsys.readouterr().err


def test_the_token_of_the_page(monkeypatch: pytest.MonkeyPatch) -> None:
    """The page takes its token from the option or the variable."""
    for module in ("starlette", "uvicorn"):
        pytest.importorskip(module)
    made = [make("--web", "8000"), make("--web", "0.0.0.0:8000", "--web-token", "t1")]
    monkeypatch.setenv("EDGE_WEB_TOKEN", "t2")
    made.append(make("--web", "0.0.0.0:8000"))
    webs = [sinks[1] for sinks in made]
    assert all(isinstance(web, WebSink) for web in webs)
    assert [(web.url, web._token) for web in webs] == [
        ("http://127.0.0.1:8000/", None),
        ("http://0.0.0.0:8000/", "t1"),
        ("http://0.0.0.0:8000/", "t2"),
    ]


@pytest.mark.parametrize(
    ("arguments", "why"),
    [
        (["--web-token", "x"], "--web-token has no effect without --web"),
        (["--mqtt-password-file", "x"], "--mqtt-password-file has no effect without --mqtt"),
        (["--mqtt-ca", "x"], "--mqtt-ca has no effect without --mqtt"),
        (["--mqtt-pictures", "10"], "--mqtt-pictures has no effect without --mqtt"),
        (["--capture-limit-mb", "5"], "--capture-limit-mb has no effect without --capture"),
        (["--mqtt", "mqtt://host/topic", "--mqtt-ca", "x"], "write mqtts://"),
        (["--mqtt", "mqtt://me:secret@host/topic"], "must not hold a password"),
    ],
)
def test_options_that_contradict_each_other(arguments: list[str], why: str) -> None:
    """Each message says what is missing."""
    with pytest.raises(UsageError, match=why):
        make(*arguments)


def test_a_password_needs_a_user(monkeypatch: pytest.MonkeyPatch) -> None:
    """MQTT has no password without a user."""
    monkeypatch.setenv("EDGE_MQTT_PASSWORD", "secret")
    with pytest.raises(UsageError, match="mqtt://USER@host") as refusal:
        make("--mqtt", "mqtt://host/topic")
    assert "secret" not in str(refusal.value)


def test_capture_needs_a_folder(tmp_path: Path) -> None:
    """A file is refused before the stream starts."""
    (tmp_path / "file").touch()
    with pytest.raises(UsageError, match="--capture needs a folder"):
        make("--capture", str(tmp_path / "file"))


@pytest.mark.parametrize(
    ("arguments", "missing", "message"),
    [
        (["--mqtt", "mqtt://host/topic"], "paho", "--mqtt needs paho: pip install 'edge-for-poets[mqtt]'"),
        (
            ["--prometheus", "9100"],
            "prometheus_client",
            "--prometheus needs prometheus_client: pip install 'edge-for-poets[prometheus]'",
        ),
    ],
)
def test_a_missing_extra(arguments: list[str], missing: str, message: str, python: Callable[..., Any]) -> None:
    """If an extra is not installed, one line says how to install it."""
    program = f"""
import importlib.abc, sys
class Hidden(importlib.abc.MetaPathFinder):
    def find_spec(self, name, path, target=None):
        if name.split(".")[0] == {missing!r}:
            raise ModuleNotFoundError(f"No module named {{name!r}}", name={missing!r})
sys.meta_path.insert(0, Hidden())
import argparse
from edge.commands.sink_options import add_sink_options, sink_options
from edge.errors import ConfigurationError
from edge.sinks.make_sinks import make_sinks
from edge.statistics import StreamStatistics
parser = argparse.ArgumentParser()
add_sink_options(parser)
try:
    make_sinks(sink_options(parser.parse_args({arguments!r})), StreamStatistics(), print)
except ConfigurationError as error:
    print(error)
"""
    assert python("-c", program).stdout.strip() == message


def test_a_bug_in_this_package_is_not_a_missing_extra(monkeypatch: pytest.MonkeyPatch) -> None:
    """If a module of this package is missing, the message does not name an extra."""
    monkeypatch.setitem(sys.modules, "edge.sinks.mqtt.sink", None)
    with pytest.raises(ModuleNotFoundError, match=r"edge\.sinks\.mqtt"):
        make("--mqtt", "mqtt://host/topic")


def test_a_file_without_certificates(tmp_path: Path) -> None:
    """The file is refused before the stream starts."""
    pytest.importorskip("paho.mqtt.client")
    with pytest.raises(ConfigurationError, match="is not a file of certificates"):
        make("--mqtt", "mqtts://host/topic", "--mqtt-ca", str(tmp_path / "ca.pem"))
