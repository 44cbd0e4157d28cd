"""Prototypes of each class for the gate: the centres of its photos, drawn several times."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
import numpy.typing as npt

from trainer.head.kmeans import kmeans

PER_CLASS = 8
"""Prototypes of a class; more gain little, see docs/adr/0013-unknown.md."""

DRAWS = 4
"""How often they are drawn: from one draw in seventeen, some of the noise was near to a prototype."""

_AT_MOST = 64  # prototypes of all classes together, but at least one of each: tens of kilobytes
_ROUNDS = 20  # of k-means

Units = npt.NDArray[np.float32]


def class_prototypes(
    units: Units,
    labels: npt.NDArray[np.intp],
    classes: int,
    per_class: int,
    draws: Iterable[int],
    noise: Units | None,
) -> tuple[Units, int]:
    """Unit vectors (prototypes, values), the centres of each class's ``units`` (photos, values), and their draw.

    Of the ``draws`` it is the one whose prototypes are farthest from the unit vectors ``noise`` (pictures, values), by
    the mean cosine to the nearest; the first if there is no noise. Call it inside ``one_thread``.
    """
    count = max(1, min(per_class, _AT_MOST // classes))
    best: tuple[float, Units, int] | None = None
    for draw in draws:
        found = _centres(units, labels, classes, count, draw)
        nearness = 0.0 if noise is None else float((noise @ found.T).max(axis=1).mean(dtype=np.float64))
        if best is None or nearness < best[0]:
            best = nearness, found, draw
        if noise is None:
            break
    assert best is not None
    return best[1], best[2]


def _centres(units: Units, labels: npt.NDArray[np.intp], classes: int, count: int, draw: int) -> Units:
    centres = []
    for label in range(classes):
        members = units[labels == label]
        if len(members) <= count or len({row.tobytes() for row in members}) <= count:
            centres.append(np.unique(members, axis=0))
        else:
            centres.append(kmeans(members, count, _ROUNDS, draw))
    found = np.concatenate(centres)
    lengths = np.linalg.norm(found, axis=1, keepdims=True)
    return np.asarray(found / np.maximum(lengths, 1e-12), np.float32)
