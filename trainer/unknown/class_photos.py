"""Photos of the classes among those of other things: found by their neighbours."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from trainer.bottlenecks.labelled import Labelled
from trainer.head.standardisation import Features, Matrix

NEIGHBOURS = 5
"""How many of the nearest photos say what a photo shows."""

_MOST = 3  # of the neighbours, of one class
_USUAL = 0.25  # of the photos of a class are farther from their neighbours
_COMPARED = 500  # photos of the classes that say what is usual
_CELLS = 2_000_000  # cosines at once: 16 MB, and about three times as much while they are sorted


def like_a_class(strange: Features, data: Labelled) -> npt.NDArray[np.intp]:
    """The class of ``data`` that each of ``strange`` (photos, values) seems to show; -1: none of them: (photos,).

    A photo shows a class if three of its five nearest neighbours, among the photos of the classes and the other
    ``strange`` ones, are of that class, and if the five nearest photos of the classes are as near as for three of four
    photos of that class. Nearness is the cosine from the mean photo. Of 400 photos of other things 1 to 2 % seem
    to show a flower, of flowers among them about 60 %.
    """
    mean = data.features.mean(axis=0, dtype=np.float64)
    known, others = _units(data.features - mean), _units(strange - mean)
    found = np.full(len(strange), -1, np.intp)
    if len(known) <= NEIGHBOURS or not len(strange):
        return found
    usual = _usual_nearness(known, data.labels)
    labels = np.append(data.labels, np.full(len(others), -1))
    block = max(1, _CELLS // (len(known) + len(others)))
    for start in range(0, len(others), block):
        rows = np.arange(start, min(start + block, len(others)))
        to_known, to_others = others[rows] @ known.T, others[rows] @ others.T
        to_others[np.arange(len(rows)), rows] = -np.inf
        nearness = _nearest(to_known).mean(axis=1)
        near = labels[np.argsort(-np.concatenate([to_known, to_others], axis=1), axis=1, kind="stable")[:, :NEIGHBOURS]]
        for row, own in zip(rows, near, strict=True):
            counts = np.bincount(own[own >= 0], minlength=1)
            label = int(counts.argmax())
            if counts[label] >= _MOST and nearness[row - start] >= usual[label]:
                found[row] = label
    return found


def _usual_nearness(known: Matrix, labels: npt.NDArray[np.intp]) -> npt.NDArray[np.float64]:
    """How near a photo of each class is to its neighbours, for three of four photos: (classes,)."""
    rows = np.arange(min(len(known), _COMPARED)) * len(known) // min(len(known), _COMPARED)
    near = np.empty(len(rows))
    block = max(1, _CELLS // len(known))
    for start in range(0, len(rows), block):
        part = slice(start, start + block)
        cosines = known[rows[part]] @ known.T
        cosines[np.arange(len(cosines)), rows[part]] = -np.inf
        near[part] = _nearest(cosines).mean(axis=1)
    usual = np.full(int(labels.max()) + 1, np.inf)
    for label in np.unique(labels[rows]):
        usual[label] = np.quantile(near[labels[rows] == label], _USUAL)
    return usual


def _nearest(cosines: Matrix) -> Matrix:
    return np.partition(cosines, cosines.shape[1] - NEIGHBOURS, axis=1)[:, -NEIGHBOURS:]


def _units(offsets: Matrix) -> Matrix:
    units: Matrix = offsets / np.maximum(np.linalg.norm(offsets, axis=1, keepdims=True), 1e-12)
    return units
