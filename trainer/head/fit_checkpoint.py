"""Where a long fit of a head is: written now and then, so that a killed run goes on where it was.

All floats are kept as they are. So a fit that was killed ends with the bytes of one that was not.
"""

from __future__ import annotations

import contextlib
import os
import time
import zipfile
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np

from edge.errors import StorageError
from edge.system.file_changes import replace
from trainer.head.lbfgs import Walk

EVERY_S = 20.0
"""What is found in so many seconds is lost if the run is killed."""

_ENDING = ".fit"
_KEPT_S = 7 * 24 * 3600  # of a run that was killed and never started again
_DAMAGED = (OSError, ValueError, KeyError, EOFError, zipfile.BadZipFile)


class Saved(NamedTuple):
    """The number of the ``part`` of the photos, where its fit is, and its ``steps`` so far, four numbers each."""

    part: int
    walk: Walk
    steps: list[tuple[float, ...]]


class FitCheckpoint:
    """The checkpoint of the fit ``key``, in ``folder``."""

    def __init__(self, folder: Path, key: str) -> None:
        """Nothing is read or written yet; ``key`` says all that the fit depends on."""
        self._path = folder / f"{key}{_ENDING}"
        self._written = time.monotonic()

    def load(self) -> Saved | None:
        """Where the fit was when it was killed; None if it was not begun, or if the file is damaged."""
        with contextlib.suppress(*_DAMAGED), np.load(self._path, allow_pickle=False) as arrays:
            count = int(arrays["pairs"])
            pairs = tuple((arrays[f"step{place}"], arrays[f"change{place}"]) for place in range(count))
            walk = Walk(arrays["at"], pairs, int(arrays["iterations"]))
            return Saved(int(arrays["part"]), walk, [tuple(row) for row in arrays["steps"].tolist()])
        return None

    def save(self, part: int, walk: Walk, steps: Sequence[tuple[float, ...]]) -> None:
        """Write where the fit is, if the last time is long ago.

        Raises :class:`~edge.errors.StorageError` if it cannot be written.
        """
        if time.monotonic() - self._written < EVERY_S:
            return
        arrays = {f"step{place}": step for place, (step, _) in enumerate(walk.pairs)}
        arrays |= {f"change{place}": change for place, (_, change) in enumerate(walk.pairs)}
        numbers = {"part": part, "pairs": len(walk.pairs), "iterations": walk.iterations}
        temporary = self._path.with_name(f".{self._path.stem}.{os.urandom(4).hex()}{_ENDING}")
        try:
            with temporary.open("wb") as file:  # as it comes: a copy of it would take another 200 MB
                np.savez(file, at=walk.at, steps=np.array(steps, np.float64).reshape(-1, 4), **numbers, **arrays)
                file.flush()
                os.fsync(file.fileno())
            replace(temporary, self._path)
        except OSError as error:
            raise StorageError(
                f"{self._path}: cannot be written ({error.strerror}); free some space or choose another place with "
                "--bottleneck-dir"
            ) from None
        finally:
            with contextlib.suppress(OSError):
                temporary.unlink()
        self._written = time.monotonic()

    def remove(self) -> None:
        """The fit has ended. What killed runs left a week ago goes too."""
        with contextlib.suppress(OSError):
            self._path.unlink()
        for path in self._path.parent.glob(f"*{_ENDING}"):
            with contextlib.suppress(OSError):
                if time.time() - path.stat().st_mtime > _KEPT_S:
                    path.unlink()
