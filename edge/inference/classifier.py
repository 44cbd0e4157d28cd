"""The classifier: a model file and an interpreter that together name pictures."""

from __future__ import annotations

import time
from pathlib import Path
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from edge.inference.gate import load_gate
from edge.inference.interpreter import ImageInterpreter
from edge.modelfile.model_file import ModelFile
from edge.preprocess import ImageSource, preprocess
from edge.types import Category, Classification

TOP_K = 5
"""How many categories a picture gets unless told otherwise."""

SCORE_THRESHOLD = 0.0
"""Categories below this score are left out unless told otherwise: none are."""


class Judgement(NamedTuple):
    """The score of every label, (labels,) float32, and whether the model's gate takes the picture for a stranger.

    ``rejected`` is None where the classifier was not asked to reject.
    """

    scores: npt.NDArray[np.float32]
    rejected: bool | None


class Classifier:
    """Names pictures: ``Classifier.load("flowers.tflite").classify("rose.jpg").best.label``.

    One instance serves one thread; give each thread its own, made from the same :class:`ModelFile`.
    """

    def __init__(self, model: ModelFile, threads: int = 1, runtime: str | None = None, reject: bool = False) -> None:
        """Take a checked ``model``; ``threads`` and ``runtime`` are those of :class:`ImageInterpreter`.

        With ``reject``, :meth:`classify` says of each picture whether the model's gate takes it for a stranger.

        Raises :class:`~edge.errors.ConfigurationError` where the model has no gate to ``reject`` with.
        """
        self.model = model
        self._gate = load_gate(model) if reject else None
        self._interpreter = ImageInterpreter(model, threads, runtime, with_bottleneck=reject)

    @classmethod
    def load(
        cls,
        path: str | Path,
        *,
        labels: str | Path | None = None,
        threads: int = 1,
        runtime: str | None = None,
        reject: bool = False,
    ) -> Classifier:
        """The classifier in the model file at ``path``.

        ``labels`` names a label file for a model that carries none, ``threads`` is the number of CPU threads
        for one inference, ``runtime`` one of :data:`edge.inference.interpreter.RUNTIMES`; ``reject`` asks its gate too.

        Raises :class:`~edge.errors.ModelError` and :class:`~edge.errors.ConfigurationError`.
        """
        return cls(ModelFile.load(path, labels), threads, runtime, reject)

    @property
    def runtime(self) -> str:
        """The name of the runtime in use, a key of :data:`edge.inference.interpreter.RUNTIMES`."""
        return self._interpreter.runtime

    @property
    def labels(self) -> tuple[str, ...]:
        """The labels, in the order of the model's outputs."""
        return self.model.labels

    def scores(self, image: ImageSource) -> npt.NDArray[np.float32]:
        """The score of every label for ``image``: shape (labels,), float32, in the order of the labels.

        Raises :class:`~edge.errors.ImageError` where the picture cannot be decoded.
        """
        return self._interpreter.scores(preprocess(image, self.model.input_size))

    def judge(self, image: ImageSource) -> Judgement:
        """The scores of ``image``, and whether it is rejected.

        Raises :class:`~edge.errors.ImageError` where the picture cannot be decoded.
        """
        if self._gate is None:
            return Judgement(self.scores(image), None)
        scores, bottleneck = self._interpreter.look(preprocess(image, self.model.input_size))
        return Judgement(scores, self._gate.rejects(bottleneck, scores))

    def classify(
        self, image: ImageSource, top_k: int = TOP_K, score_threshold: float = SCORE_THRESHOLD
    ) -> Classification:
        """The ``top_k`` best categories of ``image`` whose score is at least ``score_threshold``.

        ``image`` is anything :func:`edge.preprocess.preprocess` takes: a path, bytes, a Pillow image, or an
        array (height, width, 3), uint8, RGB. Equal scores are ordered as the labels are.

        Raises :class:`~edge.errors.ImageError` where the picture cannot be decoded.
        """
        started = time.perf_counter()
        scores, rejected = self.judge(image)
        latency_ms = (time.perf_counter() - started) * 1000
        order = np.argsort(-scores, kind="stable")[:top_k]
        categories = (Category(int(i), self.labels[i], float(scores[i])) for i in order)
        return Classification(tuple(c for c in categories if c.score >= score_threshold), latency_ms, rejected)
