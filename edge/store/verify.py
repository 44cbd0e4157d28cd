"""Whether the files in the store are still what was installed."""

from __future__ import annotations

import hashlib

from edge.errors import EdgeError, ModelError
from edge.modelfile.model_file import ModelFile
from edge.store.layout import Store, short
from edge.store.signature import check_signature, stored_signature


def is_intact(store: Store, sha256: str | None) -> bool:
    """Whether the model ``sha256`` is here, with the bytes that its name stands for."""
    try:
        return sha256 is not None and hashlib.sha256(store.model(sha256).read_bytes()).hexdigest() == sha256
    except OSError:
        return False


def verify(store: Store, sha256: str) -> ModelFile:
    """Read the model ``sha256`` of ``store`` and check its bytes, its structure and its signature.

    Raises :class:`~edge.errors.ModelError` and :class:`~edge.errors.ConfigurationError`.
    """
    try:
        content = store.model(sha256).read_bytes()
    except OSError as error:
        raise ModelError(f"{short(sha256)}: cannot be read ({error.strerror}); install it again") from None
    if hashlib.sha256(content).hexdigest() != sha256:
        raise ModelError(f"{short(sha256)}: damaged on the disk; install it again")
    try:
        check_signature(store, content, stored_signature(store, sha256))
        return ModelFile.from_bytes(content)
    except ModelError as error:
        raise ModelError(f"{short(sha256)}: {error}") from None


def is_valid(store: Store, sha256: str) -> bool:
    """Whether :func:`verify` raises nothing."""
    try:
        verify(store, sha256)
    except EdgeError:
        return False
    return True
