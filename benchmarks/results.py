"""Result files: what was measured, by which command, when, on which machine."""

from __future__ import annotations

import datetime
import json
import re
import sys
from pathlib import Path
from typing import Any

from benchmarks.pairs import noise_line, noise_of
from edge.bench.board import describe_board
from edge.files import write_whole

SCHEMA_VERSION = 1
FOLDER = Path(__file__).parent / "results"


def save_results(benchmark: str, command: str, rows: list[dict[str, Any]], folder: Path = FOLDER) -> Path:
    """Write ``rows`` to ``folder/BOARD-DATE-BENCHMARK.json`` with the machine they come from; returns the path.

    If rows say whether they are ``noisy`` (:mod:`benchmarks.pairs`), so does the file, and a line on stderr.
    """
    board = describe_board()
    date = datetime.date.today().isoformat()
    record = {
        "schema_version": SCHEMA_VERSION,
        "benchmark": benchmark,
        "command": command,
        "date": date,
        "board": board,
        "rows": rows,
    }
    noise = noise_of(rows)
    if noise is not None:
        record["noise"] = noise
        line = noise_line(noise)
        if line:
            print(line, file=sys.stderr)
    path = result_path(benchmark, folder)
    write_whole(path, (json.dumps(record, indent=1) + "\n").encode())
    return path


def result_path(benchmark: str, folder: Path = FOLDER) -> Path:
    """``folder/BOARD-CORES-DATE-BENCHMARK.json`` for this machine and day."""
    board = describe_board()
    name = re.sub(r"[^a-z0-9]+", "-", str(board["board"]).lower()).strip("-")[:40]
    return folder / f"{name}-{board['cores']}core-{datetime.date.today().isoformat()}-{benchmark}.json"
