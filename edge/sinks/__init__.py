"""Where the labels of a stream go: terminal, JSON lines, web page, MQTT, Prometheus, photos.

A sink of your own is any class with the attribute and methods of :class:`ObservationSink`.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from edge.sinks.protocol import ObservationSink, SinkClosed

__all__ = ["ObservationSink", "SinkClosed"]

_MODULES = {
    "ObservationSink": "edge.sinks.protocol",
    "SinkClosed": "edge.sinks.protocol",
}


def __getattr__(name: str) -> object:
    """Import what ``__all__`` names when it is first used: most starts need few of these modules."""
    if name not in _MODULES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(importlib.import_module(_MODULES[name]), name)
