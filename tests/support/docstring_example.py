"""The code in a docstring, for tests that run it."""

from __future__ import annotations

import inspect
import textwrap
from typing import Any


def run_example(documented: type, names: dict[str, Any]) -> dict[str, Any]:
    """Run the indented block after the line ``::`` of a docstring with ``names``; returns all names after it."""
    docstring = inspect.getdoc(documented)
    assert docstring is not None
    block = []
    for line in docstring.partition("\n::\n")[2].splitlines():
        if line and not line.startswith("    "):
            break
        block.append(line)
    exec(textwrap.dedent("\n".join(block)), names)
    return names
