"""What is learnt of a data set from its bottlenecks."""

from __future__ import annotations

from typing import NamedTuple

from edge.inference.gate import Gate
from trainer.head.calibration import Calibration
from trainer.head.fit import HeadFit


class Taught(NamedTuple):
    """What was ``fit`` on the training photos, and chosen on the validation photos; ``gate`` is None if there are too
    few photos for one.
    """

    fit: HeadFit
    calibration: Calibration
    gate: Gate | None
