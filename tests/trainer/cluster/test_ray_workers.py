"""Bottlenecks on a real cluster: the bytes that one machine computes, whatever happens to its nodes."""

from __future__ import annotations

import dataclasses
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterable, Iterator
from pathlib import Path
from threading import Thread
from threading import enumerate as enumerate_threads
from typing import Any

import numpy as np
import pytest

from edge.errors import ConfigurationError, StorageError
from support import tiny
from support.hanging_share import OPEN, hanging_share
from support.paths import PACKAGES, TESTS, python_path
from support.ray_cluster import RealCluster
from trainer.bottlenecks import fill_cache
from trainer.bottlenecks.cache import BottleneckCache
from trainer.bottlenecks.compute import Extracted, compute_bottlenecks
from trainer.bottlenecks.extractor import FeatureExtractor
from trainer.bottlenecks.workers import Threads, Workers
from trainer.cluster.connect import connected
from trainer.cluster.ray_workers import RayWorkers, is_of_ray
from trainer.photos.folder import list_photos
from trainer.photos.photo_files import PhotoFolder
from trainer.progress import Progress

INTERRUPTED = """
import dataclasses
import sys
import time
from pathlib import Path
from support import tiny
from edge.run_command import run_command
from trainer.bottlenecks.compute import compute_bottlenecks
from trainer.cluster.connect import connected
from trainer.photos.folder import list_photos
from trainer.progress import Progress

class Slow:
    def __init__(self, workers):
        self.workers = workers
    def map(self, make_worker, items):
        for result in self.workers.map(make_worker, items):
            yield result
            print("first", file=sys.stderr, flush=True)
            time.sleep(60)

def run():
    with connected(sys.argv[1], Progress(None, lambda text: None)) as workers:
        extractor = dataclasses.replace(tiny.extractor(Path(sys.argv[3])), workers=Slow(workers))
        compute_bottlenecks(extractor, list_photos(Path(sys.argv[2])))

sys.exit(run_command("trainer", run))
"""
"""A program that computes on a cluster and waits after the first result."""

pytestmark = pytest.mark.xdist_group("ray")


def with_workers(extractor: FeatureExtractor, folder: Path, workers: Workers) -> FeatureExtractor:
    """The same with another cache, and other workers."""
    return dataclasses.replace(extractor, bottleneck_dir=folder, workers=workers)


def same(one: FeatureExtractor, other: FeatureExtractor, extracted: Extracted) -> bool:
    """Whether both caches have the same bottlenecks of all photos."""
    images = list(extracted.contents.sha256.values())
    return np.array_equal(one.load(images), other.load(images))


def wait_until_idle(cluster: RealCluster) -> None:
    """Wait until no actor has a core of the cluster any more."""
    import ray

    deadline = time.monotonic() + 60
    while ray.available_resources().get("CPU") != len(cluster.nodes):
        assert time.monotonic() < deadline
        time.sleep(0.1)


@pytest.fixture
def listed(photos: Path) -> PhotoFolder:
    """The photos, with one that cannot be decoded, and one that vanishes between listing and reading."""
    (photos / "red" / "bad.jpg").write_bytes(b"no picture")
    (photos / "red" / "gone.jpg").write_bytes(b"here today")
    folder = list_photos(photos)
    (photos / "red" / "gone.jpg").unlink()
    return folder


def test_a_cluster_computes_what_one_machine_computes_though_a_node_dies(
    cluster: RealCluster, listed: PhotoFolder, tmp_path: Path
) -> None:
    """A node is killed while it computes, after the first result: each photo comes once, with the bytes of one machine.

    Reasons for bad files are the same too, and a second run has nothing to do.
    """
    messages: list[str] = []
    waiting, killed = tmp_path / "waiting", tmp_path / "killed"
    here = tiny.extractor(tmp_path / "here")
    alone = compute_bottlenecks(here, listed)
    first = {file.path for file in listed.files[:12]}  # four runs of an actor
    results = 0

    class Killing:
        """Workers that wait, but for the first runs, until a node is killed."""

        def __init__(self, workers: Workers) -> None:
            self._workers = workers

        def map(self, make_worker: Any, items: Iterable[Any]) -> Iterator[Any]:
            nonlocal results

            def make_waiting() -> Any:
                worker = make_worker()

                def wait(item: Any, read: Any) -> Any:
                    import ray

                    context = ray.get_runtime_context()
                    while context.get_actor_id() and item.path not in first and not killed.exists():
                        waiting.write_text(context.get_node_id())
                        time.sleep(0.05)
                    return worker(item, read)

                return wait

            for result in self._workers.map(make_waiting, items):
                results += 1
                yield result

    def kill() -> None:
        while not results or not waiting.exists() or not waiting.read_text():
            time.sleep(0.05)
        cluster.kill(next(node for node in cluster.nodes if node.node_id == waiting.read_text()))
        killed.touch()

    with connected(cluster.address, Progress(None, messages.append)) as workers:
        killer = Thread(target=kill, daemon=True)
        killer.start()
        there = with_workers(here, tmp_path / "there", Killing(workers))
        extracted = compute_bottlenecks(there, listed)
        killer.join()
        again = compute_bottlenecks(with_workers(here, tmp_path / "there", Threads()), listed)
    assert extracted == alone
    assert set(extracted.contents.unreadable) == {"red/bad.jpg", "red/gone.jpg"}
    assert results == len(listed.files)
    assert (extracted.computed, again.computed) == (len(extracted.contents.sha256), 0)
    assert messages[0] == f"connected to the Ray cluster at {cluster.address}"
    assert any(message.startswith(f"{len(listed.files)} files in ") for message in messages)
    assert same(here, there, extracted)


