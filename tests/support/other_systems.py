"""Commands as they would run on Windows or macOS: what these systems lack is hidden from edge and trainer."""

from __future__ import annotations

import os
from pathlib import Path

from support.paths import PACKAGES, python_path

FOLDER = Path(__file__).parent / "other_system"

WINDOWS, MACOS = "win32", "darwin"


def seen(system: str) -> dict[str, str]:
    """The environment variables with which a command sees ``system``, one of :data:`WINDOWS` and :data:`MACOS`.

    The folder comes first: Python imports one ``sitecustomize`` alone, and ``make test-processors`` has another one.
    """
    return {"OTHER_SYSTEM": system, "PYTHONPATH": os.pathsep.join([str(FOLDER), python_path(PACKAGES)])}
