"""Links between very many photos: what :mod:`trainer.groups.links` does, with numbers in arrays instead of objects."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from trainer.groups.links import STRONG
from trainer.groups.offers import Codes, as_pairs, codes_of, holds

MOST_FRIENDS = 16
"""The strongest links of a photo that are asked to support a weak one. A photo may be linked to 100,000 copies of it:
all of them would make pairs that grow with the square of their number."""

_TOGETHER = 20_000  # links whose photos' links are compared in one go

Nats = npt.NDArray[np.float64]


class ManyLinks:
    """Links between ``photos`` photos: pairs ``codes`` with their ``evidence`` (pairs,) in nats, and ``named`` ones."""

    def __init__(self, codes: Codes, evidence: Nats, named: Codes, photos: int) -> None:
        """Take the links; those ``named`` are strong. ``codes`` are those of :mod:`trainer.groups.offers`."""
        self._codes, self._evidence, self._photos = codes, evidence, photos
        both = np.concatenate([codes, named])
        nats = np.concatenate([evidence, np.full(len(named), STRONG)])
        order = np.lexsort((-nats, both))
        order = order[np.diff(both[order], prepend=-1) > 0]  # of a pair that has both, the stronger one
        self._near = both[order]
        one, other = as_pairs(self._near, photos).T
        ours, theirs, nats = np.append(one, other), np.append(other, one), np.tile(nats[order], 2)
        order = np.lexsort((-nats, ours))
        self._friends = theirs[order]
        self._first = np.searchsorted(ours[order], np.arange(photos + 1))
        self._best = np.zeros(photos)
        np.maximum.at(self._best, ours, nats)
        self._held = self._hold()

    def accepted(self) -> Codes:
        """The pairs with evidence that may join groups: see :meth:`trainer.groups.links.Links.accepted`."""
        return self._codes[self._held]

    def missing(self) -> Codes:
        """Pairs whose evidence could support the links that are not accepted, as in
        :meth:`~trainer.groups.links.Links.missing`; of each photo's links the :data:`MOST_FRIENDS` strongest ones.
        """
        pairs = as_pairs(self._codes[~self._held], self._photos)
        found = [np.zeros(0, np.int64)]
        for photos, others in (pairs.T, pairs[:, ::-1].T):
            rows, friends = self._friends_of(others, MOST_FRIENDS)
            ours = photos[rows]
            found.append(codes_of(ours, friends, self._photos)[ours != friends])
        wanted = np.unique(np.concatenate(found))
        return wanted[~holds(self._codes, wanted)]

    def _hold(self) -> npt.NDArray[np.bool_]:
        one, other = as_pairs(self._codes, self._photos).T
        enough = np.minimum(STRONG, np.maximum(self._best[one], self._best[other]))
        held: npt.NDArray[np.bool_] = self._evidence >= enough
        left = np.flatnonzero(~held)
        degree = np.diff(self._first)
        for start in range(0, len(left), _TOGETHER):
            some = left[start : start + _TOGETHER]
            turn = degree[one[some]] > degree[other[some]]
            few, many = np.where(turn, other[some], one[some]), np.where(turn, one[some], other[some])
            rows, friends = self._friends_of(few)
            theirs = many[rows]
            third = holds(self._near, codes_of(theirs, friends, self._photos))
            held[some[rows[third & (friends != theirs)]]] = True
        return held

    def _friends_of(
        self, photos: npt.NDArray[np.intp], most: int | None = None
    ) -> tuple[npt.NDArray[np.intp], npt.NDArray[np.intp]]:
        """The photos that each of ``photos`` is linked to, strongest first, at most ``most``, beside its row there."""
        counts = self._first[photos + 1] - self._first[photos]
        if most is not None:
            counts = np.minimum(counts, most)
        rows = np.repeat(np.arange(len(photos)), counts)
        before = np.repeat(np.cumsum(counts) - counts - self._first[photos], counts)
        return rows, self._friends[np.arange(len(rows)) - before]
