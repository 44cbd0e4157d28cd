"""Photos in a bucket of a real server that speaks as S3 does: what they give is what a folder gives."""

from __future__ import annotations

import dataclasses
import socket
from collections.abc import Iterator
from pathlib import Path
from threading import Thread
from typing import Any

import pytest

from edge.errors import ConfigurationError, DatasetError, EdgeError, NotReadError, StorageError, UnavailableError
from support import tiny
from support.s3_server import KEYS, S3Server, listed_before_one_is_gone, running_server
from trainer.bottlenecks import cache, fill_cache
from trainer.bottlenecks.compute import compute_bottlenecks
from trainer.bottlenecks.workers import Threads
from trainer.photos import bucket_files
from trainer.photos.bucket import as_place
from trainer.photos.folder import list_photos
from trainer.photos.photo_files import PhotoFolder
from trainer.photos.reading import read_contents, read_photo

pytestmark = pytest.mark.xdist_group("s3")


@pytest.fixture(scope="module")
def server() -> Iterator[S3Server]:
    """The server, for all tests of this module."""
    with running_server() as made:
        yield made


@pytest.fixture(autouse=True)
def key(monkeypatch: pytest.MonkeyPatch) -> None:
    """A key for the server."""
    for name, value in KEYS.items():
        monkeypatch.setenv(name, value)


def listing(folder: PhotoFolder) -> tuple[object, ...]:
    """What was listed, without the places."""
    return folder.labels, [(each.relative, each.label, each.split) for each in folder.files], sorted(folder.skipped)


UNUSUAL = (
    *("red/a b.png", "red/deep/down/ü.png", "red/a?b#%20+&.png", "red/deep.png", "red/quote's.png", "red/-x.png"),
    *("blue/b.png", "blue/.hidden.png", "blue/.folder/x.png", "blue/Thumbs.db", "blue/sub/.DS_Store", "blue/b.txt"),
    *("green/a.png", "@eaDir/a.png", ".git/x.png", "top.txt"),
)


def fill_unusual(root: Path) -> Path:
    """Files with unusual names, and an empty folder."""
    for name in UNUSUAL:
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_bytes(b"a file")
    (root / "empty").mkdir()
    return root


def test_a_bucket_is_listed_as_a_folder_is(server: S3Server, tmp_path: Path) -> None:
    """Classes, order, and what is skipped and why, with unusual names, folders in folders and an empty class."""
    root = fill_unusual(tmp_path / "unusual")
    server.put_folder(root)
    server.put("unusual/empty/", b"")  # how programs keep an empty folder
    here, there = list_photos(root), list_photos(as_place(server.address("unusual")))
    assert listing(there) == listing(here)
    assert [file.status.st_size for file in there.files if file.status] == [6] * len(there.files)


def test_another_kind_of_bucket_is_listed_at_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What pyarrow says of it gives the same classes, files and reasons; a folder stands for the bucket here."""
    fs = pytest.importorskip("pyarrow.fs", reason="the extra ray is not installed")
    fill_unusual(tmp_path / "bucket" / "unusual")
    opened = fs.SubTreeFileSystem(str(tmp_path), fs.LocalFileSystem())
    monkeypatch.setattr(bucket_files, "open_bucket", lambda bucket: opened)
    assert listing(list_photos(as_place("gs://bucket/unusual"))) == listing(list_photos(tmp_path / "bucket/unusual"))
    assert "no such folder in the bucket" in str(refused("gs://bucket/none"))


def test_split_folders_are_recognised(server: S3Server, tmp_path: Path) -> None:
    """The layout of a bucket is that of a folder."""
    root = tmp_path / "divided"
    for name in ("train/red/1.png", "train/blue/1.png", "test/red/2.png", "test/blue/2.png"):
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_bytes(b"a file")
    server.put_folder(root)
    assert listing(list_photos(as_place(server.address("divided")))) == listing(list_photos(root))


def test_names_that_no_folder_can_have_are_skipped(server: S3Server) -> None:
    """A bucket has no folders, only names with slashes: two in a row, or dots between them."""
    for name in ("odd/red/1.png", "odd/blue/1.png", "odd/red//2.png", "odd/red/../3.png"):
        server.put(name, b"a file")
    found = list_photos(as_place(server.address("odd")))
    assert [file.relative for file in found.files] == ["blue/1.png", "red/1.png"]
    assert sorted(found.skipped) == [("red/", "a folder without a name"), ("red/..", "hidden")]


def test_photos_are_what_they_are_in_a_folder(server: S3Server, photos: Path) -> None:
    """Contents, and the reasons for files that are no photos, empty, or gone since they were listed."""
    (photos / "red" / "empty.jpg").write_bytes(b"")
    here, there = listed_before_one_is_gone(server, photos)
    contents = read_contents(there)
    assert contents == read_contents(here)
    assert contents.unreadable["red/gone.jpg"] == "cannot be read: No such file or directory"
    assert len(contents.sha256) == 36


def test_what_is_known_is_not_read_again_and_a_dead_server_ends_the_run(
    photos: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The server is killed after ten results: the run ends in one line, and a second run computes the rest."""
    pytest.importorskip("pyarrow", reason="the extra ray is not installed")
    monkeypatch.setattr(cache, "_SETTLED_NS", -(10**10))
    monkeypatch.setattr(fill_cache, "COMMIT_EVERY_S", 0)
    server = S3Server()
    server.put_folder(photos)
    folder = list_photos(as_place(server.address("photos")))
    extractor = tiny.extractor(tmp_path)
    results = 0

    class Killing:
        def map(self, make_worker, items):  # type: ignore[no-untyped-def]
            nonlocal results
            worker = make_worker()
            for item in items:
                yield worker(item, read_photo)
                results += 1
                if results == 10:
                    server.stop()

    with pytest.raises(UnavailableError) as caught:
        compute_bottlenecks(dataclasses.replace(extractor, workers=Killing()), folder)
    assert str(caught.value).startswith(f"{folder.files[10].path}: its server does not answer (NETWORK_CONNECTION")
    assert str(caught.value).endswith("; run again to go on")
    again = S3Server(server.port)
    again.put_folder(photos)
    assert compute_bottlenecks(extractor, folder).computed == 36 - 10
    again.stop()
    assert compute_bottlenecks(extractor, folder).computed == 0  # without its server: nothing is read
    assert extractor.load(list(read_contents(list_photos(photos)).sha256.values())).shape[0] == 36


