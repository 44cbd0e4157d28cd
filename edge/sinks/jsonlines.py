"""Results for programs: one JSON object a line."""

from __future__ import annotations

import json
from typing import TextIO

from edge.types import UNKNOWN, LabelledPhoto


class JsonLinesSink:
    """Writes ``{"path", "labels", "scores", "latency_ms"}``, or ``{"path", "error"}``, flushed line by line.

    Where strangers are rejected, ``"label"`` is the answer, ``unknown`` for a stranger, and ``"rejected"`` says so.
    """

    def __init__(self, stream: TextIO) -> None:
        """Write to ``stream``."""
        self._stream = stream

    def write(self, photo: LabelledPhoto) -> None:
        """Write one photo; labels and scores are in the same order, best first."""
        record: dict[str, object] = {"path": str(photo.path)}
        if photo.classification is None:
            record["error"] = photo.error
        else:
            categories = photo.classification.categories
            record["labels"] = [category.label for category in categories]
            record["scores"] = [round(category.score, 6) for category in categories]
            if photo.classification.rejected is not None:
                best = photo.classification.best
                record["label"] = UNKNOWN if photo.classification.rejected or best is None else best.label
                record["rejected"] = photo.classification.rejected
            record["latency_ms"] = round(photo.classification.latency_ms, 3)
        self._stream.write(json.dumps(record) + "\n")
        self._stream.flush()
