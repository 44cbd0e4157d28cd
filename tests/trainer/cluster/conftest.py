"""One real cluster for all tests of this folder."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from support.ray_cluster import RealCluster


@pytest.fixture(scope="session")
def cluster() -> Iterator[RealCluster]:
    """The cluster; no process is connected to it yet."""
    pytest.importorskip("ray", reason="the extra ray is not installed")
    made = RealCluster()
    yield made
    made.shutdown()
