"""Photos of a bucket whose server is busy, takes no key any more, or gives another file than it has announced."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from edge.errors import ConfigurationError, DatasetError, NotReadError, UnavailableError
from support.s3_server import KEYS, S3Server, running_server
from trainer.photos import bucket_answers, bucket_photo
from trainer.photos.bucket import BucketPath, as_place
from trainer.photos.bucket_files import open_bucket
from trainer.photos.bucket_photo import read_from_bucket
from trainer.photos.reading import read_photo

pytestmark = pytest.mark.xdist_group("s3")

KEY = "changing/red/1.png"
LONG, SHORT = bytes(range(256)) * 40, b"short"


@pytest.fixture(scope="module")
def server() -> Iterator[S3Server]:
    """The server, for all tests of this module."""
    with running_server() as made:
        yield made


@pytest.fixture
def photo(server: S3Server, monkeypatch: pytest.MonkeyPatch) -> BucketPath:
    """A photo in the bucket."""
    for name, value in KEYS.items():
        monkeypatch.setenv(name, value)
    server.put(KEY, LONG)
    path = as_place(server.address("changing/red")) / "1.png"
    assert isinstance(path, BucketPath)
    return path


class Between:
    """The file system of a bucket in which something happens between the question for a file's size and its bytes."""

    def __init__(self, opened: Any, happens: Iterator[object]) -> None:
        self._opened = opened
        self._happens = happens

    def open_input_file(self, key: str) -> Any:
        """The file, which may be another one now."""
        file = self._opened.open_input_file(key)
        next(self._happens)
        return file


def happening(monkeypatch: pytest.MonkeyPatch, happens: Iterator[object]) -> None:
    """Let the next thing of ``happens`` happen whenever a file is opened."""
    monkeypatch.setattr(bucket_photo, "open_bucket", lambda bucket: Between(open_bucket(bucket), happens))


@pytest.mark.parametrize(("before", "after"), [(LONG, SHORT), (SHORT, LONG)])
def test_a_photo_that_changes_while_it_is_read_is_read_again(
    server: S3Server, photo: BucketPath, monkeypatch: pytest.MonkeyPatch, before: bytes, after: bytes
) -> None:
    """What comes is one version or the other: never the beginning of one with rubbish behind it, or without its end."""
    server.put(KEY, before)

    def happens() -> Iterator[None]:
        server.put(KEY, after)
        while True:
            yield

    happening(monkeypatch, happens())
    assert read_from_bucket(photo) == (after, (len(after), 0))


