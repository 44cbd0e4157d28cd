"""Many content hashes in little memory: 32 bytes each, where a set of them takes a hundred."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from itertools import islice

import numpy as np
import numpy.typing as npt

_BYTES = 32
_TOGETHER = 100_000


class Digests:
    """A set of sha256, 32 bytes each, that does not change."""

    def __init__(self, digests: Iterable[bytes]) -> None:
        """Take ``digests``; those of another length are left out."""
        source = iter(digests)
        parts = [_array([])]
        while some := list(islice(source, _TOGETHER)):
            parts.append(_array([digest for digest in some if len(digest) == _BYTES]))
        self._sorted = np.unique(np.concatenate(parts))

    def __len__(self) -> int:
        """How many there are."""
        return len(self._sorted)

    def __iter__(self) -> Iterator[bytes]:
        """Each of them, in their order."""
        return (digest.ljust(_BYTES, b"\0") for digest in self._sorted)  # NumPy leaves out zero bytes at the end

    def __contains__(self, digest: bytes) -> bool:
        """Whether ``digest`` is one of them."""
        return bool(self.contains([digest])[0])

    def contains(self, digests: Sequence[bytes]) -> npt.NDArray[np.bool_]:
        """Whether each of ``digests`` is one of them: (digests,)."""
        asked = _array(digests)
        places = np.searchsorted(self._sorted, asked)
        found: npt.NDArray[np.bool_] = np.zeros(len(asked), bool)
        inside = places < len(self._sorted)
        found[inside] = self._sorted[places[inside]] == asked[inside]
        return found


def _array(digests: Sequence[bytes]) -> npt.NDArray[np.bytes_]:
    # NumPy does not tell an end of zero bytes from a shorter text; all are equally long here.
    return np.array(digests, f"S{_BYTES}")
