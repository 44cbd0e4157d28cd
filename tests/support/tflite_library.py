"""A library of TensorFlow Lite with the C API, which a package for wake words ships for every processor of a Pi."""

from __future__ import annotations

import importlib.util
from pathlib import Path

PACKAGE = "pymicro-wakeword"
"""Its name on the package index."""

INSIDE = "pymicro_wakeword/lib/libtensorflowlite_c.so"
"""The library in the folder of installed packages."""


def c_library() -> Path | None:
    """The library that is installed here, None if there is none."""
    spec = importlib.util.find_spec(INSIDE.partition("/")[0])
    path = Path(spec.origin).parents[1] / INSIDE if spec and spec.origin else None
    return path if path and path.is_file() else None
