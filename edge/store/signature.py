"""Signatures of models, made and checked with the keys that people already have: ``ssh-keygen -Y``."""

from __future__ import annotations

import subprocess
import tempfile
from pathlib import Path

from edge.errors import ConfigurationError, ModelError
from edge.store.layout import Store

NAMESPACE = "edge-model"
"""What a signature must have been made for (``ssh-keygen -Y sign -n``), so that none made for e-mail will do."""

SYSTEM_SIGNERS = Path("/etc/edge/allowed_signers")
_TIME_LIMIT_S = 30


def allowed_signers(store: Store) -> Path | None:
    """The file that says whose models come in: the administrator's, else the store's; None where there is neither."""
    for path in (SYSTEM_SIGNERS, store.root / "allowed_signers"):
        if path.exists():
            return path
    return None


def check_signature(store: Store, content: bytes, signature: bytes | None) -> str | None:
    """Who signed the model ``content``: the principal in ``allowed_signers``; None where the device has no such file.

    Raises :class:`~edge.errors.ModelError` where there is such a file and the signature is missing, is not
    of this very content, or is by nobody in it, and :class:`~edge.errors.ConfigurationError` where there is no
    ``ssh-keygen`` to tell.
    """
    signers = allowed_signers(store)
    if signers is None:
        return None
    if not signature:
        raise ModelError(f"refused: the model is not signed, and {signers} asks for it; sign it (trainer flash --sign)")
    with tempfile.NamedTemporaryFile(suffix=".sig") as file:
        file.write(signature)
        file.flush()
        found = _ssh_keygen(["find-principals", "-s", file.name, "-f", str(signers)])
        reason = found.stderr
        for principal in found.stdout.decode("utf-8", "replace").splitlines() if found.returncode == 0 else []:
            arguments = ["verify", "-f", str(signers), "-I", principal, "-n", NAMESPACE, "-s", file.name]
            done = _ssh_keygen(arguments, content)
            if done.returncode == 0:
                return principal
            reason = done.stderr or done.stdout
    said = " ".join(reason.decode("utf-8", "replace").replace(file.name, "the signature").split())
    raise ModelError(f"refused: the model's signature is not one that {signers} allows ({said}); sign it again")


def _ssh_keygen(arguments: list[str], content: bytes = b"") -> subprocess.CompletedProcess[bytes]:
    try:
        return subprocess.run(
            ["ssh-keygen", "-Y", *arguments], input=content, capture_output=True, timeout=_TIME_LIMIT_S
        )
    except FileNotFoundError:
        raise ConfigurationError(
            "signatures cannot be checked: there is no ssh-keygen here; apt install openssh-client"
        ) from None
    except subprocess.TimeoutExpired:
        raise ModelError("refused: ssh-keygen gave no answer about the model's signature; try again") from None
