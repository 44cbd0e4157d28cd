"""Photos in a bucket, computed by a real cluster, whose nodes read them themselves."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from edge.errors import UnavailableError
from support import tiny
from support.ray_cluster import RealCluster
from support.s3_server import S3Server, listed_before_one_is_gone, running_server
from trainer.bottlenecks import fill_cache
from trainer.bottlenecks.compute import compute_bottlenecks
from trainer.bottlenecks.workers import Workers
from trainer.cluster.connect import connected
from trainer.progress import Progress

pytestmark = pytest.mark.xdist_group("ray")


@pytest.fixture
def server() -> Iterator[S3Server]:
    """The server, with a key for it."""
    with running_server() as made:
        yield made


def test_nodes_read_a_bucket_and_a_dead_server_costs_nothing(
    cluster: RealCluster, server: S3Server, photos: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The server is killed while the nodes compute: one line. A second run, without them, computes the rest.

    The bytes are those of a folder. A file that is no photo, and one that is gone since it was listed, are named too.
    """
    monkeypatch.setattr(fill_cache, "COMMIT_EVERY_S", 0)
    here, listed = listed_before_one_is_gone(server, photos)
    alone = tiny.extractor(tmp_path / "here")
    expected = compute_bottlenecks(alone, here)
    results = 0

    class Killing:
        """Workers of the cluster; after some results the server is killed."""

        def __init__(self, workers: Workers) -> None:
            self._workers = workers

        def map(self, make_worker: Any, items: Any) -> Iterator[Any]:
            nonlocal results
            for result in self._workers.map(make_worker, items):
                results += 1
                yield result
                if results == 4:
                    server.stop()

    there = dataclasses.replace(alone, bottleneck_dir=tmp_path / "there")
    with (
        connected(cluster.address, Progress(None, lambda text: None)) as workers,
        pytest.raises(UnavailableError, match=r"its server does not answer .*; run again to go on$"),
    ):
        compute_bottlenecks(dataclasses.replace(there, workers=Killing(workers)), listed)
    again = S3Server(server.port)
    again.put_folder(photos)
    extracted = compute_bottlenecks(there, listed)
    again.stop()
    assert extracted.contents == expected.contents
    assert 0 < extracted.computed <= 36 - 3
    images = list(extracted.contents.sha256.values())
    assert alone.load(images).tobytes() == there.load(images).tobytes()
