"""What the answers of a bucket's server mean, as pyarrow tells them, and patience with one that is busy."""

from __future__ import annotations

import contextlib
import re
import time
from collections.abc import Callable, Iterator
from typing import TypeVar

from edge.errors import ConfigurationError, DatasetError, EdgeError, UnavailableError, UsageError
from edge.shorten import shorten
from trainer.photos.bucket import WHERE_KEYS_ARE, BucketPath

_PYARROW = "pyarrow.lib"
"""Where the errors are made that are no :class:`OSError`, as those of Azure's keys: any server's may come so."""

BUSY_WAITS_S = (1.0, 2.0, 4.0, 8.0, 8.0)
"""How long a server that says it is busy is left alone before it is asked again, in seconds.

Amazon's asks for this, with *503 Slow Down*, if more than some thousand requests a second come in
(*Best practices design patterns: optimizing Amazon S3 performance*).
"""

_KEY = re.compile(
    r"INVALID_ACCESS_KEY_ID|INVALID_CLIENT_TOKEN_ID|SIGNATURE_DOES_NOT_MATCH|UNRECOGNIZED_CLIENT|"
    r"MISSING_AUTHENTICATION_TOKEN|ExpiredToken|InvalidToken|Authentication(?:Exception|Failed)|"
    r"HTTP status 401|UNAUTHENTICATED|Azure Error: \[\w*\] 401"
)
"""What the texts of pyarrow's errors have if a key is missing, wrong or expired."""

_RIGHTS = re.compile(r"ACCESS_DENIED|HTTP status 403|PERMISSION_DENIED|Azure Error: \[\w*\] 403")
"""The same if the key is not allowed to do what it asks for."""

_REGION = re.compile(r"bucket is located in|PermanentRedirect|AuthorizationHeaderMalformed|HTTP status 301")
"""The same if the bucket is in another region than it was looked for."""

_GONE = re.compile(r"NO_SUCH_KEY|RESOURCE_NOT_FOUND|HTTP status 404|Azure Error: \[\w*\] 404")
_BUSY = re.compile(
    r"SLOW_DOWN|INTERNAL_FAILURE|SERVICE_UNAVAILABLE|THROTTLING|REQUEST_TIMEOUT|HTTP status (?:429|5\d\d)|"
    r"Azure Error: \[\w*\] (?:429|5\d\d)"
)

Answer = TypeVar("Answer")


def when_not_busy(ask: Callable[[], Answer]) -> Answer:
    """What ``ask`` returns; while the server is busy, it is asked again after :data:`BUSY_WAITS_S`.

    Raises the errors of ``ask``, at the end that of a busy server too.
    """
    for wait_s in BUSY_WAITS_S:
        try:
            return ask()
        except OSError as error:
            if not _BUSY.search(str(error)):
                raise
        time.sleep(wait_s)
    return ask()


def is_gone(error: Exception) -> bool:
    """Whether ``error`` says that there is no such file."""
    return isinstance(error, FileNotFoundError) or _GONE.search(str(error)) is not None


def is_forbidden(error: Exception) -> bool:
    """Whether ``error`` says that the key is one, but must not read this file."""
    if _KEY.search(str(error)):
        return False
    return isinstance(error, PermissionError) or _RIGHTS.search(str(error)) is not None


def of_pyarrow(error: Exception) -> bool:
    """Whether ``error`` comes from pyarrow, or from a system that it has asked."""
    return isinstance(error, OSError) or type(error).__module__ == _PYARROW


def why_not_read(path: BucketPath, error: Exception) -> UnavailableError:
    """The error that ends a run because the server gives neither ``path`` nor a reason that is the file's own."""
    line = line_of(error)
    if _KEY.search(str(error)) or "HTTP status 400" in line:  # what Amazon's says of an expired key, without its name
        why = f"its server does not take the key any more, or the question ({line}); renew the key and run again"
    elif _BUSY.search(str(error)) or "HTTP status" in line:
        why = f"its server answers with an error ({line}); run again"
    else:
        why = f"its server does not answer ({line}); run again"
    return UnavailableError(f"{path}: {why} to go on")


@contextlib.contextmanager
def explained(root: BucketPath) -> Iterator[None]:
    """Errors of pyarrow in the block become those of :func:`~trainer.photos.bucket_files.list_bucket`."""
    try:
        yield
    except EdgeError:
        raise
    except Exception as error:
        if not of_pyarrow(error) and not isinstance(error, ValueError):
            raise
        raise _why_not_listed(root, error) from None


def _why_not_listed(root: BucketPath, error: Exception) -> EdgeError:
    text, line = str(error), line_of(error)
    if isinstance(error, ValueError):
        return UsageError(f"{root}: no address of a bucket ({line})")
    if _REGION.search(text):
        return ConfigurationError(
            f"{root}: the bucket is in another region ({line}); leave out AWS_REGION, AWS_DEFAULT_REGION and ?region=, "
            "and its region is found"
        )
    if re.search(r"NO_SUCH_BUCKET|\[ContainerNotFound\]|[Bb]ucket '[^']*' not found", text):
        return DatasetError(f"{root}: there is no such bucket; give another one")
    if re.search("Not a directory|No such file or directory|Path does not exist", text):
        return DatasetError(
            f"{root}: no such folder in the bucket; give a folder that has one folder of photos for each class"
        )
    if isinstance(error, PermissionError) or _RIGHTS.search(text) or _KEY.search(text):
        return ConfigurationError(
            f"{root}: no right to list it; give this machine a key that may, {WHERE_KEYS_ARE[root.parts[0][:-1]]} "
            f"({line})"
        )
    if "REQUEST_TIME_TOO_SKEWED" in text:
        return ConfigurationError(f"{root}: this machine's clock is not right, which its server minds; set it ({line})")
    if _BUSY.search(text):
        return UnavailableError(f"{root}: its server answers with an error ({line}); run again")
    return UnavailableError(f"{root}: its server does not answer ({line}); check the address and the network")


def line_of(error: BaseException) -> str:
    """What ``error`` says, in one short line."""
    text = " ".join(str(error).split())
    return shorten(re.split("AWS Error |Azure Error: ", text)[-1], 200)
