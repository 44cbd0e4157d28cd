"""The options of fine-tuning: the number of epochs, the first block, the learning rate."""

from __future__ import annotations

from dataclasses import dataclass, field

from edge.errors import UsageError
from trainer.backbones.architectures import BLOCKS, Architecture
from trainer.photos.augmentation import Strength

TUNING_VERSION = 5
"""Goes up with any change of the fine-tuning that alters the tuned weights."""

DEFAULT_FROM_BLOCK = 0
_WIDE = 0.75
_TURNED = Strength(turn=20, hue=5.4)


@dataclass(frozen=True)
class Recipe:
    """Every number that changes the tuned weights; docs/adr/0012 says why they were chosen.

    ``from_block`` is the first of MobileNet's 13 blocks that is trained; 0 trains the first convolution too.
    ``picture_size`` is the edge, in pixels, of the square pictures that are learnt from.
    ``learning_rate`` is the highest, in units of a channel's own size; see :func:`peak_rate`.
    ``momentum`` is how much of the batch norms' averages stays after a batch.
    ``patience`` is the share of the epochs after the best one, after which training stops.
    """

    epochs: int
    from_block: int
    picture_size: int
    seed: int = 0
    batch: int = 32
    learning_rate: float = 1e-3
    weight_decay: float = 0.01
    label_smoothing: float = 0.1
    warm_up_epochs: float = 1.0
    patience: float = 0.4
    momentum: float = 0.98
    strength: Strength = field(default_factory=Strength)

    @classmethod
    def of(cls, architecture: Architecture, epochs: int, from_block: int = DEFAULT_FROM_BLOCK, seed: int = 0) -> Recipe:
        """The recipe for ``architecture``: wide networks see turned copies, from which narrow ones gain nothing."""
        return cls(
            epochs,
            from_block,
            architecture.input_size,
            seed,
            learning_rate=peak_rate(architecture.alpha),
            strength=_TURNED if architecture.alpha >= _WIDE else Strength(),
        )

    def check(self) -> Recipe:
        """The same recipe, after checking what a user may choose.

        Raises :class:`~edge.errors.UsageError` if it has no epoch, or if there is no such block.
        """
        if self.epochs < 1:
            raise UsageError(f"--fine-tune {self.epochs} trains nothing; give at least 1 epoch")
        if not 0 <= self.from_block <= BLOCKS:
            raise UsageError(f"--fine-tune-from {self.from_block}: MobileNet's blocks are 1 to {BLOCKS}; 0 trains all")
        return self


def peak_rate(alpha: float) -> float:
    """The highest learning rate for a network of width ``alpha``: narrow networks need larger steps."""
    return float(8e-3 / alpha**0.3)
