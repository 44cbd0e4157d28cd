"""Certificates for brokers of the cases, made with openssl."""

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
        try:
            subprocess.run(["openssl", *command.split()], cwd=folder, check=True, capture_output=True)
        except FileNotFoundError:
            raise ConfigurationError("this needs openssl: sudo apt install -y openssl") from None
    return folder
