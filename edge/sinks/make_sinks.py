"""From options to sinks: which sinks a stream gets."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from edge.errors import UsageError
from edge.sinks.extra import needs_extra
from edge.sinks.web.access import WEB_TOKEN_VARIABLE

if TYPE_CHECKING:
    from edge.controls import StreamControls
    from edge.sinks.capture.sink import CaptureSink
    from edge.sinks.mqtt.extras import Extras
    from edge.sinks.mqtt.updates import ModelUpdates
    from edge.sinks.protocol import ObservationSink
    from edge.statistics import StreamStatistics

Address = tuple[str, int]
"""A host name or address, and a port."""

CAPTURE_LIMIT_MB = 1000
"""The largest size of the folder of captured frames, in MB (1,000,000 bytes), if no other is given."""

_STDOUT = 1
_NEEDS = {
    **{"web_token": "web", "web_frame_ancestor": "web"},
    **{"mqtt_password_file": "mqtt", "mqtt_ca": "mqtt", "mqtt_pictures": "mqtt"},
    "capture_limit_mb": "capture",
}


class SinkOptions(NamedTuple):
    """The sinks of a stream. The fields are the options of ``edge watch``; None means that the option was not given."""

    json: bool = False
    web: Address | None = None
    web_token: str | None = None
    web_frame_ancestor: tuple[str, ...] | None = None
    mqtt: str | None = None
    mqtt_password_file: Path | None = None
    mqtt_ca: Path | None = None
    mqtt_pictures: float | None = None
    prometheus: Address | None = None
    capture: Path | None = None
    capture_limit_mb: int | None = None


def make_sinks(
    options: SinkOptions,
    statistics: StreamStatistics,
    write_message: Callable[[str], None],
    *,
    controls: StreamControls | None = None,
    updates: ModelUpdates | None = None,
) -> list[ObservationSink]:
    """The sinks that ``options`` ask for, not opened yet; the first one writes to stdout.

    The sinks show the counts of ``statistics``; ``write_message`` gets messages about their connections. Through MQTT
    ``controls`` and the models of ``updates`` can be changed; None if there are none.

    Raises :class:`~edge.errors.UsageError` if options contradict each other, and
    :class:`~edge.errors.ConfigurationError` if an extra, a password or a certificate is missing.
    """
    for option, needed in _NEEDS.items():
        if getattr(options, option) is not None and getattr(options, needed) is None:
            raise UsageError(f"--{option.replace('_', '-')} has no effect without --{needed}; give both or neither")
    sinks: list[ObservationSink] = [_stdout_sink(options, statistics)]
    if options.web is not None:
        sinks.append(_web_sink(options.web, options, statistics))
    capture = _capture_sink(options.capture, options, controls) if options.capture is not None else None
    if options.mqtt is not None:
        from edge.sinks.mqtt.extras import Extras

        extras = Extras(controls, capture.keep if capture else None, updates, options.mqtt_pictures)
        sinks.append(_mqtt_sink(options.mqtt, options, statistics, write_message, extras))
    if options.prometheus is not None:
        from edge.sinks.prometheus import PrometheusSink

        with needs_extra("prometheus"):
            sinks.append(PrometheusSink(*options.prometheus, statistics))
    return [*sinks, capture] if capture else sinks


def _stdout_sink(options: SinkOptions, statistics: StreamStatistics) -> ObservationSink:
    from edge.sinks.json_lines import JsonLinesSink
    from edge.sinks.terminal import TerminalSink

    return JsonLinesSink(_STDOUT) if options.json else TerminalSink(_STDOUT, statistics)


def _web_sink(address: Address, options: SinkOptions, statistics: StreamStatistics) -> ObservationSink:
    from edge.sinks.web.sink import WebSink

    token = options.web_token or os.environ.get(WEB_TOKEN_VARIABLE) or None
    return WebSink(*address, statistics, token=token, framed_by=options.web_frame_ancestor or ())


def _capture_sink(folder: Path, options: SinkOptions, controls: StreamControls | None) -> CaptureSink:
    from edge.sinks.capture.sink import CaptureSink

    if folder.exists() and not folder.is_dir():
        raise UsageError(f"{folder}: is a file; --capture needs a folder")
    return CaptureSink(folder, (options.capture_limit_mb or CAPTURE_LIMIT_MB) * 1_000_000, controls=controls)


def _mqtt_sink(
    address: str,
    options: SinkOptions,
    statistics: StreamStatistics,
    write_message: Callable[[str], None],
    extras: Extras,
) -> ObservationSink:
    from edge.sinks.mqtt.broker import parse_broker, read_password

    broker = parse_broker(address)
    if options.mqtt_ca is not None and not broker.tls:
        raise UsageError("--mqtt-ca has no effect without TLS; write mqtts:// instead of mqtt://")
    password = read_password(options.mqtt_password_file)
    if password is not None and broker.user is None:
        raise UsageError("there is a password for the broker, but no user; write mqtt://USER@host/topic")
    with needs_extra("mqtt"):
        from edge.sinks.mqtt.sink import MqttSink

        return MqttSink(
            broker,
            statistics,
            password=password,
            ca=options.mqtt_ca,
            write_message=write_message,
            extras=extras,
        )
