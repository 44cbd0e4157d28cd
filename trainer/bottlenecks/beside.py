"""Photos beside remembered bottlenecks: one set of examples out of both."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from trainer.bottlenecks.labelled import Labelled
from trainer.bottlenecks.remembered import Remembered


def with_remembered(data: Labelled, labels: Sequence[str], remembered: Remembered | None) -> Labelled:
    """``data`` and the bottlenecks of ``remembered``, each a group of its own; ``labels`` has the labels of both."""
    if remembered is None:
        return data
    places = np.array([labels.index(label) for label in remembered.labels], np.intp)
    groups = data.groups
    if groups is not None:
        groups = np.concatenate([groups, groups.max(initial=-1) + 1 + np.arange(len(remembered.indices))])
    return Labelled(
        np.concatenate([data.features, remembered.features]),
        np.concatenate([data.labels, places[remembered.indices]]),
        groups,
    )
