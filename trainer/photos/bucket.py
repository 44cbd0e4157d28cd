"""Places in a bucket: addresses such as ``s3://bucket/folder``, as paths.

The settings of an address, ``?region=eu-west-1``, stay behind the bucket's name, so that every path below it has them:
``s3://bucket?region=eu-west-1/folder/photo.jpg``.
"""

from __future__ import annotations

import os
import re
from pathlib import Path
from typing import NamedTuple, TypeGuard
from urllib.parse import parse_qsl

from edge.errors import UsageError
from edge.shorten import shorten

SCHEMES = ("s3", "gs", "abfs", "abfss")
"""How addresses of buckets begin: Amazon S3 and servers that speak as it does, Google's, and Azure's."""

_AZURE = "with AZURE_CLIENT_ID, AZURE_TENANT_ID and AZURE_CLIENT_SECRET or 'az login'"

WHERE_KEYS_ARE = {
    "s3": "with AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY or in ~/.aws",
    "gs": "with GOOGLE_APPLICATION_CREDENTIALS",
    **dict.fromkeys(("abfs", "abfss"), _AZURE),
}
"""How a user gives a key for each of them."""

ADDRESSES = tuple(f"{scheme}://" for scheme in SCHEMES)

_SETTING = r"[a-z_]+=(?:https?:/+)?[^&?/]*"
_SETTINGS = re.compile(rf"\?({_SETTING}(?:&{_SETTING})*)/?\Z")
"""Settings at the end of an address. A key may have a question mark too, but hardly one with such an end."""


class BucketPath(type(Path())):  # type: ignore[misc]
    """A place in a bucket. Only what a path can do without a file system works: ``/``, ``name``, ``str``."""

    __slots__ = ()

    def __str__(self) -> str:
        """The address."""
        return str(super().__str__()).replace(":/", "://", 1)  # a path has no two slashes


class Bucket(NamedTuple):
    """A bucket: the ``scheme`` of its address, its ``name`` and its ``settings``, as ``region=eu-west-1``."""

    scheme: str
    name: str
    settings: str = ""

    def setting(self, name: str) -> str | None:
        """The value of the setting ``name``."""
        return dict(parse_qsl(self.settings)).get(name)


def in_bucket(path: Path) -> TypeGuard[BucketPath]:
    """Whether ``path`` is in a bucket."""
    return isinstance(path, BucketPath)


def place_at(text: str) -> Path:
    """The place, in a bucket or not, whose text is ``text``. A name at its end that looks like a setting is a name."""
    return BucketPath(text) if text.startswith(ADDRESSES) else Path(text)


def as_place(path: str | Path) -> Path:
    """``path`` as a user gives it, or the place in a bucket that it is the address of, with settings at its end or not.

    A path has lost one of the two slashes of an address.

    Raises :class:`~edge.errors.UsageError` if it is the address of no bucket, or if it has a password in it.
    """
    if isinstance(path, BucketPath):
        return path
    text = os.fspath(path)
    found = re.match(rf"({'|'.join(SCHEMES)}):/+", text)
    if found is None:
        return Path(path)
    place, settings = text[found.end() :], ""
    if match := _SETTINGS.search(place):
        place, settings = place[: match.start()], _plain(match[1])
    name, _, folder = place.partition("/")
    if settings:
        name = f"{name.partition('?')[0]}?{settings}"
    user, at, host = name.rpartition("@")
    if at and (found[1] in ("s3", "gs") or ":" in user):  # of Azure's addresses, a container stands there
        raise UsageError(
            f"{found[1]}://...@{shorten(host)}: leave the key out of the address, which is written into reports; give "
            f"it {WHERE_KEYS_ARE[found[1]]}"
        )
    if not name.partition("?")[0]:
        raise UsageError(f"{shorten(text)}: no address of a bucket; give {found[1]}://BUCKET/FOLDER")
    return BucketPath(f"{found[1]}:", name, *folder.split("/"))


def bucket_of(path: BucketPath) -> Bucket:
    """The bucket that ``path`` is in."""
    name, _, settings = path.parts[1].partition("?")
    return Bucket(path.parts[0][:-1], name, settings)


def key_of(path: BucketPath) -> str:
    """Where ``path`` is in its bucket, with the bucket's name before it, as pyarrow wants it.

    Of Azure's ``abfs://CONTAINER@ACCOUNT.dfs.core.windows.net/FOLDER``, the container is the bucket.
    """
    return "/".join((re.split("[?@]", path.parts[1])[0], *path.parts[2:]))


def _plain(settings: str) -> str:
    """``settings`` without a slash: that of ``endpoint_override=http://HOST:PORT`` becomes a setting of its own."""
    found = re.search(r"(?<=endpoint_override=)(https?):/+", settings)
    if found is None:
        return settings
    return f"{settings[: found.start()]}{settings[found.end() :]}&scheme={found[1]}"
