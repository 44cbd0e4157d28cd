"""Opening and listing buckets, with pyarrow, which Ray Data needs too."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from concurrent.futures import Future
from datetime import timedelta
from functools import lru_cache
from importlib.util import find_spec
from threading import Thread
from typing import TYPE_CHECKING, Any, NamedTuple, TypeVar

from edge.distribution import install_command
from edge.errors import ConfigurationError
from edge.sources.files import reason_to_ignore
from trainer.photos.bucket import Bucket, BucketPath, bucket_of, key_of
from trainer.photos.bucket_answers import explained, when_not_busy
from trainer.photos.photo_files import FileStatus
from trainer.progress import Progress

if TYPE_CHECKING:
    from pyarrow.fs import FileSystem

ANSWER_LIMIT_S = 10.0
"""How long a server may be silent, in seconds, before it is asked once more, and then once more."""

_ATTEMPTS = 3
_CONNECT_LIMIT_S = 5.0

Answer = TypeVar("Answer")


class Listed(NamedTuple):
    """What lies in a place of a bucket, by relative path: ``files`` in order, and the names of ``folders`` in it."""

    files: dict[str, FileStatus]
    folders: list[str]


def list_bucket(root: BucketPath, skip: Callable[[str, str], None], progress: Progress) -> Listed:
    """The files below ``root``, at any depth, as :func:`edge.sources.files.walk_files` gives those of a folder.

    ``skip`` gets the relative path of what is skipped, with the reason. The folders in ``root`` are listed one after
    the other, so that no more of a large bucket is in memory at once than one of them, and the files that are kept;
    those of Google and Azure all at once.

    Raises :class:`~edge.errors.DatasetError` if there is no such bucket or folder,
    :class:`~edge.errors.ConfigurationError` without the right to list it, and
    :class:`~edge.errors.UnavailableError` if its server does not answer.
    """
    files: dict[str, FileStatus] = {}
    folders = []
    with explained(root), progress.stage("listing the bucket") as advance:
        opened, key = open_bucket(bucket_of(root)), key_of(root)
        if bucket_of(root).scheme != "s3":  # Google's listing of one folder lacks the folders in it
            found = _list(opened, key, recursive=True)
            folders = sorted({_name(info.path, key).partition("/")[0] for info in found if _in_folder(info, key)})
            return Listed(dict(_below(found, key, skip)), folders)
        for info in sorted(_list(opened, key, recursive=False), key=lambda info: info.path):
            name = _name(info.path, key)
            reason = _why_not(name)
            if reason is not None:
                skip(name, reason)
            elif info.is_file:
                files[name] = FileStatus(info.size, info.mtime_ns or 0)
            else:
                folders.append(name)
                files.update(_below(_list(opened, info.path, recursive=True), key, skip))
            advance(1)
    return Listed(files, folders)


@lru_cache(maxsize=8)
def open_bucket(bucket: Bucket) -> FileSystem:
    """The file system of ``bucket``, one for each process.

    Raises :class:`~edge.errors.ConfigurationError` without pyarrow.
    """
    if find_spec("pyarrow") is None:
        raise ConfigurationError(f"{bucket.scheme}://{bucket.name} needs pyarrow: {install_command('ray')}")
    from pyarrow import fs

    endpoint, scheme = bucket.setting("endpoint_override"), bucket.setting("scheme")
    anonymous = bucket.setting("anonymous") == "true"
    if bucket.scheme == "gs":
        return fs.GcsFileSystem(
            endpoint_override=endpoint,
            scheme=scheme or "https",
            anonymous=anonymous,
            retry_time_limit=timedelta(seconds=_ATTEMPTS * ANSWER_LIMIT_S),
        )
    if bucket.scheme != "s3":
        settings = f"?{bucket.settings}" if bucket.settings else ""
        return fs.FileSystem.from_uri(f"{bucket.scheme}://{bucket.name}{settings}")[0]
    if endpoint is None:
        address = os.environ.get("AWS_ENDPOINT_URL_S3") or os.environ.get("AWS_ENDPOINT_URL") or ""
        scheme_of_address, _, endpoint = address.rpartition("://")
        scheme = scheme or scheme_of_address
    region = bucket.setting("region") or os.environ.get("AWS_REGION") or os.environ.get("AWS_DEFAULT_REGION")
    return fs.S3FileSystem(
        endpoint_override=endpoint.rstrip("/") or None,
        scheme=scheme or "https",
        region=region or ("us-east-1" if endpoint else fs.resolve_s3_region(bucket.name)),
        anonymous=anonymous,
        request_timeout=ANSWER_LIMIT_S,
        connect_timeout=_CONNECT_LIMIT_S,
        retry_strategy=fs.AwsStandardS3RetryStrategy(max_attempts=_ATTEMPTS),
    )


def _list(opened: FileSystem, key: str, *, recursive: bool) -> list[Any]:
    from pyarrow import fs

    selected = fs.FileSelector(key, recursive=recursive)
    found: list[Any] = _interruptible(lambda: when_not_busy(lambda: opened.get_file_info(selected)))
    return found


def _below(found: list[Any], key: str, skip: Callable[[str, str], None]) -> Iterator[tuple[str, FileStatus]]:
    """The files among those ``found`` below ``key``, with what each is, in the order of a walk through folders."""
    named = sorted((_name(info.path, key).split("/"), info.size, info.mtime_ns) for info in found if info.is_file)
    skipped = set()
    for parts, size, changed in named:
        for depth, part in enumerate(parts, 1):
            if reason := _why_not(part):
                above = "/".join(parts[:depth])
                if above not in skipped:
                    skipped.add(above)
                    skip(above, reason)
                break
        else:
            yield "/".join(parts), FileStatus(size, changed or 0)


def _name(path: str, key: str) -> str:
    """What ``path``, of something below ``key``, is called there."""
    return path[len(key.rstrip("/")) + 1 :]


def _in_folder(info: Any, key: str) -> bool:
    return not info.is_file or "/" in _name(info.path, key)


def _why_not(name: str) -> str | None:
    return reason_to_ignore(name) if name else "a folder without a name"


def _interruptible(ask: Callable[[], Answer]) -> Answer:
    """What ``ask`` returns, from a thread of its own: Ctrl-C would wait for code in C++ until it is done."""
    future: Future[Answer] = Future()

    def run() -> None:
        try:
            future.set_result(ask())
        except BaseException as error:  # it belongs to whoever waits
            future.set_exception(error)

    Thread(target=run, daemon=True).start()
    return future.result()
