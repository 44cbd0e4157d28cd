"""The model of a stream: loaded, checked and self-tested before it labels a frame."""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

from edge.errors import ModelError
from edge.inference.classifier import Classifier, GatedScores
from edge.inference.self_test import require_self_test
from edge.modelfile.model_file import ModelFile
from edge.modelfile.normalization import PerChannel
from edge.preprocess import Pixels
from edge.types import ModelCard


class LiveModel(NamedTuple):
    """A model that has passed its checks, with its card for the sinks."""

    classifier: Classifier
    card: ModelCard

    @property
    def score_threshold(self) -> float:
        """The score threshold that the model recommends, 0 to 1; 0 if it recommends none."""
        manifest = self.classifier.model.manifest
        return (manifest and manifest.score_threshold) or 0.0

    @property
    def is_refit(self) -> bool:
        """False: another file is another model."""
        return False

    def gated_scores(self, pixels: Pixels) -> GatedScores:
        """The answer of :meth:`edge.inference.classifier.Classifier.gated_scores`."""
        return self.classifier.gated_scores(pixels)

    def messages(self) -> list[str]:
        """What was guessed about a model of another project."""
        return self.classifier.model.messages()


class ModelChoice(NamedTuple):
    """Which model file to run, and how: the arguments of :meth:`edge.inference.classifier.Classifier.load`."""

    path: Path
    labels: str | None
    threads: int
    runtime: str | None
    reject: bool = False
    mean: PerChannel | None = None
    std: PerChannel | None = None
    input_range: tuple[float, float] | None = None

    def load(self) -> LiveModel:
        """Load the file, check it and run its self-test (:func:`edge.inference.self_test.require_self_test`).

        Raises :class:`~edge.errors.ModelError` if it does not pass,
        :class:`~edge.errors.ConfigurationError` and :class:`~edge.errors.UsageError` as the classifier does.
        """
        model = ModelFile.load(self.path, self.labels, mean=self.mean, std=self.std, input_range=self.input_range)
        classifier = Classifier(model, threads=self.threads, runtime=self.runtime, reject=self.reject)
        try:
            require_self_test(classifier)
        except ModelError as error:
            raise ModelError(f"{self.path}: {error}") from None
        return LiveModel(classifier, _card(self.path.name, classifier))


def _card(name: str, classifier: Classifier) -> ModelCard:
    model = classifier.model
    manifest = model.manifest
    card = ModelCard(
        name=name,
        sha256=model.sha256,
        labels=model.labels,
        size_bytes=model.size_bytes,
        input_size=model.input_size,
        runtime=classifier.runtime,
    )
    if manifest is None:
        return card
    return card._replace(
        architecture=manifest.architecture,
        quantization=manifest.quantization,
        accuracy=manifest.accuracy,
        test_photos=manifest.test_photos,
        unknown=model.unknown_label,
    )