def test_a_photo_that_changes_all_the_time_is_skipped(
    server: S3Server, photo: BucketPath, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is named like others that cannot be read."""
    numbers = iter(range(1, 100))
    happening(monkeypatch, (server.put(KEY, bytes([number]) * 9) for number in numbers))
    with pytest.raises(NotReadError, match="cannot be read: it was changed whenever it was read"):
        read_photo(photo)


def test_an_encrypted_photo_has_a_name_of_its_own(photo: BucketPath, monkeypatch: pytest.MonkeyPatch) -> None:
    """Its server's name for its content is not the MD5 of it, and stays the same."""
    monkeypatch.setattr(bucket_photo, "_version", lambda file: "another")
    assert read_from_bucket(photo)[0] == LONG


class Answering:
    """A file system whose server gives one answer after the other; the last one again and again."""

    def __init__(self, *answers: str) -> None:
        self.answers = list(answers)
        self.asked = 0

    def open_input_file(self, key: str) -> Any:
        """Raise the next answer."""
        self.asked += 1
        raise OSError(self.answers.pop(0) if len(self.answers) > 1 else self.answers[0])


SLOW_DOWN = "When reading: AWS Error UNKNOWN (HTTP status 503) during HeadObject operation: No response body."
GONE = "When reading: AWS Error RESOURCE_NOT_FOUND during GetObject operation:"
EXPIRED = "When reading: AWS Error UNKNOWN (HTTP status 400) during HeadObject operation: No response body."


def read(monkeypatch: pytest.MonkeyPatch, server: Answering) -> None:
    """Read a photo from ``server``."""
    waits: list[float] = []
    monkeypatch.setattr(bucket_answers.time, "sleep", waits.append)
    monkeypatch.setattr(bucket_photo, "open_bucket", lambda bucket: server)
    try:
        read_photo(as_place("s3://photos/red/1.png"))
    finally:
        assert waits == list(bucket_answers.BUSY_WAITS_S[: server.asked - 1])


def test_a_busy_server_is_asked_again(monkeypatch: pytest.MonkeyPatch) -> None:
    """It gets longer and longer pauses; what it says then counts, also that the photo has vanished meanwhile."""
    server = Answering(SLOW_DOWN, SLOW_DOWN, SLOW_DOWN, GONE)
    with pytest.raises(NotReadError, match="cannot be read: No such file or directory"):
        read(monkeypatch, server)
    assert server.asked == 4


def test_a_server_that_stays_busy_ends_the_run(monkeypatch: pytest.MonkeyPatch) -> None:
    """One line says that it answers, and what."""
    server = Answering(SLOW_DOWN)
    with pytest.raises(UnavailableError) as told:
        read(monkeypatch, server)
    assert str(told.value) == (
        "s3://photos/red/1.png: its server answers with an error (UNKNOWN (HTTP status 503) during HeadObject "
        "operation: No response body.); run again to go on"
    )
    assert server.asked == len(bucket_answers.BUSY_WAITS_S) + 1


AZURE = (
    "GetProperties failed for 'https://account.blob.core.windows.net/photos/red/1.png'. Cannot initialise an "
    "ObjectInputFile without knowing the file size. Azure Error: [{}] {} Server failed.\n\nRequest ID: 1"
)
"""How pyarrow tells what a server of Azure's kind answers."""


@pytest.mark.parametrize(
    ("code", "status", "error", "told"),
    [
        ("AuthorizationFailure", 403, NotReadError, r"no right to read it \(\[AuthorizationFailure\] 403 Server"),
        ("BlobNotFound", 404, NotReadError, "cannot be read: No such file or directory"),
        ("AuthenticationFailed", 403, UnavailableError, "does not take the key any more, or the question"),
        ("InvalidAuthenticationInfo", 401, UnavailableError, "does not take the key any more, or the question"),
        ("ServerBusy", 503, UnavailableError, "answers with an error"),
        ("", 0, UnavailableError, "its server does not answer"),
    ],
)
def test_answers_of_azure(
    monkeypatch: pytest.MonkeyPatch, code: str, status: int, error: type[Exception], told: str
) -> None:
    """What is the photo's own is told from what ends the run, by the number that the server gives."""
    server = Answering(AZURE.format(code, status or ""))
    with pytest.raises(error, match=told):
        read(monkeypatch, server)
    assert server.asked == (1 if status != 503 else len(bucket_answers.BUSY_WAITS_S) + 1)


@pytest.mark.parametrize(
    ("code", "status", "error", "told"),
    [
        ("ContainerNotFound", 404, DatasetError, "there is no such bucket"),
        ("AuthorizationFailure", 403, ConfigurationError, "no right to list it; give this machine a key that may"),
    ],
)
def test_azures_answers_to_a_listing(code: str, status: int, error: type[Exception], told: str) -> None:
    """A container that is not there, or that may not be listed."""
    place = as_place("abfs://photos@account.dfs.core.windows.net/red")
    assert isinstance(place, BucketPath)
    with pytest.raises(error, match=told), bucket_answers.explained(place):
        raise OSError(AZURE.format(code, status))


@pytest.mark.parametrize("text", [EXPIRED, "AWS Error INVALID_ACCESS_KEY_ID during GetObject operation: ExpiredToken"])
def test_a_key_that_expires_ends_the_run(monkeypatch: pytest.MonkeyPatch, text: str) -> None:
    """Photos are not skipped because the key is no longer one: a model would be fitted on those before."""
    server = Answering(text)
    with pytest.raises(UnavailableError, match=r"does not take the key any more, or the question .* run again"):
        read(monkeypatch, server)
    assert server.asked == 1
