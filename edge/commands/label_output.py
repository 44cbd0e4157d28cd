"""The output of ``edge label``: lines for people, JSON lines for programs."""

from __future__ import annotations

import json
from typing import TextIO

from edge.inference.photo_json import describe_photo
from edge.printable import printable
from edge.types import LabelledPhoto


class TextWriter:
    """Writes ``daisy (score=0.99234)`` for each category, flushed photo by photo; one line if the photo is rejected."""

    def __init__(self, stream: TextIO, *, with_paths: bool) -> None:
        """Write to ``stream``; ``with_paths`` puts the photo's path above its lines."""
        self._stream = stream
        self._with_paths = with_paths

    def write(self, photo: LabelledPhoto) -> None:
        """Write one photo's categories; nothing for a skipped photo, which is a message on stderr."""
        if photo.classification is None:
            return
        if photo.classification.rejected:
            best = photo.classification.best
            lines = [
                photo.classification.label + (f" (best guess {best.label}, score={best.score:.5f})" if best else "")
            ]
        else:
            lines = [f"{c.label} (score={c.score:.5f})" for c in photo.classification.categories]
        if self._with_paths:
            lines = [str(photo.path), *(lines or ["(no score reaches the threshold)"]), ""]
        self._stream.write("".join(printable(line) + "\n" for line in lines))
        self._stream.flush()


class JsonLinesWriter:
    """Writes what :func:`edge.inference.photo_json.describe_photo` makes, one object a line, flushed line by line."""

    def __init__(self, stream: TextIO) -> None:
        """Write to ``stream``."""
        self._stream = stream

    def write(self, photo: LabelledPhoto) -> None:
        """Write one photo."""
        self._stream.write(json.dumps(describe_photo(photo)) + "\n")
        self._stream.flush()
