"""Installing a model file in the store: everything is checked before its folder is made."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import time
from dataclasses import KW_ONLY, dataclass
from pathlib import Path
from typing import Any, NamedTuple

from edge.errors import EdgeError, ModelError, StorageError
from edge.regular_file import SMALL_BYTES, read_regular
from edge.store.activate import refuse_older, switch
from edge.store.durable import FOLDER_MODE, as_storage_errors, make_folder, write_file
from edge.store.isolated_check import CheckedModel, check_in_child
from edge.store.layout import MODEL_NAME, Store, short
from edge.store.retention import collect
from edge.store.signature import check_signature, stored_signature
from edge.store.state import State, read_state, write_state
from edge.store.transaction import change
from edge.store.verify import is_intact
from edge.system.folder_sync import sync_folder

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
    one. ``signer`` is the principal that signed it, None if this device asks for no signature. ``self_test`` is that of
    :class:`~edge.store.isolated_check.CheckedModel`, None if it was not run again. ``removed`` are the models that were
    removed to keep only the newest. ``messages`` says what is guessed about a model of another project that was not
    here before: those of :class:`~edge.store.isolated_check.CheckedModel`.
    """

    sha256: str
    size_bytes: int
    outcome: str
    signer: str | None
    self_test: dict[str, Any] | None
    removed: list[str]
    state: State
    messages: list[str]


class _Model(NamedTuple):
    """A model file in memory, its signature and who signed it.

    ``is_here`` says whether the store has it; ``checked`` is None if it was not checked again.
    """

    content: bytes
    sha256: str
    signature: bytes | None
    signer: str | None
    is_here: bool
    checked: CheckedModel | None


def install(store: Store, request: InstallRequest) -> Installed:
    """Install the model of ``request`` in ``store``; a repeat after any interruption does the rest.

    The file is checked in a child process while the store is not locked. The bytes that were read here are installed,
    and the child must have checked the same.

    Raises :class:`~edge.errors.ModelError` if the model is refused, :class:`~edge.errors.UsageError` if it is older
    than the current one, :class:`~edge.errors.ConfigurationError` if its signature or its self-test cannot be checked
    here, :class:`~edge.errors.UnavailableError` if the store is busy, and :class:`~edge.errors.StorageError` if it
    cannot be written.
    """
    content, sha256 = _read(request)
    given = _read_signature(request.signature) if request.signature else None
    checked: CheckedModel | None = None
    while True:
        with change(store, f"install {short(sha256)}") as state:
            if request.activate:
                refuse_older(state, sha256, allow_older=request.allow_older)
            signature = given or stored_signature(store, sha256)
            signer = check_signature(store, content, signature)
            is_here = _is_here(store, sha256)
            if checked or not _needs_check(state, request, sha256, is_here):
                return _take_in(store, state, request, _Model(content, sha256, signature, signer, is_here, checked))
        checked = _check(request.path, sha256)  # outside the lock: it may take long


def check_request(store: Store, request: InstallRequest) -> None:
    """Raise the error with which :func:`install` would end before it changes ``store``; nothing is changed.

    It does not wait for another process that changes the store.
    """
    content, sha256 = _read(request)
    signature = _read_signature(request.signature) if request.signature else None
    state = read_state(store)
    if request.activate:
        refuse_older(state, sha256, allow_older=request.allow_older)
    check_signature(store, content, signature or stored_signature(store, sha256))
    is_here = _is_here(store, sha256)
    if _needs_check(state, request, sha256, is_here):
        _check(request.path, sha256)
    if not is_here:
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
        return read_regular(path, SMALL_BYTES)
    except OSError as error:
        raise ModelError(f"{path}: cannot read the signature ({error.strerror})") from None


def _is_here(store: Store, sha256: str) -> bool:
    """Whether the store has the model, whole; all its bytes are read."""
    return is_intact(store, sha256) and store.record(sha256).is_file()


def _needs_check(state: State, request: InstallRequest, sha256: str, is_here: bool) -> bool:
    """Whether the file must be checked for what ``request`` asks: it is new here, or becomes the current model."""
    return not is_here or (request.activate and sha256 != state.current)


def _check(path: Path, sha256: str) -> CheckedModel:
    """The result of checking the file at ``path``, which had the ``sha256`` when it was read.

    Raises what :func:`edge.store.isolated_check.check_in_child` raises.
    """
    try:
        checked = check_in_child(path)
    except OSError as error:
        raise ModelError(f"{path}: cannot read the model ({error.strerror})") from None
    except EdgeError as error:
        raise type(error)(f"{short(sha256)}: {error}") from None
    if checked.sha256 != sha256:
        raise ModelError(f"{path}: was changed while it was checked; copy it again")
    return checked


def _take_in(store: Store, state: State, request: InstallRequest, model: _Model) -> Installed:
    """Do what ``request`` asks, with the lock held; ``model`` has been checked if that is needed."""
    sha256, checked = model.sha256, model.checked
    outcome, messages = "present", []
    if not model.is_here:
        assert checked is not None
        _add(store, model, checked)
        outcome, messages = "installed", checked.messages
    elif model.signature and model.signature != stored_signature(store, sha256):
        write_file(store.signature(sha256), model.signature)
    known = state.with_installed(sha256)
    if request.activate and sha256 != state.current:
        state = switch(store, known, sha256)
    elif known != state:
        write_state(store, known)
        state = known
    if outcome == "present" and sha256 == state.current and checked is None:
        outcome = "unchanged"
    return Installed(
        sha256=sha256,
        size_bytes=len(model.content),
        outcome=outcome,
        signer=model.signer,
        self_test=checked and checked.self_test,
        removed=collect(store, state),
        state=state,
        messages=messages,
    )


def _add(store: Store, model: _Model, checked: CheckedModel) -> None:
    """Write the folder of the ``model``."""
    with as_storage_errors(store.models):
        make_folder(store.models)
        _check_space(store, len(model.content))
        folder = store.models / f".new-{model.sha256}"
        folder.mkdir(FOLDER_MODE)
    try:
        write_file(folder / MODEL_NAME, model.content)
        if model.signature:
            write_file(folder / f"{MODEL_NAME}.sig", model.signature)
        write_file(folder / "install.json", _record(checked, model.signer))
        _give_name(store, folder, model.sha256)
    finally:
        shutil.rmtree(folder, ignore_errors=True)  # after an error; after a kill the next change removes it


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


def _record(checked: CheckedModel, signer: str | None) -> bytes:
    facts = {
        **checked.facts,
        "installed_s": round(time.time(), 3),
        "signer": signer,
        "self_test": checked.self_test,
    }
    return json.dumps(facts, indent=1).encode() + b"\n"
