"""The results in the shape of the reference tables of pycoral: a name and milliseconds a line, with a blank between."""

from __future__ import annotations

from pathlib import Path
from typing import Any

_HEADER = "MODEL INFERENCE_TIME"


def reference_table(results: dict[str, Any]) -> str:
    """The mean time of one inference of each file, with one thread on the first runtime: one number each.

    The tables of ``benchmarks/reference`` in google-coral/pycoral have means too. A file that could not be measured
    has no line.
    """
    settings = results["settings"]
    rows = [
        row
        for row in results["rows"]
        if (row["runtime"], row["threads"], row["error"]) == (settings["runtimes"][0], settings["threads"][0], None)
    ]
    return "".join(f"{line}\n" for line in [_HEADER, *(f"{row['model']} {row['mean_ms']}" for row in rows)])


def reference_path(output: str) -> Path:
    """Where the table lies beside the results file ``output``: ``board.json`` has ``board-reference.csv``."""
    path = Path(output)
    return path.with_name(f"{path.stem}-reference.csv")
