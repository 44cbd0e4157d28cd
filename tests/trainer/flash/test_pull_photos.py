"""Copying the photos of a device, through a real OpenSSH server on loopback."""

from __future__ import annotations

import random
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from benchmarks.device.faults.loopback import SSHD, Sshd, running, write_program
from edge.errors import DatasetError, UnavailableError
from trainer.flash import pull_photos as module
from trainer.flash.pull_photos import Pulled, pull_photos
from trainer.flash.ssh_connection import SshConnection, SshOptions
from trainer.flash.target import Target
from trainer.photos.photo_files import Skipped

pytestmark = [
    pytest.mark.skipif(SSHD is None, reason="no sshd here: apt install openssh-server"),
    pytest.mark.xdist_group("sshd"),
]


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Sshd]:
    """A server for all tests of this module."""
    with running(tmp_path_factory.mktemp("pull") / "server") as server:
        yield server


@pytest.fixture
def connection(server: Sshd) -> Iterator[SshConnection]:
    """A connection to the server, whose home has no photos yet."""
    shutil.rmtree(server.home / "photos", ignore_errors=True)
    with SshConnection(Target.parse("pi1"), SshOptions(config=server.config)) as connection:
        yield connection


def fill(folder: Path, files: dict[str, bytes]) -> Path:
    """Write ``files`` below ``folder``."""
    for name, content in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(content)
    return folder


def contents(folder: Path) -> dict[str, bytes]:
    """The files below ``folder``, by relative path."""
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


DEVICE = {
    "rose/20261126T211530.123Z_nohash_0001.jpg": b"one",
    "rose/with space, 'quote' and \u00fc.jpg": random.Random(1).randbytes(70_000),
    "tulip/a.jpg": b"two",
    "tulip/sub/b.jpg": b"three",
}


def test_photos_are_copied_once(server: Sshd, connection: SshConnection, tmp_path: Path) -> None:
    """All photos come with their classes and names, hidden ones stay there; a second pull copies nothing."""
    hidden = {".teach/trash/x.jpg": b"deleted", "rose/.part": b"half", "loose.jpg": b"no class"}
    fill(server.home / "photos", {**DEVICE, **hidden})
    here = tmp_path / "photos"
    assert pull_photos(connection, str(server.home / "photos"), here) == Pulled(
        4, 0, [Skipped("loose.jpg", "not in a class folder")]
    )
    assert contents(here) == DEVICE
    assert pull_photos(connection, str(server.home / "photos"), here)[:2] == (0, 4)
    assert contents(here) == DEVICE


def test_nothing_here_is_changed(server: Sshd, connection: SshConnection, tmp_path: Path) -> None:
    """A photo that is here in another class stays there, and a name that is taken gets a number."""
    fill(server.home / "photos", DEVICE)
    mine = {"lily/renamed.jpg": b"one", "tulip/a.jpg": b"my own"}
    here = fill(tmp_path / "photos", mine)
    assert pull_photos(connection, str(server.home / "photos"), here)[:2] == (3, 1)
    assert contents(here) == {
        **mine,
        "tulip/a-2.jpg": b"two",
        **{name: content for name, content in DEVICE.items() if content not in (b"one", b"two")},
    }


def test_a_folder_that_is_not_there_is_named(connection: SshConnection, tmp_path: Path) -> None:
    """The message names the folder of the device."""
    with pytest.raises(DatasetError, match="garden: there is no such folder on the device"):
        pull_photos(connection, "garden", tmp_path)


