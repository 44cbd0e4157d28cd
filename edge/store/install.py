"""Installing a model file in the store: everything is checked before its folder gets its name."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import time
from dataclasses import KW_ONLY, dataclass
from pathlib import Path
from typing import Any

from edge.errors import EdgeError, ModelError, StorageError
from edge.modelfile.model_file import ModelFile
from edge.store.activate import refuse_older, switch
from edge.store.compatibility import check_runtime
from edge.store.durable import FOLDER_MODE, as_storage_errors, make_folder, sync_folder, write_file
from edge.store.isolated_self_test import self_test_in_child
from edge.store.layout import MODEL_NAME, Store, short
from edge.store.retention import collect
from edge.store.signature import check_signature, stored_signature
from edge.store.state import State, read_state, write_state
from edge.store.transaction import change
from edge.store.verify import is_intact

_MAX_BYTES = 256 << 20  # more than any image classifier for a small board; the file is read into memory
_RESERVE_BYTES = 64 << 10  # for install.json, the signature and the folders


@dataclass(frozen=True)
class InstallRequest:
    """What to install: the file ``path``, and what is known of it.

    ``sha256`` and ``size_bytes`` are what the file must have, ``signature`` is a file made by ``ssh-keygen -Y
    sign``; None if they are not known. With ``activate`` the model becomes current and pending; one that is older than
    the current model only with ``allow_older``.
    """

    path: Path
    _: KW_ONLY
    sha256: str | None = None
    size_bytes: int | None = None
    signature: Path | None = None
    activate: bool = False
    allow_older: bool = False


@dataclass(frozen=True)
class Installed:
    """The result of a request.

    ``outcome`` is ``installed``, ``present`` if the model was here already, or ``unchanged`` if it is also the current
    one. ``signer`` is the principal that signed it, None if this device asks for no signature. ``self_test`` is what
    :func:`edge.store.isolated_self_test.self_test_in_child` returned, None if it was not run again. ``removed`` are the
    models that were removed to keep only the newest. ``messages`` says what is guessed about a model of another
    project that was not here before: lines of :meth:`edge.modelfile.model_file.ModelFile.messages`.
    """

    sha256: str
    size_bytes: int
    outcome: str
    signer: str | None
    self_test: dict[str, Any] | None
    removed: list[str]
    state: State
    messages: list[str]


def install(store: Store, request: InstallRequest) -> Installed:
    """Install the model of ``request`` in ``store``; a repeat after any interruption does the rest.

    Raises :class:`~edge.errors.ModelError` if the model is refused, :class:`~edge.errors.UsageError` if it is older
    than the current one, :class:`~edge.errors.ConfigurationError` if its signature or its self-test cannot be checked
    here, :class:`~edge.errors.UnavailableError` if the store is busy, and :class:`~edge.errors.StorageError` if it
    cannot be written.
    """
    content, sha256 = _read(request)
    signature = _read_signature(request.signature) if request.signature else None
    with change(store, f"install {short(sha256)}") as state:
        if request.activate:
            refuse_older(state, sha256, allow_older=request.allow_older)
        stored = stored_signature(store, sha256)
        signer = check_signature(store, content, signature or stored)
        outcome, self_test = "present", None
        messages: list[str] = []
        if not is_intact(store, sha256) or not store.record(sha256).is_file():
            self_test, messages = _add(store, content, sha256, signature or stored, signer)
            outcome = "installed"
        elif signature and signature != stored:
            write_file(store.signature(sha256), signature)
        known = state.with_installed(sha256)
        if request.activate and sha256 != state.current:
            if self_test is None:
                check_runtime(ModelFile.from_bytes(content))
                self_test = self_test_in_child(store.model(sha256))
            state = switch(store, known, sha256)
        elif known != state:
            write_state(store, known)
            state = known
        if outcome == "present" and sha256 == state.current and self_test is None:
            outcome = "unchanged"
        return Installed(
            sha256=sha256,
            size_bytes=len(content),
            outcome=outcome,
            signer=signer,
            self_test=self_test,
            removed=collect(store, state),
            state=state,
            messages=messages,
        )


def check_request(store: Store, request: InstallRequest) -> None:
    """Raise the error with which :func:`install` would end before it changes ``store``; nothing is changed.

    Without the self-test, and without waiting for another process that changes the store.
    """
    content, sha256 = _read(request)
    signature = _read_signature(request.signature) if request.signature else None
    if request.activate:
        refuse_older(read_state(store), sha256, allow_older=request.allow_older)
    check_signature(store, content, signature or stored_signature(store, sha256))
    if not is_intact(store, sha256):
        _checked(content, sha256)
        if not os.access(store.existing_folder(), os.W_OK | os.X_OK):
            raise StorageError(f"{store.root}: cannot be changed; run the command with sudo, or give another --root")
        _check_space(store, len(content))


def _read(request: InstallRequest) -> tuple[bytes, str]:
    """The content of the file and its sha256.

    Raises :class:`~edge.errors.ModelError` if they are not what the request says.
    """
    path = request.path
    try:
        size_bytes = path.stat().st_size
        if not path.is_file():
            raise ModelError(f"{path}: is not a file; give a model file")
        if request.size_bytes is not None and size_bytes != request.size_bytes:
            raise ModelError(f"{path}: has {size_bytes} bytes instead of {request.size_bytes}; copy it again")
        if size_bytes > _MAX_BYTES:
            raise ModelError(f"{path}: has {size_bytes >> 20} MB; a model file has at most {_MAX_BYTES >> 20} MB")
        content = path.read_bytes()
    except OSError as error:
        raise ModelError(f"{path}: cannot read the model ({error.strerror})") from None
    sha256 = hashlib.sha256(content).hexdigest()
    if request.sha256 is not None and sha256 != request.sha256.lower():
        raise ModelError(f"{path}: its sha256 is {short(sha256)}..., not {short(request.sha256)}...; copy it again")
    return content, sha256


def _read_signature(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise ModelError(f"{path}: cannot read the signature ({error.strerror})") from None


def _add(
    store: Store, content: bytes, sha256: str, signature: bytes | None, signer: str | None
) -> tuple[dict[str, Any], list[str]]:
    """Check ``content`` and write its folder; returns what its self-test returned, and the model's messages."""
    model = _checked(content, sha256)
    with as_storage_errors(store.models):
        make_folder(store.models)
        _check_space(store, len(content))
        folder = store.models / f".new-{sha256}"
        folder.mkdir(FOLDER_MODE)
    try:
        write_file(folder / MODEL_NAME, content)
        if signature:
            write_file(folder / f"{MODEL_NAME}.sig", signature)
        self_test = self_test_in_child(folder / MODEL_NAME)
        write_file(folder / "install.json", _record(model, self_test, signer))
        _give_name(store, folder, sha256)
    finally:
        shutil.rmtree(folder, ignore_errors=True)  # of a refused model; after a kill the next change removes it
    return self_test, model.messages()


