"""The options of retraining, and the paths of the model files."""

from __future__ import annotations

from dataclasses import dataclass, field
from importlib.util import find_spec
from pathlib import Path

from edge.distribution import install_command
from edge.errors import ConfigurationError, UsageError
from edge.types import UNKNOWN
from trainer.backbones.architectures import (
    CONVERTERS,
    DEFAULT_ARCHITECTURE,
    DEFAULT_QUANTIZATIONS,
    MOBILENET_V1,
    QUANTIZATIONS,
    Architecture,
    Network,
)
from trainer.fine_tuning.recipe import Recipe
from trainer.groups.modes import GROUPS_AUTO, check_groups
from trainer.head.fit import DEFAULT_STEPS
from trainer.photos.folder import label_problem, photos_name
from trainer.photos.layout import AUTO
from trainer.photos.split import SplitRatios

DEFAULT_PRECISION = 0.95
"""Share of right answers that the recommended threshold aims at."""

NO_CLASS_WEIGHTS, AUTO_CLASS_WEIGHTS = CLASS_WEIGHTS = ("none", "auto")
"""How much each photo counts in training: all the same, or so that all classes have the same influence."""


@dataclass(frozen=True)
class RetrainOptions:
    """The options of ``trainer retrain``, each named like the option of the command.

    ``folder`` has one folder of photos for each class, read by ``layout``, or is a list of photos. ``output`` is the
    model file; with several ``quantizations`` each file gets the name of its quantization. ``bottleneck_dir`` keeps
    backbones and bottlenecks between runs. ``precision`` is the share of right answers that the recommended threshold
    aims at. With ``cross_validate`` every photo is evaluated too; with ``learning_curve`` heads are also fitted on
    shares of the photos. ``groups`` says how photos that depend on each other are found. ``augment`` is how many
    augmented copies of each training photo the head is fitted on beside the photo itself. With ``fine_tune`` the
    backbone is trained first. With ``final`` the head of the file is fitted on all photos, after the figures are known.
    ``backbone`` is a model file whose backbone is used; ``quantizations`` is its quantization then, and
    ``architecture`` is not used. ``compiled`` is the network of ``backbone`` as it was compiled for an Edge TPU: it
    gets the same head, in a file beside ``output``.
    ``remember`` is the number of bottlenecks of each class that are packed into the file, so that another class can be
    taught beside them; with ``keep_classes`` the classes that ``backbone`` remembers stay beside those of
    ``folder``.
    ``unknown`` is the label of the class for the rest of the world, None: there is none. ``background`` is a folder
    with photos of other things, which teach it.
    """

    folder: Path
    output: Path
    bottleneck_dir: Path
    architecture: Architecture = DEFAULT_ARCHITECTURE
    quantizations: tuple[str, ...] = DEFAULT_QUANTIZATIONS
    weights: str | None = None
    converter: str = CONVERTERS[0]
    ratios: SplitRatios = field(default_factory=SplitRatios)
    training_steps: int = DEFAULT_STEPS
    summaries_dir: Path | None = None
    runtime: str | None = None
    class_weights: str = NO_CLASS_WEIGHTS
    precision: float = DEFAULT_PRECISION
    cross_validate: bool = False
    learning_curve: bool = False
    groups: str = GROUPS_AUTO
    augment: int = 0
    fine_tune: Recipe | None = None
    layout: str = AUTO
    final: bool = False
    remember: int = 0
    keep_classes: bool = False
    backbone: Path | None = None
    compiled: Path | None = None
    unknown: str | None = UNKNOWN
    background: Path | None = None

    def check(self) -> RetrainOptions:
        """The same options, after checking what a user may choose.

        Raises :class:`~edge.errors.UsageError` for numbers out of range and for options that exclude each other, and
        :class:`~edge.errors.ConfigurationError` for summaries without TensorBoard.
        """
        self.ratios.check()
        if self.summaries_dir is not None and find_spec("tensorboard") is None:
            raise ConfigurationError(f"--summaries-dir needs TensorBoard: {install_command('trainer')}")
        if self.training_steps < 1:
            raise UsageError(f"--training-steps {self.training_steps} trains nothing; give at least 1")
        if self.augment < 0:
            raise UsageError(f"--augment {self.augment}: the number of copies cannot be negative; give 0 or more")
        if self.keep_classes:
            self._check_keep_classes()
        if self.unknown is not None and (problem := label_problem(self.unknown)):
            raise UsageError(f"--unknown {problem}")
        if self.background is not None and self.unknown is None:
            raise UsageError("--background teaches the class that --no-unknown leaves out; give one of the two")
        if self.remember < 0:
            raise UsageError(
                f"--remember {self.remember}: the number of bottlenecks cannot be negative; give 0 or more"
            )
        if not 0 < self.precision <= 1:
            raise UsageError(f"--precision {self.precision:g} is not a share; give a number above 0, at most 1")
        unknown = set(self.quantizations) - set(QUANTIZATIONS)
        if unknown:
            raise UsageError(f"--quantization {', '.join(sorted(unknown))}: give one of {', '.join(QUANTIZATIONS)}")
        check_groups(self.groups)
        if self.class_weights not in CLASS_WEIGHTS:
            raise UsageError(f"--class-weights {self.class_weights!r}: give {' or '.join(CLASS_WEIGHTS)}")
        if self.backbone is not None and (self.weights is not None or self.fine_tune is not None):
            name = "weights" if self.weights is not None else "fine-tune"
            raise UsageError(f"--backbone FILE has its own weights; leave out --{name}")
        if self.backbone is not None and self.converter != CONVERTERS[0]:
            raise UsageError("--backbone FILE is made already; leave out --converter")
        if self.compiled is not None and self.backbone is None:
            raise UsageError("--compiled FILE needs --backbone, the file that FILE was compiled from: it can run here")
        if self.fine_tune is not None:
            if self.architecture.family != MOBILENET_V1:
                raise UsageError(f"--fine-tune works with MobileNet v1 alone, not with {self.architecture.name}")
            self.fine_tune.check()
            for chosen, name in ((self.cross_validate, "cross-validate"), (self.learning_curve, "learning-curve")):
                if chosen:
                    raise UsageError(
                        f"--{name} would evaluate photos that --fine-tune has trained on; give one of the two"
                    )
        return self

    def _check_keep_classes(self) -> None:
        if self.backbone is None:
            raise UsageError("--keep-classes needs --backbone FILE, a model file that remembers its classes")
        for chosen, name in ((self.cross_validate, "cross-validate"), (self.learning_curve, "learning-curve")):
            if chosen:
                raise UsageError(f"--{name} would not see the kept classes, which have no photos; leave it out")

    @property
    def outputs(self) -> list[Path]:
        """The file of each quantization: ``output`` itself for one, ``output-QUANTIZATION.tflite`` for several."""
        if len(self.quantizations) == 1:
            return [self.output]
        suffix = self.output.suffix or ".tflite"
        return [self.output.with_name(f"{self.output.stem}-{name}{suffix}") for name in self.quantizations]


def default_output(folder: Path, network: Network, quantizations: tuple[str, ...]) -> Path:
    """The default model file: named after the photos and the network, in the folder ``models``."""
    stem = f"{photos_name(folder) or 'model'}-{network.name}"
    return Path("models") / (f"{stem}-{quantizations[0]}.tflite" if len(quantizations) == 1 else f"{stem}.tflite")
