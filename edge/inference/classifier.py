"""The classifier: a model file and an interpreter that together label pictures."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from edge.inference.delegate import DelegateChoice
from edge.inference.interpreter import ImageInterpreter
from edge.modelfile.model_file import ModelFile
from edge.modelfile.normalization import PerChannel
from edge.preprocess import ImageSource, preprocess
from edge.types import Category, Classification

TOP_K = 5
"""How many categories a picture gets by default."""

SCORE_THRESHOLD = 0.0
"""Categories below this score are left out by default: none."""


class GatedScores(NamedTuple):
    """The score of every label, (labels,) float32, and the answer of the model's gate.

    ``familiarity`` is by how much the picture is more familiar to the gate than it asks; None if it was not asked.
    """

    scores: npt.NDArray[np.float32]
    familiarity: float | None

    @property
    def rejected(self) -> bool | None:
        """Whether the gate decides that the picture is like no class; None if the gate was not asked."""
        return None if self.familiarity is None else self.familiarity < 0


class Classifier:
    """Labels pictures: ``Classifier.load("flowers.tflite").classify("rose.jpg").label``.

    One thread may use one instance; give each thread its own, made from the same :class:`ModelFile`.
    """

    def __init__(
        self,
        model: ModelFile,
        *,
        threads: int = 1,
        runtime: str | None = None,
        reject: bool = False,
        delegate: DelegateChoice | None = None,
    ) -> None:
        """Load a checked ``model``; ``threads`` and ``runtime`` are those of :class:`ImageInterpreter`.

        With ``reject``, the model's gate decides of each picture whether it is like no class. A ``delegate`` is tried
        in another process before it is loaded into this one (:func:`edge.inference.delegate_trial.try_delegate`);
        ``delegate_parts`` is what the trial says.

        Raises :class:`~edge.errors.ConfigurationError` if the model has no gate and ``reject`` is given, or if the
        delegate cannot be used, and what :class:`ImageInterpreter` raises.
        """
        self.model = model
        self.delegate = delegate
        gate = None
        self._margin: Callable[[npt.NDArray[Any], npt.NDArray[np.float32]], float] | None = None
        if reject:
            from edge.inference.gate import load_gate  # most users have none, and a cold start is sooner without

            gate = load_gate(model)
        self.delegate_parts: int | None = None
        if delegate is not None:
            from edge.inference.delegate_trial import try_with_model  # it starts a process: few users have a delegate

            self.delegate_parts = try_with_model(delegate, model, runtime=runtime, reject=reject)
        self._interpreter = ImageInterpreter(
            model, threads=threads, runtime=runtime, with_bottleneck=reject, delegate=delegate
        )
        if gate is not None and self._interpreter.bottleneck is not None:
            from edge.inference.margin import margin_of_one

            self._margin = margin_of_one(gate, self._interpreter.bottleneck, model.unknown_index)

    @classmethod
    def load(
        cls,
        path: str | Path,
        *,
        labels: str | Path | None = None,
        threads: int = 1,
        runtime: str | None = None,
        reject: bool = False,
        delegate: DelegateChoice | None = None,
        mean: PerChannel | None = None,
        std: PerChannel | None = None,
        input_range: tuple[float, float] | None = None,
    ) -> Classifier:
        """The classifier in the model file at ``path``.

        ``labels``, ``mean``, ``std`` and ``input_range`` are those of :meth:`ModelFile.load`, for a model of another
        project. ``threads`` is the number of CPU threads for one inference, ``runtime`` one of
        :data:`edge.inference.interpreter.RUNTIMES`; ``reject`` asks its gate too; ``delegate`` takes over operators.

        Raises :class:`~edge.errors.ModelError`, :class:`~edge.errors.ConfigurationError` and
        :class:`~edge.errors.UsageError`.
        """
        model = ModelFile.load(path, labels, mean=mean, std=std, input_range=input_range)
        return cls(model, threads=threads, runtime=runtime, reject=reject, delegate=delegate)

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

        Raises :class:`~edge.errors.ImageError` if the picture cannot be decoded.
        """
        return self._interpreter.scores(preprocess(image, self.model.input_size))

    def gated_scores(self, image: ImageSource) -> GatedScores:
        """The scores of ``image``, and whether the gate rejects it.

        Raises :class:`~edge.errors.ImageError` if the picture cannot be decoded.
        """
        if self._margin is None:
            return GatedScores(self.scores(image), None)
        scores = self.scores(image)
        return GatedScores(scores, self._margin(self._interpreter.read_bottleneck(), scores))

    def classify(
        self, image: ImageSource, *, top_k: int = TOP_K, score_threshold: float = SCORE_THRESHOLD
    ) -> Classification:
        """The ``top_k`` best categories of ``image`` whose score is at least ``score_threshold``.

        ``image`` is anything :func:`edge.preprocess.preprocess` takes: a path, bytes, a Pillow image, or an
        array (height, width, 3), uint8, RGB. Equal scores are ordered as the labels are.

        Raises :class:`~edge.errors.ImageError` if the picture cannot be decoded.
        """
        started = time.perf_counter()
        gated = self.gated_scores(image)
        latency_ms = (time.perf_counter() - started) * 1000
        order = np.argsort(-gated.scores, kind="stable")[:top_k]
        best = zip(order.tolist(), gated.scores[order].tolist(), strict=True)
        chosen = tuple(Category(i, self.labels[i], score) for i, score in best if score >= score_threshold)
        return Classification(chosen, latency_ms, gated.rejected, gated.familiarity)