def test_results_that_are_lost_with_a_node_are_computed_again(
    cluster: RealCluster, listed: PhotoFolder, tmp_path: Path
) -> None:
    """A node joins; all others are killed when all is computed and results, too large to travel at once, wait there.

    By then Ray has ended its actors, so that none is left to compute them again. To wait for them may take for ever.
    """
    messages: list[str] = []
    here = tiny.extractor(tmp_path / "here")
    alone = compute_bottlenecks(here, listed)

    class Late:
        """Workers whose results are large, and taken when all are computed and their nodes are killed."""

        def __init__(self, workers: Workers) -> None:
            self._workers = workers

        def map(self, make_worker: Any, items: Iterable[Any]) -> Iterator[Any]:
            def make_large() -> Any:
                worker = make_worker()
                return lambda item, read: (worker(item, read), bytes(200_000))

            results = self._workers.map(make_large, items)
            yield next(results)[0]
            wait_until_idle(cluster)
            have_results = list(cluster.nodes)
            cluster.nodes.append(cluster.add())
            for node in have_results:
                cluster.kill(node)
            yield from (result for result, _ in results)

    with connected(cluster.address, Progress(None, messages.append)) as workers:
        there = with_workers(here, tmp_path / "there", Late(workers))
        extracted = compute_bottlenecks(there, listed)
    assert extracted == alone
    assert any(message.endswith("was lost; other nodes computed its photos") for message in messages)
    assert same(here, there, extracted)


def test_a_node_without_edge_is_left_out_and_a_share_that_hangs_ends_the_run(
    cluster: RealCluster, photos: Path, tmp_path: Path
) -> None:
    """The message names the node and the remedy; a photo that is never read is named."""
    messages: list[str] = []
    folder = list_photos(photos)
    stuck = folder.files[-1].path
    node = cluster.add_without_edge(tmp_path)

    def compute(cache: Path, workers: Workers) -> int:
        return compute_bottlenecks(with_workers(tiny.extractor(cache), cache, workers), folder).computed

    try:
        with connected(cluster.address, Progress(None, messages.append)) as workers:
            assert compute(tmp_path / "whole", workers) == len(folder.files)
            left_out = [message for message in messages if "is left out: it has no module" in message]
            assert "pip install 'edge-for-poets[ray]' there" in left_out[0]
            stuck.unlink()
            stuck.symlink_to(tmp_path / "share" / "photo.png")
            (tmp_path / "empty").mkdir()
            with (
                hanging_share(tmp_path / "empty", tmp_path / "share", OPEN),
                pytest.raises(StorageError, match=r"no answer within 0\.5 s; mend the drive and run again to go on"),
            ):
                compute(tmp_path / "stuck", RayWorkers(Progress(None, messages.append), read_limit_s=0.5))
    finally:
        cluster.kill(node)


def test_a_full_disk_ends_the_job_before_the_connection(
    cluster: RealCluster, photos: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The error keeps results alive that are on their way; no thread of Ray uses the connection when it is closed."""

    def full(*_: object) -> None:
        raise StorageError("the disk is full")

    monkeypatch.setattr(fill_cache, "COMMIT_EVERY_S", 0)
    monkeypatch.setattr(BottleneckCache, "store", full)
    with (
        pytest.raises(StorageError, match="the disk is full"),
        connected(cluster.address, Progress(None, lambda text: None)) as workers,
    ):
        compute_bottlenecks(with_workers(tiny.extractor(tmp_path), tmp_path, workers), list_photos(photos))
    assert [thread.name for thread in enumerate_threads() if is_of_ray(thread)] == []


def test_another_version_of_ray_is_one_line(cluster: RealCluster, monkeypatch: pytest.MonkeyPatch) -> None:
    """The cluster runs another release than this process."""
    import ray

    monkeypatch.setattr(ray, "__version__", "2.1.0")
    with (
        pytest.raises(ConfigurationError, match="another version of Ray or Python; install the same on all machines"),
        connected(cluster.address, Progress()),
    ):
        pass


def test_ctrl_c_ends_the_job_on_the_cluster(cluster: RealCluster, photos: Path, tmp_path: Path) -> None:
    """After Ctrl-C the command says how to go on, and the cluster has its cores again."""
    environment = {**os.environ, "PYTHONPATH": python_path(PACKAGES, TESTS)}
    arguments = [sys.executable, "-c", INTERRUPTED, cluster.address, str(photos), str(tmp_path)]
    with subprocess.Popen(arguments, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=environment) as run:
        assert run.stderr is not None
        assert run.stdout is not None
        assert run.stderr.readline() == "first\n"
        run.send_signal(signal.SIGINT)
        said = run.stderr.read()
        assert (run.wait(), run.stdout.read()) == (130, "")
    assert said == "trainer: interrupted; run the same command again to go on\n"
    with connected(cluster.address, Progress(None, lambda text: None)):
        wait_until_idle(cluster)
