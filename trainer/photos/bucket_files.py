"""Reading and listing photos in a bucket, with pyarrow, which Ray Data needs too."""

from __future__ import annotations

import contextlib
import errno
import os
import re
from collections.abc import Callable, Iterator
from concurrent.futures import Future
from datetime import timedelta
from functools import lru_cache
from importlib.util import find_spec
from threading import Thread
from typing import TYPE_CHECKING, Any, NamedTuple, TypeVar

from edge.distribution import install_command
from edge.errors import ConfigurationError, DatasetError, EdgeError, ImageError, UnavailableError, UsageError
from edge.pictures.bounded_file import check_file_size
from edge.shorten import shorten
from edge.sources.files import reason_to_ignore
from trainer.photos.bucket import Bucket, BucketPath, bucket_of, key_of
from trainer.photos.photo_files import FileStatus
from trainer.progress import Progress

if TYPE_CHECKING:
    from pyarrow.fs import FileSystem

_PYARROW = "pyarrow.lib"
"""Where the errors are made that are no :class:`OSError`, as those of Azure's keys: any server's may come so."""

ANSWER_LIMIT_S = 10.0
"""How long a server may be silent, in seconds, before it is asked once more, and then once more."""

_ATTEMPTS = 3
_CONNECT_LIMIT_S = 5.0
_RIGHTS = re.compile(
    r"ACCESS_DENIED|INVALID_ACCESS_KEY_ID|INVALID_CLIENT_TOKEN_ID|SIGNATURE_DOES_NOT_MATCH|UNRECOGNIZED_CLIENT|"
    r"MISSING_AUTHENTICATION_TOKEN|ExpiredToken|InvalidToken|Authentication(?:Exception|Failed)|"
    r"HTTP status 40[13]|PERMISSION_DENIED|UNAUTHENTICATED"
)
"""What the texts of pyarrow's errors have if a key is missing, wrong, or not allowed to do what it asks for."""

_AZURE = "with AZURE_CLIENT_ID, AZURE_TENANT_ID and AZURE_CLIENT_SECRET or 'az login'"
_WHERE_KEYS_ARE = {
    "s3": "with AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY or in ~/.aws",
    "gs": "with GOOGLE_APPLICATION_CREDENTIALS",
    **dict.fromkeys(("abfs", "abfss"), _AZURE),
}

_REGION = re.compile(r"bucket is located in|PermanentRedirect|AuthorizationHeaderMalformed|HTTP status 301")
"""The same if the bucket is in another region than it was looked for."""

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
    with _explained(root), progress.stage("listing the bucket") as advance:
        opened, key = _opened(bucket_of(root)), key_of(root)
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


def read_from_bucket(path: BucketPath) -> tuple[bytes, FileStatus]:
    """The bytes of the file at ``path``. When it was changed is known from the listing alone: the status has 0.

    Raises :class:`~edge.errors.ImageError` if it is empty or too large, :class:`OSError` if it is gone or may not be
    read, and :class:`~edge.errors.UnavailableError` if its server does not answer.
    """
    try:
        with _opened(bucket_of(path)).open_input_file(key_of(path)) as file:
            size = file.size()
            check_file_size(size)
            if size == 0:
                raise ImageError("an empty file")
            return file.read(), FileStatus(size, 0)
    except FileNotFoundError:
        raise FileNotFoundError(errno.ENOENT, os.strerror(errno.ENOENT)) from None
    except OSError as error:
        if "NO_SUCH_KEY" in str(error):  # it vanished after its size was asked for
            raise FileNotFoundError(errno.ENOENT, os.strerror(errno.ENOENT)) from None
        if isinstance(error, PermissionError) or _RIGHTS.search(str(error)):
            raise PermissionError(None, f"no right to read it ({_line(error)})") from None
        raise UnavailableError(f"{path}: its server does not answer ({_line(error)}); run again to go on") from None
    except Exception as error:
        if type(error).__module__ != _PYARROW:
            raise
        raise UnavailableError(f"{path}: its server does not answer ({_line(error)}); run again to go on") from None


@lru_cache(maxsize=8)
def _opened(bucket: Bucket) -> FileSystem:
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

    found: list[Any] = _interruptible(lambda: opened.get_file_info(fs.FileSelector(key, recursive=recursive)))
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


@contextlib.contextmanager
def _explained(root: BucketPath) -> Iterator[None]:
    """Errors of pyarrow in the block become those of :func:`list_bucket`."""
    try:
        yield
    except EdgeError:
        raise
    except Exception as error:
        if not isinstance(error, (OSError, ValueError)) and type(error).__module__ != _PYARROW:
            raise
        raise _explain(error, root) from None


def _explain(error: Exception, root: BucketPath) -> EdgeError:
    text, line = str(error), _line(error)
    if isinstance(error, ValueError):
        return UsageError(f"{root}: no address of a bucket ({line})")
    if _REGION.search(text):
        return ConfigurationError(
            f"{root}: the bucket is in another region ({line}); leave out AWS_REGION, AWS_DEFAULT_REGION and ?region=, "
            "and its region is found"
        )
    if "NO_SUCH_BUCKET" in text or re.search(r"[Bb]ucket '[^']*' not found", text):
        return DatasetError(f"{root}: there is no such bucket; give another one")
    if re.search("Not a directory|No such file or directory|Path does not exist", text):
        return DatasetError(
            f"{root}: no such folder in the bucket; give a folder that has one folder of photos for each class"
        )
    if isinstance(error, PermissionError) or _RIGHTS.search(text):
        return ConfigurationError(
            f"{root}: no right to list it; give this machine a key that may, {_WHERE_KEYS_ARE[root.parts[0][:-1]]} "
            f"({line})"
        )
    return UnavailableError(f"{root}: its server does not answer ({line}); check the address and the network")


def _line(error: BaseException) -> str:
    text = " ".join(str(error).split())
    return shorten(text.partition("AWS Error ")[2] or text, 200)


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
