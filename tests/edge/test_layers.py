"""The order of the folders of edge: each imports only what stands below it."""

from __future__ import annotations

from pathlib import Path

import edge
from support.layers import against_the_order, circles

PACKAGE = Path(edge.__file__).parent

LAYERS = [
    [
        "backoff",
        "exit_codes",
        "distribution",
        "file_kinds",
        "lazy_names",
        "printable",
        "secrets",
        "shorten",
        "skipped_files",
    ],
    ["errors"],
    ["home", "local_path"],
    ["cache_folder", "system", "text_table"],
    ["pictures", "regular_file", "missing_path", "unread_photos"],
    ["controls", "types", "files", "run_command", "parallel", "messages", "child_process", "tls"],
    ["statistics"],
    ["status", "preprocess"],
    ["modelfile", "sources", "sinks"],
    ["inference"],
    ["store", "bench"],
    ["doctor"],
    ["service"],
    ["live"],
    ["serving"],
    ["commands"],
    ["cli"],
    ["__main__", "__init__"],
]


def test_every_import_goes_down() -> None:
    """No module of edge imports one of its own layer or of a higher one."""
    assert against_the_order(PACKAGE, LAYERS) == []


def test_no_circle() -> None:
    """No modules of edge import each other in a circle, not even inside functions."""
    assert circles(PACKAGE) == []
