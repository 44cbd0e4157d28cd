"""Signatures of model files, made with SSH keys."""

from __future__ import annotations

import subprocess
from pathlib import Path

from edge.errors import ConfigurationError
from edge.store.signature import NAMESPACE
from trainer.flash.openssh import how_to_install


def sign(content: bytes, key: Path) -> bytes:
    """The signature of ``content`` by the file ``key``: a private key, or a public one whose private key the agent has.

    ``ssh-keygen`` may ask for the passphrase of the key on the terminal.

    Raises :class:`~edge.errors.ConfigurationError` if it cannot sign.
    """
    if not key.is_file():
        raise ConfigurationError(f"{key}: there is no such key; make one with ssh-keygen -t ed25519")
    command = ["ssh-keygen", "-Y", "sign", "-q", "-n", NAMESPACE, "-f", str(key)]
    try:
        done = subprocess.run(command, input=content, capture_output=True)
    except FileNotFoundError:
        raise ConfigurationError(f"signing needs ssh-keygen: {how_to_install()}") from None
    if done.returncode or not done.stdout.startswith(b"-----BEGIN SSH SIGNATURE-----"):
        lines = done.stderr.decode("utf-8", "replace").strip().splitlines() or ["ssh-keygen printed no message"]
        raise ConfigurationError(f"{key}: cannot sign ({lines[-1][:200]})")
    return done.stdout
