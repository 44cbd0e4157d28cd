"""Results for people: the codelab's lines."""

from __future__ import annotations

from typing import TextIO

from edge.types import UNKNOWN, LabelledPhoto


class TextSink:
    """Writes ``daisy (score=0.99234)`` for each category, flushed photo by photo; one line for a stranger."""

    def __init__(self, stream: TextIO, with_paths: bool) -> None:
        """Write to ``stream``; ``with_paths`` puts the photo's path above its lines, for more than one."""
        self._stream = stream
        self._with_paths = with_paths

    def write(self, photo: LabelledPhoto) -> None:
        """Write one photo's categories; a photo that was skipped has none and is left to stderr."""
        if photo.classification is None:
            return
        if photo.classification.rejected:
            best = photo.classification.best
            lines = [UNKNOWN + (f" (best guess {best.label}, score={best.score:.5f})" if best else "")]
        else:
            lines = [f"{c.label} (score={c.score:.5f})" for c in photo.classification.categories]
        if self._with_paths:
            lines = [str(photo.path), *(lines or ["(no score reaches the threshold)"]), ""]
        self._stream.write("".join(line + "\n" for line in lines))
        self._stream.flush()
