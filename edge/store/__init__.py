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
