"""Addresses of buckets as paths."""

from __future__ import annotations

import pickle
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge.errors import UsageError
from trainer.photos.bucket import Bucket, BucketPath, as_place, bucket_of, in_bucket, key_of, place_at
from trainer.photos.folder import photos_name
from trainer.photos.photo_files import PhotoFile

LOCAL = "endpoint_override=127.0.0.1:9000&scheme=http"


@pytest.mark.parametrize(
    ("address", "expected", "key"),
    [
        ("s3://bucket/folder", "s3://bucket/folder", "bucket/folder"),
        ("s3:/bucket/folder", "s3://bucket/folder", "bucket/folder"),
        ("gs://bucket", "gs://bucket", "bucket"),
        ("s3://bucket/a?b/c d/", "s3://bucket/a?b/c d", "bucket/a?b/c d"),
        ("s3://bucket/f?region=eu-west-1", "s3://bucket?region=eu-west-1/f", "bucket/f"),
        ("s3://bucket?region=eu-west-1/f", "s3://bucket?region=eu-west-1/f", "bucket/f"),
        ("s3://bucket/f?endpoint_override=http://127.0.0.1:9000", f"s3://bucket?{LOCAL}/f", "bucket/f"),
        (f"s3://bucket/f/?{LOCAL}", f"s3://bucket?{LOCAL}/f", "bucket/f"),
    ],
)
def test_an_address_is_a_path(address: str, expected: str, key: str) -> None:
    """Its settings stay behind the bucket; a path has lost a slash, and an address is a path again and again."""
    place = as_place(Path(address))
    assert in_bucket(place)
    assert (str(place), key_of(place)) == (expected, key)
    assert str(as_place(str(place))) == expected
    assert pickle.loads(pickle.dumps(place)) == place
    assert bucket_of(place / "red").name == "bucket"
    photo = place / "rose.jpg?size=large"  # as some programs name what they download
    assert place_at(str(photo)) == photo
    assert PhotoFile(photo, "another name", "rose").path == photo


def test_settings_are_read() -> None:
    """Those that are asked for by name, and none that are not there."""
    place = as_place(f"s3://bucket/folder?{LOCAL}")
    assert in_bucket(place)
    bucket = bucket_of(place)
    assert bucket == Bucket("s3", "bucket", LOCAL)
    assert (bucket.setting("scheme"), bucket.setting("region")) == ("http", None)


@pytest.mark.parametrize("path", ["photos", "/mnt/s3:/photos", "http://host/photos", "./s4:/x", "c:/photos"])
def test_other_paths_stay_what_they_are(path: str) -> None:
    """A folder of this machine is no place in a bucket."""
    assert as_place(path) == Path(path)
    assert not in_bucket(as_place(path))


@pytest.mark.parametrize(
    ("address", "fix"),
    [
        ("s3://AKIA123:secret@bucket/folder", "give it with AWS_ACCESS_KEY_ID"),
        ("abfs://account:secret@account.dfs.core.windows.net/photos", "give it with AZURE_CLIENT_ID"),
    ],
)
def test_a_key_in_an_address_is_refused(address: str, fix: str) -> None:
    """It would be written into messages and reports; the line does not repeat it."""
    with pytest.raises(UsageError, match=fix) as caught:
        as_place(address)
    assert "secret" not in str(caught.value)
    with pytest.raises(UsageError, match="no address of a bucket; give s3://BUCKET/FOLDER"):
        as_place("s3://")


@pytest.mark.parametrize("settings", ["", f"?{LOCAL}"])
@given(st.lists(st.text("ab ?&=#%:ü.", min_size=1), min_size=1, max_size=4))
def test_a_photo_keeps_its_place(settings: str, parts: list[str]) -> None:
    """Its path is made of the beginning and the relative path, here and in a copy on another machine."""
    relative = "/".join(part if part.strip(".") else "x" for part in parts)
    root = as_place(f"s3://bucket{settings}/photos")
    file = PhotoFile(root / relative, relative, "red")
    for copy in (file, pickle.loads(pickle.dumps(file))):
        assert isinstance(copy.path, BucketPath)
        assert copy.path == root / relative
        assert key_of(copy.path) == f"bucket/photos/{relative}"


def test_a_model_is_named_after_the_folder() -> None:
    """Settings are no part of the name."""
    assert photos_name(Path("s3://bucket/flowers?region=x")) == "flowers"
    assert photos_name(Path("s3://bucket?region=x")) == "bucket"


def test_azure_names_its_account_behind_the_container() -> None:
    """The key of a photo begins with the container alone; the address keeps the account."""
    place = as_place("abfs://photos@account.dfs.core.windows.net/flowers")
    assert key_of(place / "daisy/1.jpg") == "photos/flowers/daisy/1.jpg"
    assert bucket_of(place).name == "photos@account.dfs.core.windows.net"
