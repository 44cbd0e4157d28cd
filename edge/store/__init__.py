"""The store: the models of a device. One of them is current, and there is always one that is whole.

::

    ROOT/models/<sha256>/model.tflite     a checked model, with model.tflite.sig and install.json
    ROOT/current, ROOT/previous           links to models/<sha256>
    ROOT/state.json                       what the links must be, and whether the current model is still pending
    ROOT/incoming/<sha256>.part           uploads, complete or not
    ROOT/lock                             held by the process that changes something
    ROOT/allowed_signers                  if there is one, only signed models are installed

``state.json`` is written first, the links after it: the next change repairs what a power cut between the two left.
docs/adr/0010-the-store.md says why it is made like this.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from edge.lazy_names import lazy_names

if TYPE_CHECKING:
    from edge.store.activate import confirm
    from edge.store.layout import Store, default_root
    from edge.store.start import start_model

__all__ = ["Store", "confirm", "default_root", "start_model"]

__getattr__ = lazy_names(
    __name__,
    {
        "Store": "edge.store.layout",
        "confirm": "edge.store.activate",
        "default_root": "edge.store.layout",
        "start_model": "edge.store.start",
    },
)
