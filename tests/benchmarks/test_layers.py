"""The order of the folders of the benchmarks: the kinds of measurement do not know each other."""

from __future__ import annotations

from support.layers import against_the_order, circles
from support.paths import REPOSITORY

PACKAGE = REPOSITORY / "benchmarks"

LAYERS = [
    ["pairs"],
    ["results"],
    ["accuracy", "speed", "device", "board_report", "sent_files", "history"],
    ["commands"],
    ["__main__", "__init__"],
]


def test_every_import_goes_down() -> None:
    """No module of the benchmarks imports one of its own layer or of a higher one."""
    assert against_the_order(PACKAGE, LAYERS) == []


def test_no_circle() -> None:
    """No modules of the benchmarks import each other in a circle, not even inside functions."""
    assert circles(PACKAGE) == []
