"""Signatures with SSH keys, made by the real ssh-keygen."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from edge.errors import ConfigurationError
from support.user_name import needs_ssh_keygen
from trainer.flash.signing import sign

pytestmark = needs_ssh_keygen


@pytest.fixture
def key(tmp_path: Path) -> Path:
    """A fresh private key."""
    path = tmp_path / "key"
    subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", path], check=True)
    return path


def test_a_signature_is_for_this_content_and_this_purpose(key: Path, tmp_path: Path) -> None:
    """ssh-keygen accepts it for the namespace edge-model, and for no other content and no other namespace."""
    (tmp_path / "signature").write_bytes(sign(b"a model", key))
    (tmp_path / "signers").write_text("poet " + key.with_suffix(".pub").read_text())

    def accepted(content: bytes, namespace: str) -> bool:
        command = ["ssh-keygen", "-Y", "verify", "-f", tmp_path / "signers", "-I", "poet", "-n", namespace]
        command += ["-s", tmp_path / "signature"]
        return subprocess.run(command, input=content, capture_output=True).returncode == 0

    assert accepted(b"a model", "edge-model")
    assert not accepted(b"another", "edge-model")
    assert not accepted(b"a model", "email")


def test_a_key_that_cannot_sign_is_an_error(key: Path, tmp_path: Path) -> None:
    """The file is missing, is not a key, or is a public key without an agent that has the private one."""
    (tmp_path / "text").write_text("no key\n")
    key.unlink()
    for path in (tmp_path / "missing", tmp_path / "text", key.with_suffix(".pub")):
        with pytest.raises(ConfigurationError):
            sign(b"a model", path)
