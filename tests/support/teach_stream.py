"""A teaching session with a camera, served on loopback: a real stream whose frames are painted."""

from __future__ import annotations

import contextlib
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import numpy as np

from edge.live.watch import Watch, WatchSettings
from edge.service.notify import Notifier
from edge.statistics import StreamStatistics
from edge.store.layout import Store
from edge.types import Frame, Observation
from support import tiny
from support.colours import encoded
from trainer.progress import Progress
from trainer.retraining.options import RetrainOptions
from trainer.teach.handover import ModelHandover
from trainer.teach.page_server import PageServer
from trainer.teach.session import Session
from trainer.teach.stream.recorder import Recorder
from trainer.teach.stream.taught_model import TaughtModels

EVERY_S = 0.05
"""The time between two frames, in seconds."""


class PaintedCamera:
    """Gives paintings in the colour that is ``shown``, each another one; None: the camera gives no frame."""

    def __init__(self) -> None:
        self.shown: str | None = "red"
        self._sequence = -1
        self._never = threading.Event()

    def newest(self, after: int = -1, timeout_s: float | None = None) -> Frame | None:
        """The next frame."""
        if self.shown is None:
            self._never.wait(timeout_s)
            return None
        self._sequence += 1
        pixels = np.asarray(tiny.paint(self.shown, self._sequence, (160, 120)))
        return Frame(pixels, time.monotonic(), self._sequence)

    def rest_until(self, due_s: float) -> None:
        """Each frame is made when it is taken."""


class TeachingStream(NamedTuple):
    """A served session, its camera, the address of its page, and the folder of its photos."""

    session: Session
    camera: PaintedCamera
    url: str
    folder: Path

    def add(self, label: str, count: int, first: int = 0, colour: str | None = None) -> None:
        """Add ``count`` painted photos, each of another scene, to the class ``label``."""
        self.session.add_class(label)
        for seed in range(first, first + count):
            content = encoded(tiny.paint(colour or label, 10_000 + seed), "PNG")
            self.session.add_photo(content, label, name=f"{label}{seed:03d}.png")


@contextlib.contextmanager
def teaching_stream(
    folder: Path, *, token: str | None = None, port: int = 0, store: Path | None = None
) -> Iterator[TeachingStream]:
    """Serve a session of ``folder`` with the tiny backbone; models are saved beside the folder, and in ``store``."""
    extractor = tiny.extractor(folder.parent / "cache")
    tiny.write_backbone(folder.parent / "cache")
    models, camera, statistics = TaughtModels(extractor), PaintedCamera(), StreamStatistics()
    page = PageServer(("127.0.0.1", port), token, statistics)
    session = Session(folder, extractor, publish=models.publish)
    session.handover = ModelHandover(
        RetrainOptions(
            folder=folder,
            output=folder.parent / "taught.tflite",
            bottleneck_dir=folder.parent / "cache",
            architecture=tiny.ARCHITECTURE,
            weights="random",
            final=True,
            unknown=None,
        ),
        announce=session.announce,
        store=None if store is None else Store(store),
        progress=Progress(),
    )
    recorder = session.recorder = Recorder(
        lambda jpeg, label, hold: session.add_photo(jpeg, label, hold=hold),
        announce=session.announce,
        write_message=session.message,
    )

    def write(observation: Observation) -> None:
        page.write(observation)
        recorder.write(observation)

    watch = Watch(
        WatchSettings(every_s=EVERY_S, region=None, smooth_s=0.0, score_threshold=0.0, limit=None, needed_labels=()),
        frames=camera,
        models=models,
        write=write,
        statistics=statistics,
        notifier=Notifier(),
        write_message=session.message,
    )
    stopping = threading.Event()
    stream = threading.Thread(target=watch.run, args=(stopping,), name="watch")
    page.serve(session)
    recorder.open()
    stream.start()
    try:
        yield TeachingStream(session, camera, page.url, folder)
    finally:
        stopping.set()
        stream.join()
        recorder.close()
        page.close()
        session.close()
