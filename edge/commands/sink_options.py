"""The options that choose the sinks of a stream, for every command that has a stream."""

from __future__ import annotations

import argparse
import contextlib
import socket
from typing import Any

from edge.commands.arguments import count, seconds
from edge.errors import UsageError
from edge.local_path import local_path
from edge.sinks.make_sinks import CAPTURE_LIMIT_MB, SinkOptions
from edge.sinks.mqtt.broker import PASSWORD_VARIABLE
from edge.sinks.web.access import WEB_TOKEN_VARIABLE
from edge.sinks.web.framing import frame_ancestors

_LOOPBACK = "127.0.0.1"
_WEB = "serve a page with the live picture; without HOST only this machine can open it"


def add_sink_options(parser: argparse.ArgumentParser, *, web: str = _WEB) -> None:
    """Add the options that :func:`sink_options` reads; ``web`` is the text of ``--web``."""
    sinks = parser.add_argument_group(
        "where the labels go", "several at the same time are possible; default: one line in the terminal"
    )
    sinks.add_argument("--json", action="store_true", help="write one JSON object for each labelled frame to stdout")
    sinks.add_argument(
        "--web",
        type=address,
        metavar="[HOST:]PORT",
        help=web,
    )
    sinks.add_argument(
        "--web-token",
        metavar="TOKEN",
        help=f"the password of the page; needed if other machines can open it (default: ${WEB_TOKEN_VARIABLE})",
    )
    sinks.add_argument(
        "--mqtt",
        metavar="URL",
        help="publish to a broker, mqtt[s]://[user@]host[:port]/topic; Home Assistant finds the labels there",
    )
    sinks.add_argument(
        "--mqtt-password-file",
        type=local_path,
        metavar="FILE",
        help=f"a file whose first line is the user's password for the broker (default: ${PASSWORD_VARIABLE})",
    )
    sinks.add_argument(
        "--mqtt-ca",
        type=local_path,
        metavar="FILE",
        help="certificates (PEM) of the authority that signed the broker's, for mqtts:// (default: the system's)",
    )
    sinks.add_argument(
        "--mqtt-pictures",
        type=_picture_seconds,
        metavar="SECONDS",
        help="publish the last labelled frame too, at most once in this time, 1 or more (default: no pictures)",
    )
    sinks.add_argument(
        "--prometheus",
        type=address,
        metavar="[HOST:]PORT",
        help="serve counts at http://HOST:PORT/metrics; without HOST only this machine can read them",
    )
    sinks.add_argument(
        "--capture",
        type=local_path,
        metavar="DIR",
        help="keep the frames that the model was unsure of as photos in DIR",
    )
    sinks.add_argument(
        "--capture-limit-mb",
        type=count,
        metavar="N",
        help=f"the largest size of DIR in MB; at this size no more frames are kept (default {CAPTURE_LIMIT_MB})",
    )


def add_frame_option(parser: argparse.ArgumentParser) -> None:
    """Add ``--web-frame-ancestor``, for a page that changes nothing: another page could hide it below its own."""
    parser.add_argument(
        "--web-frame-ancestor",
        type=_origin,
        action="append",
        metavar="ORIGIN",
        help="a page of this origin, such as http://homeassistant.local:8123, may show the page of --web in a frame; "
        "give it again for more (default: none may)",
    )


def address(text: str) -> tuple[str, int]:
    """An argument ``PORT`` or ``HOST:PORT``; without a host it is 127.0.0.1, this machine only."""
    host, colon, port = text.rpartition(":")
    host = host.removeprefix("[").removesuffix("]") if colon else _LOOPBACK
    if not _may_be_host(host) or not port.isascii() or not port.isdecimal() or not 1 <= int(port) <= 65535:
        raise argparse.ArgumentTypeError(f"{text!r} is not an address; give a port, or host:port")
    return host, int(port)


def _may_be_host(host: str) -> bool:
    """Whether ``host`` is no IPv6 address, or a whole one: of ``::1`` without a port, ``:`` would be left."""
    if ":" not in host:
        return bool(host)
    with contextlib.suppress(OSError, ValueError):
        socket.inet_pton(socket.AF_INET6, host.partition("%")[0])  # behind % stands an interface
        return True
    return False


def sink_options(options: argparse.Namespace) -> SinkOptions:
    """The sinks that parsed ``options`` ask for; an option that the command does not have was not given."""
    given: dict[str, Any] = {name: getattr(options, name, None) for name in SinkOptions._fields}
    if given["web_frame_ancestor"] is not None:
        given["web_frame_ancestor"] = tuple(given["web_frame_ancestor"])
    return SinkOptions(**given)


def _picture_seconds(text: str) -> float:
    value = seconds(text)
    if value < 1:
        raise argparse.ArgumentTypeError(f"{text!r} is too often for pictures; give 1 or more seconds, such as 10")
    return value


def _origin(text: str) -> str:
    try:
        frame_ancestors((text,))
    except UsageError as error:
        raise argparse.ArgumentTypeError(str(error)) from None
    return text