def refused(address: str) -> EdgeError:
    """The error of listing ``address``, which is one line."""
    with pytest.raises(EdgeError) as caught:
        list_photos(as_place(address))
    assert "\n" not in str(caught.value)
    return caught.value


def test_what_is_not_there_is_told_apart(server: S3Server) -> None:
    """No such bucket, no such folder, and a file in place of a folder."""
    server.put("file.csv", b"red/1.png,red")
    missing = refused(f"s3://nowhere/photos{server.settings}")
    assert isinstance(missing, DatasetError)
    assert str(missing).endswith("there is no such bucket; give another one")
    for name in ("nothing", "file.csv"):
        assert isinstance(refused(server.address(name)), DatasetError)
        assert "no such folder in the bucket" in str(refused(server.address(name)))


def test_without_rights_the_remedy_is_named(server: S3Server) -> None:
    """A key that the server does not know may not list; a photo that may not be read is skipped like others."""
    server.put("mine/red/1.png", b"a file")
    photo = as_place(server.address("mine/red")) / "1.png"
    server.ask_for_keys(True)
    try:
        error = refused(server.address("mine"))
        with pytest.raises(NotReadError, match="no right to read it"):
            read_photo(photo)
    finally:
        server.ask_for_keys(False)
    assert isinstance(error, ConfigurationError)
    assert "with AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY or in ~/.aws" in str(error)


def test_rights_that_are_taken_away_end_the_run(
    server: S3Server, photos: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """From some photo on the server refuses the key: no photo is skipped for it, and a second run goes on."""
    monkeypatch.setattr(fill_cache, "COMMIT_EVERY_S", 0)
    server.put_folder(photos.rename(tmp_path / "revoked"))
    folder = list_photos(as_place(server.address("revoked")))

    class Revoking:
        """Threads; after the second result the key is refused."""

        def map(self, make_worker: Any, items: Any) -> Iterator[Any]:
            """See :class:`Threads`."""
            for number, result in enumerate(Threads(1).map(make_worker, items)):
                server.ask_for_keys(number >= 2)
                yield result

    extractor = tiny.extractor(tmp_path)
    try:
        with pytest.raises(StorageError, match=r"no right to read it .*; neither can other photos of \w+ \("):
            compute_bottlenecks(dataclasses.replace(extractor, workers=Revoking()), folder)
    finally:
        server.ask_for_keys(False)
    extracted = compute_bottlenecks(extractor, folder)
    assert not extracted.contents.unreadable
    assert 0 < extracted.computed < 36


def test_a_server_that_is_not_there_or_silent_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing listens, or somebody listens and never answers: the wait has an end."""
    pytest.importorskip("pyarrow", reason="the extra ray is not installed")
    for name, value in (("ANSWER_LIMIT_S", 0.5), ("_ATTEMPTS", 1)):
        monkeypatch.setattr(bucket_files, name, value)
    with socket.create_server(("127.0.0.1", 0)) as silent:
        port = silent.getsockname()[1]
        waiting = refused(f"s3://photos/a?endpoint_override=http://127.0.0.1:{port}")
    dead = refused(f"s3://photos/b?endpoint_override=http://127.0.0.1:{port}&region=none")
    for error in (waiting, dead):
        assert isinstance(error, UnavailableError)
        assert "its server does not answer (NETWORK_CONNECTION" in str(error)


def test_another_region_is_named() -> None:
    """The server answers as Amazon's does."""
    pytest.importorskip("pyarrow", reason="the extra ray is not installed")
    body = (
        b"<?xml version='1.0'?><Error><Code>PermanentRedirect</Code><Message>The bucket you are attempting to access "
        b"must be addressed using the specified endpoint.</Message></Error>"
    )
    head = "HTTP/1.1 301 Moved\r\nx-amz-bucket-region: eu-west-1\r\nContent-Type: application/xml\r\n"
    answer = f"{head}Content-Length: {len(body)}\r\nConnection: close\r\n\r\n".encode() + body
    with socket.create_server(("127.0.0.1", 0)) as elsewhere:

        def serve() -> None:
            while True:
                try:
                    connection, _ = elsewhere.accept()
                except OSError:
                    return
                with connection:
                    connection.recv(65_536)
                    connection.sendall(answer)

        Thread(target=serve, daemon=True).start()
        error = refused(f"s3://photos/a?endpoint_override=http://127.0.0.1:{elsewhere.getsockname()[1]}")
        elsewhere.shutdown(socket.SHUT_RDWR)
    assert isinstance(error, ConfigurationError)
    assert "the bucket is in another region (UNKNOWN (HTTP status 301)" in str(error)


def test_without_pyarrow_the_extra_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    """It comes with Ray, and is needed for a bucket alone."""
    monkeypatch.setattr(bucket_files, "find_spec", lambda name: None)
    error = refused("s3://never-asked/photos")
    assert isinstance(error, ConfigurationError)
    assert str(error) == "s3://never-asked needs pyarrow: pip install 'edge-for-poets[ray]'"
