"""Where things lie: the tests, their data, the repository."""

from __future__ import annotations

import os
from pathlib import Path

import edge

TESTS = Path(__file__).parents[1]
REPOSITORY = TESTS.parent
DATA = TESTS / "data"
PACKAGES = Path(edge.__file__).parents[1]
"""The folder that holds the packages under test: the checkout, or where their wheel is installed."""


def python_path(*folders: Path) -> str:
    """``PYTHONPATH`` for a child: ``folders`` behind what this process has there, as in ``make test-processors``."""
    return os.pathsep.join([*filter(None, [os.environ.get("PYTHONPATH")]), *map(str, folders)])
