"""Tests of a group run one after the other, in one process."""

from __future__ import annotations

import pytest


@pytest.mark.xdist_group("one")
def test_a_group_is_known_to_the_scheduler(request: pytest.FixtureRequest) -> None:
    """pytest-xdist tells groups by the names of tests. With pytest 9.2 its release 3.8 does not, and says nothing."""
    if not request.config.getoption("loadgroup", default=False):
        pytest.skip("groups are for several processes: --dist=loadgroup")
    assert request.node.nodeid.endswith("@one")
