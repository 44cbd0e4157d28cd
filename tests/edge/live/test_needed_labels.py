"""Labels that an option names."""

from __future__ import annotations

import pytest

from edge.live.needed_labels import missing_label

FLOWERS = ("daisy", "Red Rose", "tulip")


@pytest.mark.parametrize("needed", [(), ("daisy",), ("unknown", "Red Rose")])
def test_labels_that_are_there(needed: tuple[str, ...]) -> None:
    """Those of the model, and unknown, which every model has."""
    assert missing_label(needed, FLOWERS) is None


@pytest.mark.parametrize(
    ("needed", "nearest"), [("dasiy", "daisy"), ("red rose", "Red Rose"), ("TULIPS", "tulip"), ("x" * 300, None)]
)
def test_a_label_that_is_missing(needed: str, nearest: str | None) -> None:
    """One line of a readable length names it, the nearest one and all that there are."""
    line = missing_label(("daisy", needed), FLOWERS) or ""
    assert line.startswith(f"the model has no label {needed[:20]}")
    assert line.endswith("it has daisy, Red Rose, tulip, and unknown")
    assert (f"did you mean {nearest}? " in line) == ("did you mean" in line) == (nearest is not None)
    assert len(line) < 300
