"""What devices answer, checked in this one place: types, sizes, characters. A device may be broken, or lie."""

from __future__ import annotations

import json
from typing import Any, NamedTuple

from edge.errors import ConfigurationError, EdgeError, ModelError, StorageError, UnavailableError, UsageError
from edge.inference.interpreter import RUNTIMES
from edge.shorten import plain_text
from edge.status import MAX_EVERY_S
from edge.store.compatibility import Runtime
from edge.store.layout import is_sha256
from trainer.flash.ssh_connection import Answer

_ERRORS: tuple[type[EdgeError], ...] = (UsageError, ModelError, UnavailableError, StorageError, ConfigurationError)
_MAX_FACT = 300  # characters
_MAX_PATH = 4096  # bytes, as in Linux
_MAX_MODELS = 1000
_MAX_VERSION = 60  # characters
_MAX_DIGITS = 15
_KILLED = 128 + 9  # the code that the shell of a Linux device gives for SIGKILL
_FIX = "install the current version with --bootstrap"


class StoreState(NamedTuple):
    """What every command of a device's ``edge store --json`` answers.

    ``root`` is the folder of the store, ``current`` and ``previous`` are sha256 or None; ``pending`` tells that the
    current model is not confirmed yet.
    """

    root: str
    current: str | None
    previous: str | None
    pending: bool


class StoreListing(NamedTuple):
    """What a device's ``edge store list --json`` answers.

    ``models`` are the sha256 of the installed models, the newest first. ``signers`` is the file that asks for
    signatures, None if there is none. ``every_s`` is the time between two labelled frames of the device's ``edge
    watch``, 0 if none runs; ``free_bytes`` is the free space of its disk. ``interpreter`` is the one that it uses, None
    if it has none or one that is not known here. Older releases do not answer the last four.
    """

    state: StoreState
    models: tuple[str, ...]
    signers: str | None = None
    every_s: float = 0.0
    free_bytes: int | None = None
    interpreter: Runtime | None = None


def whole_number(text: str) -> int | None:
    """The whole number that ``text`` is; None if it is none, or has more than 15 digits."""
    return int(text) if text.isascii() and text.isdecimal() and len(text) <= _MAX_DIGITS else None


def read_fact_lines(out: str) -> dict[str, str]:
    """The facts in the lines ``fact NAME VALUE`` of ``out``, each in one line; other lines are of the login shell.

    The value of ``store`` is not shortened: :func:`parse_listing` checks it.
    """
    facts: dict[str, str] = {}
    for line in out.splitlines():
        word, _, rest = line.partition(" ")
        if word == "fact":
            name, _, value = rest.partition(" ")
            facts[name] = value if name == "store" else plain_text(value, _MAX_FACT)
    return facts


def checked_path(name: str, text: str) -> str:
    """``text``, which must be an absolute path; ``name`` is what the message calls it.

    Raises :class:`~edge.errors.ConfigurationError`.
    """
    if not text.startswith("/") or len(text.encode("utf-8", "replace")) > _MAX_PATH or not text.isprintable():
        raise ConfigurationError(f"it answers that {name} is {plain_text(text, 60)!r}, which is not a path; {_FIX}")
    return text


def parse_listing(out: str) -> StoreListing:
    """What ``edge store list --json`` answered in its output ``out``; the login shell may print other lines.

    Raises :class:`~edge.errors.ConfigurationError` if it is not such an answer.
    """
    fields = _answered_object(out)
    models = fields.get("models")
    if not isinstance(models, list) or len(models) > _MAX_MODELS:
        raise _unusable(f"models is not a list of at most {_MAX_MODELS}")
    names = tuple(_sha256(model.get("sha256") if isinstance(model, dict) else None, "models") for model in models)
    signers = fields.get("allowed_signers")
    every_s = fields.get("watch_every_s") or 0.0
    if isinstance(every_s, bool) or not isinstance(every_s, (int, float)) or not 0 <= every_s <= MAX_EVERY_S:
        raise _unusable("watch_every_s is not a time")
    free_bytes = fields.get("free_bytes")
    if free_bytes is not None and (type(free_bytes) is not int or free_bytes < 0):
        raise _unusable("free_bytes is not a size")
    return StoreListing(
        _state(fields),
        names,
        None if signers is None else checked_path("allowed_signers", str(signers)),
        float(every_s),
        free_bytes,
        _interpreter(fields.get("interpreter")),
    )


def parse_state(out: str) -> StoreState:
    """The state that an ``edge store COMMAND --json`` answered in its output ``out``, as :func:`parse_listing`.

    Raises :class:`~edge.errors.ConfigurationError` if there is none.
    """
    return _state(_answered_object(out))


def device_error(answer: Answer) -> EdgeError:
    """The error that the device's ``edge`` ended with; its exit code tells the class."""
    lines = [line.strip() for line in answer.err.splitlines() if line.strip()]
    of_edge = [line.removeprefix("edge: ") for line in lines if line.startswith("edge: ")]
    message = plain_text((of_edge or lines or [f"it ended with code {answer.code} and no message"])[-1])
    if answer.code == _KILLED:
        return UnavailableError("its edge was killed, as happens if memory runs out; run the same command again")
    for error in _ERRORS:
        if error.exit_code == answer.code:
            return error(message)
    return ConfigurationError(f"its edge failed ({message}); {_FIX}")


def _state(fields: dict[str, Any]) -> StoreState:
    root, pending = fields.get("root"), fields.get("pending")
    if not isinstance(root, str) or not isinstance(pending, bool):
        raise _unusable("root is not a text, or pending is not true or false")
    current, previous = (
        None if fields.get(name) is None else _sha256(fields[name], name) for name in ("current", "previous")
    )
    return StoreState(checked_path("the folder of its store", root), current, previous, pending)


def _interpreter(value: object) -> Runtime | None:
    if value is None:
        return None
    name, version = (value.get("name"), value.get("version")) if isinstance(value, dict) else (None, None)
    if not isinstance(name, str) or not isinstance(version, str | None):
        raise _unusable("interpreter has no name and version")
    return Runtime(name, version and plain_text(version, _MAX_VERSION)) if name in RUNTIMES else None


def _sha256(value: object, name: str) -> str:
    if not isinstance(value, str) or not is_sha256(value):
        raise _unusable(f"{name} is not a sha256")
    return value


def _answered_object(out: str) -> dict[str, Any]:
    """The last line of ``out`` that is a JSON object."""
    for line in reversed(out.splitlines()):
        try:
            value = json.loads(line) if line.startswith("{") else None
        except (ValueError, RecursionError):
            continue
        if isinstance(value, dict):
            return value
    raise _unusable("it printed no JSON object")


def _unusable(reason: str) -> ConfigurationError:
    return ConfigurationError(f"its edge gives an answer that cannot be used ({reason}); {_FIX}")
