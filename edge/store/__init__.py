"""The store: the models of a device, of which one is current, and which is never without a whole one.

::

    ROOT/models/<sha256>/model.tflite     a checked model, with model.tflite.sig and install.json
    ROOT/current, ROOT/previous           links to models/<sha256>
    ROOT/state.json                       what the links are to be, and whether the current model is still pending
    ROOT/incoming/<sha256>.part           uploads, whole or not
    ROOT/lock                             held by whoever changes something
    ROOT/allowed_signers                  if there is one, only signed models come in

``state.json`` is written first and the links follow it, so that a power cut between the two is mended by whoever
comes next. docs/adr/0010-the-store.md says why it is made like this.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from edge.store.activate import confirm
    from edge.store.layout import Store, default_root
    from edge.store.start import start_model

__all__ = ["Store", "confirm", "default_root", "start_model"]

_MODULES = {
    "Store": "edge.store.layout",
    "confirm": "edge.store.activate",
    "default_root": "edge.store.layout",
    "start_model": "edge.store.start",
}


def __getattr__(name: str) -> object:
    """Import what ``__all__`` names when it is first used: ``edge label`` needs the paths of the store alone."""
    if name not in _MODULES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(importlib.import_module(_MODULES[name]), name)
