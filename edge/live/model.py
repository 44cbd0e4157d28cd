"""The model of a stream: loaded, checked and self-tested before it labels a frame."""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

from edge.errors import ModelError
from edge.inference.classifier import Classifier, GatedScores
from edge.inference.delegate import DelegateChoice
from edge.inference.self_test import require_self_test
from edge.modelfile.model_file import ModelFile
from edge.modelfile.normalization import PerChannel
from edge.preprocess import ImageSource
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

    def gated_scores(self, image: ImageSource) -> GatedScores:
        """The answer of :meth:`edge.inference.classifier.Classifier.gated_scores`."""
        return self.classifier.gated_scores(image)

    def messages(self) -> list[str]:
        """What was guessed about a model of another project, and whether its delegate has nothing to do."""
        classifier, idle = self.classifier, []
        if classifier.delegate is not None:
            from edge.inference.delegate_trial import idle_lines  # few users have a delegate

            idle = idle_lines(classifier.delegate, classifier.delegate_parts)
        return [*classifier.model.messages(), *idle]


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
    delegate: DelegateChoice | None = None

    def try_delegate(self) -> None:
        """Try the delegate with the file, if there is one: of several models all, before one of them has the device.

        Raises what :func:`edge.inference.delegate_trial.try_with_model` and :meth:`ModelFile.load` raise.
        """
        if self.delegate is not None:
            from edge.inference.delegate_trial import try_with_model  # few users have a delegate

            try_with_model(self.delegate, self._read(), runtime=self.runtime, reject=self.reject)

    def load(self) -> LiveModel:
        """Load the file, check it and run its self-test (:func:`edge.inference.self_test.require_self_test`).

        Raises :class:`~edge.errors.ModelError` if it does not pass,
        :class:`~edge.errors.ConfigurationError` and :class:`~edge.errors.UsageError` as the classifier does.
        """
        classifier = Classifier(
            self._read(), threads=self.threads, runtime=self.runtime, reject=self.reject, delegate=self.delegate
        )
        try:
            require_self_test(classifier)
        except ModelError as error:
            raise ModelError(f"{self.path}: {error}") from None
        return LiveModel(classifier, _card(self.path.name, classifier))

    def _read(self) -> ModelFile:
        return ModelFile.load(self.path, self.labels, mean=self.mean, std=self.std, input_range=self.input_range)


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
