"""What can be changed while a stream runs: whether it labels, whether frames are kept, and its score threshold."""

from __future__ import annotations


class StreamControls:
    """Plain values that any thread may read and set; the stream follows them with its next frame.

    ``watching`` is whether frames are labelled, ``capturing`` whether those that the model is unsure of are kept.
    ``given_threshold`` is the score threshold of the options, ``chosen_threshold`` one that was chosen later; None if
    there is none. ``recommended_threshold`` is that of the model; the stream sets it. All are 0 to 1.
    """

    def __init__(self, given_threshold: float | None = None) -> None:
        """Label frames and keep them, with the score threshold ``given_threshold``, None if none was given."""
        self.watching = self.capturing = True
        self.given_threshold = given_threshold
        self.chosen_threshold: float | None = None
        self.recommended_threshold = 0.0

    @property
    def threshold(self) -> float:
        """The score threshold that counts, 0 to 1: the chosen one, else the given one, else the recommended one."""
        if self.chosen_threshold is not None:
            return self.chosen_threshold
        return self.recommended_threshold if self.given_threshold is None else self.given_threshold
