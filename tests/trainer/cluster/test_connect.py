"""What is wrong with an address or an installation is one line, at once."""

from __future__ import annotations

import socket
from pathlib import Path
from threading import Thread

import pytest

from edge.errors import ConfigurationError, EdgeError, UnavailableError, UsageError
from support import tiny
from trainer.bottlenecks.augmented import compute_copies, copy_sha256
from trainer.bottlenecks.compute import compute_bottlenecks
from trainer.bottlenecks.workers import Threads
from trainer.cluster import connect
from trainer.cluster.connect import connected
from trainer.cluster.same_numbers import Check, Installation
from trainer.photos.dataset import read_dataset
from trainer.photos.folder import list_photos
from trainer.photos.photo_files import FileStatus, PhotoFile
from trainer.photos.reading import read_photo
from trainer.photos.split import SplitRatios
from trainer.progress import SILENT


def refused(address: str) -> EdgeError:
    """The error of connecting to ``address``."""
    with pytest.raises(EdgeError) as caught, connected(address, SILENT):
        pass
    return caught.value


def test_without_an_address_threads_compute() -> None:
    """No cluster is asked for."""
    with connected(None, SILENT) as workers:
        assert isinstance(workers, Threads)


def test_without_ray_the_extra_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    """It is an optional dependency."""
    monkeypatch.setattr(connect, "find_spec", lambda name: None)
    error = refused("auto")
    assert isinstance(error, ConfigurationError)
    assert str(error) == "--ray needs Ray: pip install 'edge-for-poets[ray]'"


@pytest.mark.parametrize("address", ["", "head", "ray://head:10001", "head:0", "head:65536", "head:port", "a b:1"])
def test_what_is_no_address_is_named(monkeypatch: pytest.MonkeyPatch, address: str) -> None:
    """The line has the three forms of an address."""
    monkeypatch.setattr(connect, "find_spec", lambda name: True)
    error = refused(address)
    assert isinstance(error, UsageError)
    assert str(error).endswith("give auto, local or HOST:PORT of the cluster's head")


def test_a_cluster_that_does_not_answer_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing listens there: this is known before Ray, which would wait for minutes, is imported."""
    monkeypatch.setattr(connect, "find_spec", lambda name: True)
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        address = f"127.0.0.1:{closed.getsockname()[1]}"
        error = refused(address)
    assert isinstance(error, UnavailableError)
    assert str(error) == f"--ray {address}: no cluster answers (Connection refused); start it there: ray start --head"


def test_what_is_no_cluster_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    """Another server answers at the address, or closes the connection."""
    monkeypatch.setattr(connect, "find_spec", lambda name: True)
    for answer in (b"HTTP/1.1 400 Bad Request\r\n\r\n", b""):
        with socket.create_server(("127.0.0.1", 0)) as server:

            def serve(server: socket.socket = server, answer: bytes = answer) -> None:
                connection, _ = server.accept()
                with connection:
                    connection.recv(100)
                    connection.sendall(answer)

            thread = Thread(target=serve)
            thread.start()
            error = refused(f"127.0.0.1:{server.getsockname()[1]}")
            thread.join()
        assert isinstance(error, UnavailableError)
        assert "no Ray cluster answers; give the address" in str(error)


class Number:
    """A worker that computes the size of a file, plus ``more``."""

    def __init__(self, more: int) -> None:
        self._more = more

    def __call__(self, file: PhotoFile, read: object) -> int:
        content, _ = read(file.path)  # type: ignore[operator]
        return len(content) + self._more


def test_a_node_must_compute_the_same_numbers(photos: Path) -> None:
    """Another number, another version or processor and photos that are not there are told apart."""
    files = list_photos(photos).files[:2]
    check = Check.of(lambda: Number(0), files)
    assert check.why_not(lambda: Number(0)) == ""
    assert check.why_not(lambda: Number(1)).startswith("it computes other numbers than this machine")
    here = Installation.of_this_machine()
    other = check._replace(installation=here._replace(machine="riscv64"))
    assert other.why_not(lambda: Number(0)).startswith("it has another kind of processor")
    other = check._replace(installation=here._replace(versions=(("pillow", "1.0"), *here.versions[1:])))
    assert other.why_not(lambda: Number(0)).endswith("this machine 1.0: pip install pillow==1.0 there")
    files[1].path.unlink()
    assert check.why_not(lambda: Number(0)).endswith(
        "No such file or directory; mount the photos there under the same path"
    )


def test_workers_read_through_what_they_are_given(photos: Path, tmp_path: Path) -> None:
    """The border between threads and a cluster: a worker computes what the function reads, wherever that comes from."""
    listed = list_photos(photos)
    content = listed.files[0].path.read_bytes()

    class Elsewhere:
        def map(self, make_worker, items):  # type: ignore[no-untyped-def]
            worker = make_worker()
            return (worker(item, lambda path: (content, FileStatus(1, 2))) for item in items)

    extractor = tiny.extractor(tmp_path)
    extracted = compute_bottlenecks(type(extractor)(extractor.backbone, tmp_path, workers=Elsewhere()), listed)
    assert len(set(extracted.contents.sha256.values())) == 1


def test_augmented_copies_travel(photos: Path, tmp_path: Path) -> None:
    """The worker of copies, and what it computes, survive the way to another process and back."""
    cloudpickle = pytest.importorskip("ray.cloudpickle", reason="the extra ray is not installed")

    class Sent:
        def map(self, make_worker, items):  # type: ignore[no-untyped-def]
            worker = cloudpickle.loads(cloudpickle.dumps(make_worker))()
            return (cloudpickle.loads(cloudpickle.dumps(worker(item, read_photo))) for item in items)

    some = read_dataset(photos, SplitRatios()).photos[:4]
    here = tiny.extractor(tmp_path / "here")
    there = type(here)(here.backbone, tmp_path / "there", workers=Sent())
    assert (compute_copies(here, some, 2), compute_copies(there, some, 2)) == (8, 8)
    copies = [copy_sha256(photo.sha256, number) for photo in some for number in (1, 2)]
    assert here.load(copies).tobytes() == there.load(copies).tobytes()
