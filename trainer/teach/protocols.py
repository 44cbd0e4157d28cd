"""What a session needs of the stream and of the models of the device, if there are any."""

from __future__ import annotations

from typing import Protocol

from trainer.teach.state import ModelState, Recording


class FrameRecorder(Protocol):
    """Records the frames of a stream: :class:`trainer.teach.stream.recorder.Recorder`."""

    @property
    def recording(self) -> Recording | None:
        """What is being recorded."""

    def record(self, label: str, hold: str) -> None:
        """Start to record for ``label``, or go on with it, for a second."""

    def stop(self, hold: str) -> None:
        """Stop the recording ``hold``; another one goes on."""


class Handover(Protocol):
    """Makes a model file of the photos and hands it over: :class:`trainer.teach.handover.ModelHandover`."""

    @property
    def state(self) -> ModelState:
        """What became of the model."""

    def save(self) -> None:
        """Start to make, install and activate a model, on a thread of its own."""

    def back(self) -> None:
        """Go back to the model before."""
