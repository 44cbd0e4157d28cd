"""Hostile pictures for ``edge label``."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from random import Random

from benchmarks.device.hostile.case import CaseResult
from benchmarks.device.hostile.edge_on_files import FileCase, run_edge
from benchmarks.device.hostile.pictures import Picture, good_pictures, pictures
from benchmarks.device.stream import MODEL

_NAMES = ("\x1b[2J", "\x1b]0;title\x07", "\n", "\r", "\x9b31m", "\u202egnp", "\u2066", "\x08\x08", "\x7f", "\u2028")


def cases(folder: Path, seed: int) -> Iterator[CaseResult]:
    """Label each of :func:`~benchmarks.device.hostile.pictures.pictures`, and good ones with hostile names."""
    made = []
    good = good_pictures()["PNG"]
    named = [(name, Picture(f"a name with {name!r}", good, "taken")) for name in _NAMES]
    named += [(name, Picture(f"a bad file with {name!r} in its name", b"bad", "refused")) for name in _NAMES]
    for number, (name, picture) in enumerate([*named, *(("", picture) for picture in pictures(Random(seed)))]):
        path = folder / f"{number}{name}.bin"
        path.write_bytes(picture.content)
        made.append(
            FileCase(picture.name, ["label", "--model", str(MODEL), "--threads", "1", str(path)], picture.expected)
        )
    yield from run_edge("images", made)
