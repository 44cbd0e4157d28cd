"""The order of the folders of the trainer: a photo travels down the list, and imports only go up it."""

from __future__ import annotations

from support.layers import against_the_order, circles
from support.paths import PACKAGES

PACKAGE = PACKAGES / "trainer"

LAYERS = [
    ["progress", "missing_package", "tflite", "one_thread", "cache_folder"],
    ["terminal"],
    ["photos"],
    ["backbones"],
    ["bottlenecks"],
    ["cluster"],
    ["groups"],
    ["head"],
    ["unknown"],
    ["fine_tuning"],
    ["evaluation"],
    ["export"],
    ["adopt"],
    ["retraining"],
    ["report", "grid"],
    ["teach"],
    ["wheels"],
    ["flash"],
    ["commands", "demo"],
    ["cli"],
    ["__main__", "__init__"],
]


def test_every_import_goes_down() -> None:
    """No module of the trainer imports one of its own layer or of a higher one."""
    assert against_the_order(PACKAGE, LAYERS) == []


def test_no_circle() -> None:
    """No modules of the trainer import each other in a circle, not even inside functions."""
    assert circles(PACKAGE) == []
