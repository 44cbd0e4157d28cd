"""The public names of edge.sinks, and the sink in the docstring of its protocol."""

from __future__ import annotations

from pathlib import Path

import pytest

import edge.sinks
from edge.live.fanout import Fanout
from edge.sinks.protocol import ObservationSink
from edge.statistics import StreamStatistics
from edge.types import Observation
from support.docstring_example import run_example
from support.observed import observe


def test_public_names() -> None:
    """Every name in ``__all__`` can be imported, and no other."""
    assert edge.sinks.__all__ == ["ObservationSink", "SinkClosed"]
    assert all(getattr(edge.sinks, name) is not None for name in edge.sinks.__all__)
    with pytest.raises(AttributeError, match=r"module 'edge\.sinks' has no attribute 'MqttSink'"):
        edge.sinks.MqttSink  # noqa: B018


def test_the_sink_of_the_docstring(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A stream gives it observations as it does any other sink; it writes one line for each change."""
    monkeypatch.chdir(tmp_path)
    sink = run_example(ObservationSink, {"Observation": Observation})["LogFile"]()
    messages: list[str] = []
    fanout = Fanout([sink], StreamStatistics(), messages.append)
    fanout.start()
    for sequence, label in enumerate(("daisy", "daisy", "roses")):
        fanout.write(observe(sequence * 30, label=label))
    fanout.close()
    lines = (tmp_path / "labels.txt").read_text().splitlines()
    assert lines == ["1800000000.123 daisy 0.90", "1800000002.123 roses 0.90"]
    assert messages == []
