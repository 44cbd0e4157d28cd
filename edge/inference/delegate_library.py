"""The library of a delegate in this process: the two functions of TensorFlow Lite's external delegates.

A library can do anything to the process that loads it: :mod:`edge.inference.delegate_trial` tries it in another one.
"""

from __future__ import annotations

import os
import threading
import weakref
from collections import Counter
from collections.abc import Callable
from ctypes import CFUNCTYPE, POINTER, c_char_p, c_size_t, c_void_p
from pathlib import Path
from typing import Any

from edge.errors import ConfigurationError
from edge.inference.delegate import DelegateChoice
from edge.inference.shared_library import WrongFile, open_library

_CREATE, _DESTROY = "tflite_plugin_create_delegate", "tflite_plugin_destroy_delegate"
_REPORT = CFUNCTYPE(None, c_char_p)


class DelegateRefused(ConfigurationError):
    """The library works, but it gives no delegate: an option that it does not know, or no device that it can have."""


class LoadedDelegate:
    """A delegate of this process, destroyed with this object: the interpreter that uses it must hold it.

    The interpreters ask for its address as for that of their own ``Delegate``. That one is not used: it destroys a
    delegate that was never made, and holds up all other threads while a device starts.
    """

    def __init__(self, choice: DelegateChoice) -> None:
        """Load the library of ``choice``, and make a delegate with its options.

        Raises :class:`~edge.errors.ConfigurationError` if the library does not load or is no delegate, and
        :class:`DelegateRefused` if it gives none.
        """
        create, destroy = _functions(choice)
        said: list[str] = []
        report = _REPORT(lambda text: said.append((text or b"").decode(errors="replace")))
        keys, values = ([os.fsencode(pair[at]) for pair in choice.options] for at in (0, 1))
        texts = c_char_p * len(choice.options)
        self._handle: int | None = create(texts(*keys), texts(*values), len(choice.options), report)
        if not self._handle:
            reason = " ".join(" ".join(said).split()) or "it does not say why"
            raise DelegateRefused(
                f"{choice.library} gives no delegate ({reason}): connect its device, which no other process may use, "
                "and check each --delegate-option"
            )
        # Not at the end of the process: the interpreter that uses it is not destroyed then either.
        weakref.finalize(self, _end, destroy, self._handle, report, choice).atexit = False
        with _lock:
            _loaded[choice] += 1

    def _get_native_delegate_pointer(self) -> int | None:
        return self._handle


_loaded: Counter[DelegateChoice] = Counter()
_lock = threading.RLock()  # a delegate may end anywhere, also where this thread has the lock


def is_loaded(choice: DelegateChoice) -> bool:
    """Whether this process has a delegate of ``choice`` now."""
    with _lock:
        return _loaded[choice] > 0


def _functions(choice: DelegateChoice) -> tuple[Callable[..., int | None], Callable[[int], None]]:
    try:
        library = open_library(choice.library)
    except WrongFile as error:
        raise ConfigurationError(f"the delegate does not load ({error}): give the library for this machine") from None
    except OSError as error:
        raise ConfigurationError(f"{_named(choice, str(error))}: {_fix(choice)}") from None
    try:
        create, destroy = getattr(library, _CREATE), getattr(library, _DESTROY)
    except AttributeError as error:
        missing = _DESTROY if _DESTROY in str(error) else _CREATE
        raise ConfigurationError(
            f"{choice.library} is no delegate: it has no function {missing}; give the library that the device's vendor "
            "names for TensorFlow Lite"
        ) from None
    create.restype, create.argtypes = c_void_p, [POINTER(c_char_p), POINTER(c_char_p), c_size_t, _REPORT]
    destroy.restype, destroy.argtypes = None, [c_void_p]
    return create, destroy


def _named(choice: DelegateChoice, reason: str) -> str:
    return f"the delegate does not load ({reason if choice.library in reason else f'{choice.library}: {reason}'})"


def _fix(choice: DelegateChoice) -> str:
    if not choice.is_path and Path(choice.library).is_file():
        return f"for the file in this folder, write --delegate ./{choice.library}"
    return "install the software of its device, or give the path of the library"


def _end(destroy: Callable[[int], None], handle: int, report: Any, choice: DelegateChoice) -> None:
    """Destroy the delegate; ``report`` must live until now, because the delegate may have kept it."""
    destroy(handle)
    with _lock:
        _loaded[choice] -= 1
