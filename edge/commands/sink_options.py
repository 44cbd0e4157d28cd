"""The options that say where a stream's observations go, for every command that watches one."""

from __future__ import annotations

import argparse
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from edge.commands.arguments import count
from edge.errors import ConfigurationError, UsageError
from edge.statistics import StreamStatistics

if TYPE_CHECKING:
    from edge.sinks.protocol import ObservationSink

WEB_TOKEN_VARIABLE = "EDGE_WEB_TOKEN"
_LOOPBACK = "127.0.0.1"
_STDOUT = 1
_ONLY_WITH = {"web_token": "web", "mqtt_password_file": "mqtt", "mqtt_ca": "mqtt", "capture_limit_mb": "capture"}
_CAPTURE_LIMIT_MB = 1000


def add_sink_options(parser: argparse.ArgumentParser) -> None:
    """Add the options that :func:`make_sinks` reads."""
    sinks = parser.add_argument_group("where the labels go", "any of these at once; default: one line in the terminal")
    sinks.add_argument("--json", action="store_true", help="one JSON object a line, a line a frame, on stdout")
    sinks.add_argument("--web", type=address, metavar="[HOST:]PORT", help="a page with the live picture")
    sinks.add_argument(
        "--web-token",
        metavar="TOKEN",
        help=f"what the page asks for; needed where HOST is not this machine (default: ${WEB_TOKEN_VARIABLE})",
    )
    sinks.add_argument(
        "--mqtt",
        metavar="URL",
        help="publish to a broker, mqtt[s]://[user@]host[:port]/topic; Home Assistant finds it",
    )
    sinks.add_argument(
        "--mqtt-password-file",
        type=Path,
        metavar="FILE",
        help="the user's password, in the first line of this file (default: $EDGE_MQTT_PASSWORD)",
    )
    sinks.add_argument(
        "--mqtt-ca", type=Path, metavar="FILE", help="certificates (PEM) that vouch for the broker, with mqtts://"
    )
    sinks.add_argument("--prometheus", type=address, metavar="[HOST:]PORT", help="counts at http://HOST:PORT/metrics")
    sinks.add_argument("--capture", type=Path, metavar="DIR", help="keep the frames that the model was unsure of")
    sinks.add_argument(
        "--capture-limit-mb",
        type=count,
        metavar="N",
        help=f"how large DIR may become; then nothing more is kept (default {_CAPTURE_LIMIT_MB})",
    )


def address(text: str) -> tuple[str, int]:
    """An argument ``PORT`` or ``HOST:PORT``; without a host it is this machine's own, 127.0.0.1."""
    host, colon, port = text.rpartition(":")
    host = host.removeprefix("[").removesuffix("]") if colon else _LOOPBACK
    if not host or not port.isascii() or not port.isdecimal() or not 1 <= int(port) <= 65535:
        raise argparse.ArgumentTypeError(f"{text!r} is no address; give a port, or host:port")
    return host, int(port)


def make_sinks(options: argparse.Namespace, statistics: StreamStatistics) -> list[ObservationSink]:
    """The sinks that ``options`` ask for, not yet open.

    Raises :class:`~edge.errors.UsageError` where options contradict each other, and
    :class:`~edge.errors.ConfigurationError` where an extra, a password or a certificate is missing.
    """
    for option, needed in _ONLY_WITH.items():
        if getattr(options, option) is not None and getattr(options, needed) is None:
            raise UsageError(f"--{option.replace('_', '-')} says nothing without --{needed}")
    sinks: list[ObservationSink] = [_stdout(options, statistics)]
    if options.web is not None:
        sinks.append(_web(options, statistics))
    if options.mqtt is not None:
        sinks.append(_mqtt(options, statistics))
    if options.prometheus is not None:
        from edge.sinks.prometheus import PrometheusSink

        host, port = options.prometheus
        with _extra("prometheus"):
            sinks.append(PrometheusSink(host, port, statistics))
    if options.capture is not None:
        from edge.sinks.capture.sink import CaptureSink

        if options.capture.exists() and not options.capture.is_dir():
            raise UsageError(f"{options.capture}: is a file; --capture takes a folder")
        sinks.append(CaptureSink(options.capture, (options.capture_limit_mb or _CAPTURE_LIMIT_MB) * 1_000_000))
    return sinks


def _stdout(options: argparse.Namespace, statistics: StreamStatistics) -> ObservationSink:
    from edge.sinks.json_lines import JsonStreamSink
    from edge.sinks.terminal import TerminalSink

    return JsonStreamSink(_STDOUT) if options.json else TerminalSink(_STDOUT, statistics)


def _web(options: argparse.Namespace, statistics: StreamStatistics) -> ObservationSink:
    host, port = options.web
    token = options.web_token or os.environ.get(WEB_TOKEN_VARIABLE) or None
    with _extra("web"):
        from edge.sinks.web.sink import WebSink

        sink: ObservationSink = WebSink(host, port, token, statistics)
        return sink


def _mqtt(options: argparse.Namespace, statistics: StreamStatistics) -> ObservationSink:
    from edge.messages import tell
    from edge.sinks.mqtt.broker import parse_broker, read_password

    broker = parse_broker(options.mqtt)
    if options.mqtt_ca is not None and not broker.tls:
        raise UsageError("--mqtt-ca says nothing without TLS; write mqtts:// in place of mqtt://")
    password = read_password(options.mqtt_password_file)
    if password is not None and broker.user is None:
        raise UsageError("there is a password for the broker, but no user; write mqtt://USER@host/topic")
    with _extra("mqtt"):
        from edge.sinks.mqtt.sink import MqttSink

        return MqttSink(broker, password, options.mqtt_ca, statistics, tell)


@contextmanager
def _extra(name: str) -> Iterator[None]:
    """Say how to install the extra ``name`` where what it brings is missing."""
    try:
        yield
    except ModuleNotFoundError as error:
        if (error.name or "").split(".")[0] == "edge":
            raise
        raise ConfigurationError(f"--{name} needs {error.name}: pip install 'edge-for-poets[{name}]'") from None
