"""Connections and uploads through a real OpenSSH server on loopback."""

from __future__ import annotations

import itertools
import os
import random
import re
import shutil
import socket
import stat
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from benchmarks.device.faults.loopback import SSHD, Cutter, Sshd, running
from edge.errors import ConfigurationError, StorageError, UnavailableError
from trainer.flash import ssh_connection
from trainer.flash.device_facts import read_device_facts
from trainer.flash.ssh_connection import SshConnection, SshOptions
from trainer.flash.target import Target
from trainer.flash.upload import BLOCK, present, upload

pytestmark = [
    pytest.mark.skipif(SSHD is None, reason="no sshd here: apt install openssh-server"),
    pytest.mark.xdist_group("sshd"),
]
CONTENT = random.Random(5).randbytes(10 * BLOCK + 17)


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Sshd]:
    """A server for all tests of this module."""
    with running(tmp_path_factory.mktemp("ssh") / "server") as server:
        yield server


@pytest.fixture
def connection(server: Sshd) -> Iterator[SshConnection]:
    """A connection to ``pi1``, which is the server."""
    with SshConnection(Target.parse("pi1"), SshOptions(config=server.config)) as connection:
        yield connection


def nothing(size: int) -> None:
    """Ignore the progress of an upload."""


def test_arguments_arrive_as_they_are(connection: SshConnection) -> None:
    """No shell on the way changes spaces, quotes, dollars or newlines."""
    arguments = ("a b", "it's", '"$HOME"', "new\nline", "ü", "-x", "")
    answer = connection.run('printf "<%s>" "$@"; echo message >&2; exit 3', *arguments)
    assert answer == (3, "".join(f"<{argument}>" for argument in arguments), "message\n")


@pytest.mark.parametrize("shell", ["sh", "bash", "csh", "tcsh", "fish", "zsh", "mksh"])
def test_any_login_shell_starts_the_script(shell: str, tmp_path: Path) -> None:
    """The line that it reads has no letter that one of them takes for its own, and no word that is too long for csh."""
    program = shutil.which(shell)
    if program is None:
        pytest.skip(f"no {shell} here: apt install {shell}")
    arguments = ("it's", '"$HOME" `x` !x \\\\ \\', "new\nline", "ü", "", "x" * 3000)
    command = SshConnection(Target.parse("pi1"))._command('printf "<%s>" "$@"; cat', arguments)[-1]
    done = subprocess.run([program, "-c", command], input=b"data", capture_output=True, cwd=tmp_path)
    assert (done.returncode, done.stderr) == (0, b"")
    assert done.stdout.decode() == "".join(f"<{argument}>" for argument in arguments) + "data"


def test_what_a_script_makes_no_other_user_may_change(connection: SshConnection, tmp_path: Path) -> None:
    """Folders are made with their permissions, whatever the umask of the login is; a stricter umask stays."""
    assert connection.run('umask; umask 0; mkdir -p "$1"', tmp_path / "a").out == "0022\n"
    upload(connection, b"x", str(tmp_path / "b" / "file"), nothing)
    assert stat.S_IMODE((tmp_path / "b").stat().st_mode) == 0o755


def test_a_command_that_does_not_end_is_left(connection: SshConnection) -> None:
    """After its time limit the device counts as unavailable."""
    with pytest.raises(UnavailableError, match=r"it gave no answer within 0\.5 s"):
        connection.run("exec sleep 1000", limit_s=0.5)
    assert connection.run("echo still here").out == "still here\n"


def test_an_answer_without_end_is_cut(connection: SshConnection) -> None:
    """Of stdout a megabyte is read, of stderr the end is kept."""
    with pytest.raises(ConfigurationError, match="more than 1 MB; check what its login shell prints"):
        connection.run("exec yes")
    answer = connection.run("yes | head -c 3000000 >&2; echo last >&2")
    assert answer.out == "" and len(answer.err) == 65536 and answer.err.endswith("y\nlast\n")


