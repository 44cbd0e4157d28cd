"""Small files that options name: each is read whole, and a pipe, a device or a socket is refused in one line."""

from __future__ import annotations

import errno
import os
import socket
from collections.abc import Callable
from pathlib import Path

import pytest

from edge.bench.results import load_results
from edge.bench.run import _read_photo
from edge.errors import EdgeError
from edge.regular_file import check_regular, read_regular
from edge.sinks.mqtt.connecting import tls_context
from edge.sources.tls import Certificates
from edge.status import read_status
from edge.store.install import InstallRequest, install
from edge.store.layout import Store
from edge.store.signature import allowed_signers
from support.paths import DATA
from support.waits import error_of, within_limit

_NO_FILE = "a device, a pipe or a socket; give a regular file"

pytestmark = pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="no pipes with names on Windows")


@pytest.fixture
def pipe(tmp_path: Path) -> Path:
    """A pipe that nothing writes to: opening it waits for ever."""
    os.mkfifo(tmp_path / "pipe")
    return tmp_path / "pipe"


def test_a_file_of_up_to_the_largest_size(tmp_path: Path) -> None:
    """It is read whole, also if its size is not known before; a larger one is refused."""
    path = tmp_path / "a"
    path.write_bytes(b"x" * (1 << 20))
    assert read_regular(path, 1 << 20) == b"x" * (1 << 20)
    assert read_regular(Path("/proc/self/status"), 1 << 20).startswith(b"Name:")
    path.write_bytes(b"x" * ((1 << 20) + 1))
    with pytest.raises(OSError, match="it has more than 1 MB") as refused:
        read_regular(path, 1 << 20)
    assert refused.value.errno == errno.EFBIG


def test_what_is_no_file(pipe: Path, tmp_path: Path) -> None:
    """A pipe, a device and a socket are refused unopened; a folder and what is missing is left to others."""
    with socket.socket(socket.AF_UNIX) as server:
        server.bind(os.path.relpath(tmp_path / "socket"))
        for path in (pipe, tmp_path / "socket", Path("/dev/zero")):
            for read in (lambda path=path: read_regular(path, 1), lambda path=path: check_regular(path)):
                error = error_of(read)
                assert isinstance(error, OSError)
                assert error.strerror == _NO_FILE
    check_regular(tmp_path)
    check_regular(tmp_path / "missing")
    with pytest.raises(OSError, match="No such file"):
        read_regular(tmp_path / "missing", 1)


_OPTIONS: dict[str, Callable[[Path], object]] = {
    "--ca-file": lambda path: Certificates(str(path)),
    "--photo": lambda path: _read_photo(str(path)),
    "a file of edge bench": load_results,
}


@pytest.mark.parametrize("option", _OPTIONS)
def test_an_option_that_names_a_pipe(option: str, pipe: Path) -> None:
    """Each is one line that says what is wrong; nothing waits for whoever may write to the pipe."""
    error = error_of(lambda: _OPTIONS[option](pipe))
    assert isinstance(error, EdgeError)
    assert str(pipe) in str(error)
    assert _NO_FILE in str(error)


@pytest.mark.parametrize("path", ["pipe", "/dev/null", "/dev/zero"])
def test_a_status_that_is_no_file(path: str, pipe: Path) -> None:
    """No stream writes its status there: it is as if there were none."""
    assert within_limit(lambda: read_status(pipe.parent / path)) is None


def test_certificates_of_a_broker_in_a_pipe(pipe: Path) -> None:
    """They are refused as any other file that holds none."""
    assert str(error_of(lambda: tls_context(pipe))) == f"{pipe}: is not a file of certificates (PEM)"


def test_pipes_for_the_store(pipe: Path, tmp_path: Path) -> None:
    """A signature, and the file that says whose models are accepted."""
    store = Store(tmp_path / "store")
    request = InstallRequest(DATA / "tiny-int8.tflite", signature=pipe)
    assert _NO_FILE in str(error_of(lambda: install(store, request)))
    store.root.mkdir(exist_ok=True)
    os.mkfifo(store.root / "allowed_signers")
    assert "so no model is accepted" in str(error_of(lambda: allowed_signers(store)))
