"""Certificates for brokers and cameras of the cases, made with openssl."""

from __future__ import annotations

import subprocess
from pathlib import Path

from edge.errors import ConfigurationError

_NEW = "req -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes"


def make_certificates(folder: Path) -> Path:
    """``folder`` with ``ca.pem``, ``other.pem`` (another authority), and certificates ``server`` and ``expired``.

    Raises :class:`~edge.errors.ConfigurationError` if openssl is not installed.
    """
    folder.mkdir(parents=True)
    (folder / "names").write_text("subjectAltName=IP:127.0.0.1\n")
    sign = "x509 -req -CA ca.pem -CAkey ca.key -CAcreateserial -extfile names"
    for command in (
        f"{_NEW} -x509 -days 2 -subj /CN=authority -keyout ca.key -out ca.pem",
        f"{_NEW} -x509 -days 2 -subj /CN=other -keyout other.key -out other.pem",
        f"{_NEW} -subj /CN=broker -keyout server.key -out server.csr",
        f"{sign} -in server.csr -days 2 -out server.pem",
        f"{sign} -in server.csr -days -1 -out expired.pem",
    ):
        _openssl(command, folder)
    return folder


def make_own_certificate(folder: Path) -> Path:
    """A certificate that a camera has signed itself, with its key, in one file in ``folder``.

    Raises :class:`~edge.errors.ConfigurationError` if openssl is not installed.
    """
    _openssl("req -x509 -newkey rsa:2048 -nodes -days 2 -subj /CN=IPCam -keyout camera.key -out camera.pem", folder)
    path = folder / "camera.pem"
    path.write_text((folder / "camera.key").read_text() + path.read_text())
    return path


def _openssl(command: str, folder: Path) -> None:
    try:
        subprocess.run(["openssl", *command.split()], cwd=folder, check=True, capture_output=True)
    except FileNotFoundError:
        raise ConfigurationError("this needs openssl: sudo apt install -y openssl") from None
