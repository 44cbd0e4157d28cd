"""Signatures of models, made and checked with SSH keys: ``ssh-keygen -Y``."""

from __future__ import annotations

import subprocess
import tempfile
from pathlib import Path

from edge.errors import ConfigurationError, ModelError, UnavailableError
from edge.regular_file import check_regular
from edge.store.layout import Store

NAMESPACE = "edge-model"
"""The namespace of a signature (``ssh-keygen -Y sign -n``): one that was made for e-mail is not accepted."""

SYSTEM_SIGNERS = Path("/etc/edge/allowed_signers")
_TIME_LIMIT_S = 30


def allowed_signers_path(store: Store) -> Path | None:
    """The first of the two files that is there, or may be there, readable or not; None if there is neither."""
    for path in (SYSTEM_SIGNERS, store.root / "allowed_signers"):
        try:
            path.lstat()
        except (FileNotFoundError, NotADirectoryError):
            continue
        except OSError:
            pass
        return path
    return None


def allowed_signers(store: Store) -> Path | None:
    """The file that says whose models are accepted: the administrator's, else the store's; None if there is neither.

    Raises :class:`~edge.errors.ConfigurationError` if there is one, or may be one, that cannot be read, such as a link
    that leads nowhere: then no model is accepted.
    """
    path = allowed_signers_path(store)
    if path is None:
        return None
    try:
        check_regular(path)
        with path.open("rb") as file:
            file.read(1)
    except OSError as error:
        raise ConfigurationError(
            f"{path}: cannot be read ({error.strerror}), so no model is accepted; repair it or use sudo, or remove it "
            "if this device must take models that are not signed"
        ) from None
    return path


def stored_signature(store: Store, sha256: str) -> bytes | None:
    """The signature kept beside the model ``sha256``; None if there is none or it cannot be read."""
    try:
        return store.signature(sha256).read_bytes()
    except OSError:
        return None


def check_signature(store: Store, content: bytes, signature: bytes | None) -> str | None:
    """The principal in ``allowed_signers`` that signed the model ``content``; None if the device has no such file.

    Raises :class:`~edge.errors.ModelError` if there is such a file and the signature is missing, is not of this
    content, or is by a key that is not in the file. Raises :class:`~edge.errors.ConfigurationError` if the file cannot
    be read or ``ssh-keygen`` is not installed, and :class:`~edge.errors.UnavailableError` if it gives no answer.
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
    answer = " ".join(reason.decode("utf-8", "replace").replace(file.name, "the signature").split())
    raise ModelError(f"refused: the model's signature is not one that {signers} allows ({answer}); sign it again")


def _ssh_keygen(arguments: list[str], content: bytes = b"") -> subprocess.CompletedProcess[bytes]:
    try:
        return subprocess.run(
            ["ssh-keygen", "-Y", *arguments], input=content, capture_output=True, timeout=_TIME_LIMIT_S
        )
    except FileNotFoundError:
        raise ConfigurationError(
            "signatures cannot be checked: ssh-keygen is not installed; sudo apt install openssh-client"
        ) from None
    except subprocess.TimeoutExpired:
        raise UnavailableError(
            f"the model's signature could not be checked (ssh-keygen gave no answer in {_TIME_LIMIT_S} s); try again"
        ) from None