def test_many_photos_come_in_batches(
    server: Sshd, connection: SshConnection, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Batches end at their size and at the length of their names, and every photo is in one of them."""
    monkeypatch.setattr(module, "_BATCH_BYTES", 3000)
    monkeypatch.setattr(module, "_BATCH_NAMES_BYTES", 200)
    rng = random.Random(2)
    photos = {f"c{number % 3}/{'long' * 10}{number}.jpg": rng.randbytes(rng.randint(1, 2000)) for number in range(30)}
    fill(server.home / "photos", photos)
    assert pull_photos(connection, str(server.home / "photos"), tmp_path / "photos")[:2] == (30, 0)
    assert contents(tmp_path / "photos") == photos


def test_a_pull_that_is_cut_goes_on_later(
    server: Sshd, connection: SshConnection, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What came before the cut stays whole; the next pull copies the rest."""
    monkeypatch.setattr(module, "_BATCH_BYTES", 50_000)
    photos = {f"rose/{number}.jpg": random.Random(number).randbytes(40_000) for number in range(10)}
    fill(server.home / "photos", photos)
    # The third archive ends in its middle.
    count = '[ -f n ] || echo 0 > n; n=$(( $(cat n) + 1 )); echo $n > n; [ $n = 3 ] || exec /bin/tar "$@"'
    write_program(server.binaries / "tar", f'#!/bin/sh\n{count}\n/bin/tar "$@" | head -c 60000; exit 1\n')
    try:
        with pytest.raises(UnavailableError):
            pull_photos(connection, str(server.home / "photos"), tmp_path / "photos")
    finally:
        (server.binaries / "tar").unlink()
        (server.home / "photos" / "n").unlink()
    came = contents(tmp_path / "photos")
    assert came.items() < photos.items()
    again = pull_photos(connection, str(server.home / "photos"), tmp_path / "photos")
    assert again[:2] == (len(photos) - len(came), len(came)) == (8, 2)
    assert contents(tmp_path / "photos") == photos


@pytest.mark.parametrize(
    ("listing", "reason"),
    [
        (r"3 ./../../etc/passwd", "its path cannot be used here"),
        (r"3 ./rose/../../x.jpg", "its path cannot be used here"),
        (r"3 ./rose/new\nline.jpg", "its path cannot be used here"),
        (r"3 ./.ssh/authorized_keys", "hidden"),
        (r"999999999999 ./rose/huge.jpg", "a file of 953674 MB"),
        (r"-3 ./rose/x.jpg", "it was changed while the photos were listed; pull again"),
    ],
)
def test_names_of_a_hostile_device_lead_nowhere(
    listing: str, reason: str, server: Sshd, connection: SshConnection, tmp_path: Path
) -> None:
    """A device that lists other paths than those of photos gets none of them written here."""
    (server.home / "photos").mkdir()
    path = listing.partition(" ")[2]
    digest = "0" * 64
    write_program(server.binaries / "find", f"#!/bin/sh\ncase $* in *printf*) printf -- '{listing}\\0';; esac\n")
    write_program(server.binaries / "xargs", f"#!/bin/sh\nprintf '{digest}  {path}\\0'\n")
    try:
        pulled = pull_photos(connection, str(server.home / "photos"), tmp_path / "photos")
    finally:
        (server.binaries / "find").unlink()
        (server.binaries / "xargs").unlink()
    assert (pulled.copied, [entry.reason for entry in pulled.skipped]) == (0, [reason])
    assert not (tmp_path / "photos").exists() or contents(tmp_path / "photos") == {}


def test_a_device_that_sends_other_bytes_is_not_believed(
    server: Sshd, connection: SshConnection, tmp_path: Path
) -> None:
    """A photo whose bytes are not those that were listed is skipped and named."""
    fill(server.home / "photos", {"rose/a.jpg": b"one", "rose/b.jpg": b"two"})
    write_program(server.binaries / "tar", '#!/bin/sh\nprintf changed > rose/a.jpg\nexec /bin/tar "$@"\n')
    try:
        pulled = pull_photos(connection, str(server.home / "photos"), tmp_path / "photos")
    finally:
        (server.binaries / "tar").unlink()
    assert pulled == Pulled(1, 0, [Skipped("rose/a.jpg", "it was changed while it was copied; pull again")])
    assert contents(tmp_path / "photos") == {"rose/b.jpg": b"two"}
