"""Result files: what was measured, by which command, when, on which machine."""

from __future__ import annotations

import datetime
import json
import re
from pathlib import Path
from typing import Any

from edge.bench.board import describe_board
from edge.files import write_whole

SCHEMA_VERSION = 1
FOLDER = Path(__file__).parent / "results"


def save_results(benchmark: str, command: str, rows: list[dict[str, Any]], folder: Path = FOLDER) -> Path:
    """Write ``rows`` to ``folder/BOARD-DATE-BENCHMARK.json`` with the machine they come from; returns the path."""
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
    path = result_path(benchmark, folder)
    write_whole(path, (json.dumps(record, indent=1) + "\n").encode())
    return path


def result_path(benchmark: str, folder: Path = FOLDER) -> Path:
    """``folder/BOARD-CORES-DATE-BENCHMARK.json`` for this machine and day."""
    board = describe_board()
    name = re.sub(r"[^a-z0-9]+", "-", str(board["board"]).lower()).strip("-")[:40]
    return folder / f"{name}-{board['cores']}core-{datetime.date.today().isoformat()}-{benchmark}.json"
