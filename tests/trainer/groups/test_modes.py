"""The ways to find groups."""

from __future__ import annotations

import pytest

from edge.errors import UsageError
from trainer.groups.modes import GROUPS, check_groups


def test_each_way_is_taken_and_no_other() -> None:
    """A wrong name is answered with those that there are."""
    for groups in GROUPS:
        check_groups(groups)
    with pytest.raises(UsageError, match="--groups 'pixels': give off, names or auto"):
        check_groups("pixels")