def _checked(content: bytes, sha256: str) -> ModelFile:
    try:
        model = ModelFile.from_bytes(content)
        check_runtime(model)
    except EdgeError as error:
        raise type(error)(f"{short(sha256)}: {error}") from None
    return model


def _give_name(store: Store, folder: Path, sha256: str) -> None:
    """Give the finished ``folder`` its name."""
    with as_storage_errors(store.models):
        if store.folder(sha256).exists():  # damaged, and perhaps current: replaced file by file, never absent
            for path in folder.iterdir():
                path.replace(store.folder(sha256) / path.name)
            sync_folder(store.folder(sha256))
        else:
            folder.rename(store.folder(sha256))
        sync_folder(store.models)


def _check_space(store: Store, size_bytes: int) -> None:
    free_bytes = store.free_bytes()
    if free_bytes < size_bytes + _RESERVE_BYTES:
        raise StorageError(
            f"{store.root}: the model needs {size_bytes + _RESERVE_BYTES} bytes and {free_bytes} are free; "
            "remove old models: edge store gc --keep 1"
        )


def _record(model: ModelFile, self_test: dict[str, Any], signer: str | None) -> bytes:
    manifest = model.manifest
    facts = {
        "size_bytes": model.size_bytes,
        "labels": len(model.labels),
        "architecture": manifest and manifest.architecture,
        "quantization": manifest and manifest.quantization,
        "test_accuracy": manifest and manifest.accuracy,
        "installed_s": round(time.time(), 3),
        "signer": signer,
        "self_test": self_test,
    }
    return json.dumps(facts, indent=1).encode() + b"\n"
