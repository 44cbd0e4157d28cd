"""Where the labels of a stream go: terminal, JSON lines, web page, MQTT, Prometheus, photos.

A sink of your own is any class with the attribute and methods of :class:`ObservationSink`.
"""

from edge.sinks.protocol import ObservationSink, SinkClosed

__all__ = ["ObservationSink", "SinkClosed"]
