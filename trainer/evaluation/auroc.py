"""How well a number tells two kinds of pictures apart, whatever threshold is chosen for it."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

Values = npt.NDArray[np.float64] | Sequence[float]


def auroc(known: Values, strange: Values) -> float:
    """The chance that one of ``known`` (pictures,) is larger than one of ``strange`` (pictures,).

    Equal ones count half. This is the area under the curve of a threshold's hits over its false alarms, and the
    statistic of H. B. Mann and D. R. Whitney (1947). Neither may be empty.
    """
    from scipy.stats import rankdata

    ranks = rankdata(np.concatenate([known, strange]))[: len(known)]
    return float((ranks.sum() - len(known) * (len(known) + 1) / 2) / (len(known) * len(strange)))
