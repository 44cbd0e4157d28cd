"""The model of a session's stream: the backbone's interpreter and the newest head."""

from __future__ import annotations

import hashlib
import json
import threading
from typing import NamedTuple

import numpy as np

from edge.inference.classifier import GatedScores
from edge.inference.interpreter import ImageInterpreter, dequantize
from edge.preprocess import ImageSource, preprocess
from edge.types import ModelCard
from trainer.bottlenecks.extractor import FeatureExtractor
from trainer.head.linear import Head, softmax
from trainer.teach.state import Learnt

NAME = "teaching"
"""The name of the model in a session, which has no file."""


class TaughtModel(NamedTuple):
    """The backbone's ``interpreter`` with one ``head``; without a head it has no labels, and every frame is unknown.

    Pixels become a bottleneck as :mod:`trainer.bottlenecks.compute` makes one of a photo, and the head is computed in
    floating point.
    """

    interpreter: ImageInterpreter
    extractor: FeatureExtractor
    card: ModelCard
    head: Head | None
    score_threshold: float

    @property
    def is_refit(self) -> bool:
        """True: it is the model before, which has learnt more."""
        return True

    def gated_scores(self, image: ImageSource) -> GatedScores:
        """The scores of ``image``, a picture or its pixels: (labels,), float32. There is no gate."""
        if self.head is None:
            return GatedScores(np.empty(0, np.float32), None)
        model = self.extractor.backbone.model
        raw = self.interpreter.raw_outputs(preprocess(image, model.input_size))
        logits = self.head.logits(dequantize(raw, model.output)[np.newaxis])
        return GatedScores(softmax(logits)[0].astype(np.float32), None)

    def messages(self) -> list[str]:
        """None: the page says what the model has learnt."""
        return []


class TaughtModels:
    """Gives a stream the newest head of a session: an :class:`edge.live.protocols.ModelSource`."""

    def __init__(self, extractor: FeatureExtractor, *, threads: int = 1) -> None:
        """Start without labels, with the backbone of ``extractor`` on ``threads`` CPU threads.

        Raises what :class:`~edge.inference.interpreter.ImageInterpreter` raises.
        """
        self._extractor, self._threads = extractor, threads
        self._interpreter = self.load(extractor)
        self._lock = threading.Lock()
        self._newest = self._model((), None, 0.0)
        self._taken = self._newest

    def publish(self, learnt: Learnt) -> None:
        """Label with ``learnt`` from the next frame on. Any thread may call it.

        The same labels with the same head and threshold are not another model.
        """
        labels = learnt.labels if learnt.head is not None else ()
        model = self._model(labels, learnt.head, learnt.score_threshold or 0.0)
        with self._lock:
            same = model.card.sha256 == self._newest.card.sha256
            if not same or model.score_threshold != self._newest.score_threshold:
                self._newest = model

    def load(self, extractor: FeatureExtractor) -> ImageInterpreter:
        """The interpreter of another backbone for :meth:`use`.

        Raises what :class:`~edge.inference.interpreter.ImageInterpreter` raises.
        """
        return ImageInterpreter(extractor.backbone.model, threads=self._threads, runtime=extractor.runtime)

    def use(self, extractor: FeatureExtractor, interpreter: ImageInterpreter) -> None:
        """Go on with the backbone of ``extractor`` on ``interpreter``, without labels until a head is published.

        No head of the backbone before may be published after that.
        """
        with self._lock:
            self._extractor, self._interpreter = extractor, interpreter
            self._newest = self._model((), None, 0.0)

    def load_first(self) -> TaughtModel:
        """The newest model."""
        with self._lock:
            self._taken = self._newest
            return self._taken

    def take(self) -> TaughtModel | None:
        """The newest model if it was not taken yet."""
        with self._lock:
            if self._newest is self._taken:
                return None
            self._taken = self._newest
            return self._taken

    def request(self) -> None:
        """Nothing to do: the newest head is used at all times."""

    def stop(self) -> None:
        """Nothing to do: there is no thread."""

    def _model(self, labels: tuple[str, ...], head: Head | None, score_threshold: float) -> TaughtModel:
        backbone = self._extractor.backbone
        digest = hashlib.sha256(json.dumps([backbone.model.sha256, labels]).encode())
        for values in head or ():
            digest.update(values.tobytes())
        card = ModelCard(
            name=NAME,
            sha256=digest.hexdigest(),
            labels=labels,
            size_bytes=backbone.model.size_bytes,
            input_size=backbone.model.input_size,
            runtime=self._interpreter.runtime,
            architecture=backbone.architecture.name,
            quantization=backbone.quantization,
        )
        return TaughtModel(self._interpreter, self._extractor, card, head, score_threshold)