def test_an_upload_that_stands_still_ends(connection: SshConnection, monkeypatch: pytest.MonkeyPatch) -> None:
    """A device that takes no bytes any more is left after a while."""
    monkeypatch.setattr(ssh_connection, "STALL_S", 0.5)
    with pytest.raises(UnavailableError, match=r"it gave no answer within 0\.5 s"):
        connection.send(itertools.repeat(bytes(BLOCK)), nothing, "exec sleep 1000")


def test_a_login_that_does_not_end_is_left(server: Sshd, monkeypatch: pytest.MonkeyPatch) -> None:
    """A server that accepts the connection and says nothing does not hold the fleet."""
    monkeypatch.setattr(ssh_connection, "LOGIN_S", 0.5)
    with socket.create_server(("127.0.0.1", 0)) as silent:
        config = server.folder / "silent_config"
        config.write_text(f"Host pi1\n HostName 127.0.0.1\n Port {silent.getsockname()[1]}\n")
        with (
            pytest.raises(UnavailableError, match=r"it did not finish the login within 0\.5 s"),
            SshConnection(Target.parse("pi1"), SshOptions(config=config)) as connection,
        ):
            connection.open()


@pytest.mark.parametrize("name", ["a b", "100%done", "t" * 40])
def test_a_folder_for_temporary_files_with_an_unusual_name(
    server: Sshd, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Blanks and percent signs in TMPDIR mean nothing to ssh."""
    with tempfile.TemporaryDirectory(dir="/tmp") as folder:
        Path(folder, name).mkdir()
        monkeypatch.setattr(tempfile, "tempdir", f"{folder}/{name}")
        with SshConnection(Target.parse("pi1"), SshOptions(config=server.config)) as connection:
            assert connection.run("echo here").out == "here\n"


@pytest.mark.parametrize(("name", "reason"), [("t" * 80, "too long a name"), ('"', "a letter"), ("$x", "a letter")])
def test_a_folder_that_cannot_hold_a_socket(name: str, reason: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """The message names the folder and the variable, and no folder is left behind."""
    with tempfile.TemporaryDirectory(dir="/tmp") as folder:
        place = Path(folder, name)
        place.mkdir()
        monkeypatch.setattr(tempfile, "tempdir", str(place))
        with pytest.raises(ConfigurationError, match=rf"{re.escape(str(place))}: .* has {reason}.*; set TMPDIR to "):
            SshConnection(Target.parse("pi1"))
        assert list(place.iterdir()) == []


def test_one_login_serves_all_commands(connection: SshConnection, server: Sshd) -> None:
    """Three commands on one connection log in once."""
    before = (server.folder / "log").read_text().count("Accepted publickey")
    for _ in range(3):
        assert connection.run("true").code == 0
    assert (server.folder / "log").read_text().count("Accepted publickey") == before + 1


def test_a_closed_connection_leaves_nothing_running(server: Sshd) -> None:
    """The connection in the background ends with the block, and its folder is removed."""
    with SshConnection(Target.parse("pi1"), SshOptions(config=server.config)) as connection:
        connection.open()
        folder = connection.folder
        assert folder.is_dir()
    assert not folder.exists()


def test_facts_are_those_of_this_machine(connection: SshConnection, server: Sshd) -> None:
    """They name the store of the host, and the folder for environments of its variable EDGE_HOME."""
    facts = read_device_facts(connection)
    assert facts.store is not None
    assert facts.store.state.root == str(server.store("pi1"))
    assert facts.edge == str(server.binaries / "edge")
    assert facts.base == str(server.base("pi1"))
    assert facts.free_bytes
    assert facts.build.split(" ")[0] == "64"
    assert facts.store.signers is None and facts.store.models == ()


def test_an_upload_is_not_repeated(connection: SshConnection, tmp_path: Path) -> None:
    """The second upload sends nothing; a missing folder is made, also if its name needs quotes."""
    path = tmp_path / "a 'folder'" / "file"
    assert upload(connection, CONTENT, str(path), nothing) == (len(CONTENT), 0)
    assert path.read_bytes() == CONTENT
    assert upload(connection, CONTENT, str(path), nothing) == (0, len(CONTENT))


@pytest.mark.parametrize("length", [1, BLOCK, 3 * BLOCK + 1])
def test_an_upload_continues_after_the_last_whole_block(connection: SshConnection, tmp_path: Path, length: int) -> None:
    """Whole blocks that are already on the device are not sent again."""
    path = tmp_path / "file"
    path.write_bytes(CONTENT[:length])
    there = length // BLOCK * BLOCK
    assert upload(connection, CONTENT, str(path), nothing) == (len(CONTENT) - there, there)
    assert path.read_bytes() == CONTENT


@pytest.mark.parametrize("spoil", [lambda b: b"x" + b[1:], lambda b: b + b"x", lambda b: bytes(len(b) // 2)])
def test_other_bytes_than_the_beginning_of_the_file_are_replaced(
    connection: SshConnection, tmp_path: Path, spoil: object
) -> None:
    """Bytes of another file, too many bytes, or zeros as after a power failure: the whole file is sent."""
    path = tmp_path / "file"
    path.write_bytes(spoil(CONTENT))  # type: ignore[operator]
    assert upload(connection, CONTENT, str(path), nothing).sent_bytes == len(CONTENT)
    assert path.read_bytes() == CONTENT


def test_a_cut_upload_continues(server: Sshd, tmp_path: Path) -> None:
    """The bytes that arrived before the connection broke stay, and the repeat sends only the rest."""
    cutter = Cutter(server.port)
    server.know(cutter.port)
    config = server.config.read_text()
    server.write_config({"pi1": cutter.port})
    path = tmp_path / "file"
    path.write_bytes(CONTENT[: 4 * BLOCK])
    try:
        cutter.after = 3 * BLOCK
        with (
            pytest.raises(UnavailableError, match="to continue"),
            SshConnection(Target.parse("pi1"), SshOptions(config=server.config)) as connection,
        ):
            upload(connection, CONTENT, str(path), nothing)
        assert cutter.cuts == 1
        cutter.after = None
        with SshConnection(Target.parse("pi1"), SshOptions(config=server.config)) as connection:
            there = present(connection, CONTENT, str(path))
            assert 4 * BLOCK <= there < len(CONTENT)
            assert upload(connection, CONTENT, str(path), nothing) == (len(CONTENT) - there, there)
    finally:
        cutter.close()
        server.config.write_text(config)
    assert path.read_bytes() == CONTENT


def test_a_full_disk_is_an_error(connection: SshConnection, small_disk: object) -> None:
    """The error is one line that says what to do."""
    disk: Path = small_disk("64k")  # type: ignore[operator]
    with pytest.raises(StorageError, match="no space left on the device"):
        upload(connection, CONTENT, str(disk / "file"), nothing)


def test_a_read_only_disk_is_an_error(connection: SshConnection, read_only_disk: Path) -> None:
    """The error has the message of the device."""
    with pytest.raises(StorageError, match="Read-only"):
        upload(connection, CONTENT, str(read_only_disk / "folder" / "file"), nothing)


def test_a_port_without_a_server_is_unavailable(server: Sshd) -> None:
    """The error says how to start the SSH server on the device."""
    with (
        pytest.raises(UnavailableError, match="enable --now ssh"),
        SshConnection(Target.parse("pi1:1"), SshOptions(config=server.config)) as connection,
    ):
        connection.open()


def test_a_configuration_that_is_a_pipe(tmp_path: Path) -> None:
    """It is one line: ssh would wait for ever for what may be written to it."""
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(ConfigurationError, match="is a pipe, and ssh reads it again and again; give a file"):
        SshConnection(Target("pi", host="pi"), SshOptions(config=tmp_path / "pipe"))
