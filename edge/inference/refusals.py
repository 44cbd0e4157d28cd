"""Why an interpreter does not run a model, in words for people."""

from __future__ import annotations

from edge.errors import ModelError
from edge.inference.delegate import DelegateChoice

_EDGE_TPU = "edgetpu-custom-op"  # stands in what an interpreter says of a file that was compiled for one
_RESTORED = "Restored original execution plan after delegate application failure."  # no help: the model is refused

RUN_ERRORS = (ValueError, RuntimeError, MemoryError)
"""What interpreters raise for a model that they cannot run."""


def reason_of(error: Exception) -> str:
    """What ``error``, one of :data:`RUN_ERRORS`, says in one line. LiteRT says nothing if memory runs out."""
    words = " ".join(str(error).replace(_RESTORED, "").split())
    return "it needs more memory than there is" if isinstance(error, MemoryError) or not words else words


def cannot_run(runtime: str, error: Exception, delegate: DelegateChoice | None) -> ModelError:
    """The error for a model that ``runtime``, with ``delegate``, refuses with ``error``."""
    reason = reason_of(error)
    if _EDGE_TPU in reason and delegate is None:
        return ModelError(
            "this model was compiled for an Edge TPU: give --delegate libedgetpu.so.1 if one is connected, else the "
            "file for the processor, whose name has no _edgetpu"
        )
    if delegate is None:
        return ModelError(f"{runtime} cannot run this model ({reason})")
    if _EDGE_TPU in reason:
        reason = "it was compiled for an Edge TPU, and the delegate does not take over such an operator"
    return ModelError(
        f"{runtime} cannot run this model with {delegate.name} ({reason}): give a model that was made for its device, "
        "or leave out --delegate"
    )
