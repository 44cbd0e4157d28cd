"""``python -m edge.inference.delegate_process``: one fresh process that tries a delegate, which may crash.

The request comes as one JSON object on stdin, the answer goes as one JSON object to stdout.
"""

from __future__ import annotations

import json
import os
import sys
from typing import Any

from edge.system.resource_limits import GRACE_S, end_after, limit_resources


def main() -> None:
    """Answer the request on stdin: that of :func:`run`, with ``time_limit_s``.

    An error of this package is ``{"error": "one line", "exit_code": NUMBER, "refused": BOOL}``; ``refused`` is whether
    the library gives no delegate (:class:`~edge.inference.delegate_library.DelegateRefused`).
    """
    answer_to = os.dup(1)
    os.dup2(2, 1)  # a delegate may print on stdout
    limit_resources()
    request = json.load(sys.stdin)
    end_after(request["time_limit_s"] + GRACE_S)
    from edge.errors import EdgeError
    from edge.inference.delegate_library import DelegateRefused

    try:
        answer = run(request)
    except EdgeError as error:
        refused = isinstance(error, DelegateRefused)
        answer = {"error": str(error), "exit_code": error.exit_code, "refused": refused}
    with os.fdopen(answer_to, "w") as out:
        json.dump(answer, out)
    os._exit(0)  # what a delegate does at the end of a process is no reason against it


def run(request: dict[str, Any]) -> dict[str, Any]:
    """Load the delegate of ``request``, which is that of :func:`edge.inference.delegate.for_child`.

    ``content`` is the model file in base64, with which one inference is run on ``runtime``; None if there is none.

    Returns ``parts``: into how many parts of the model the delegate was put, None if that is not known.

    Raises :class:`~edge.errors.ConfigurationError` and :class:`~edge.errors.ModelError`.
    """
    import base64

    from edge.inference.delegate import from_parent

    choice = from_parent(request["delegate"])
    assert choice is not None
    if request["content"] is None:
        from edge.inference.delegate_library import LoadedDelegate

        LoadedDelegate(choice)
        return {"parts": None}
    import numpy as np

    from edge.errors import ModelError
    from edge.inference.interpreter import open_interpreter
    from edge.inference.refusals import RUN_ERRORS, reason_of

    parts: list[int | None] = []
    interpreter = open_interpreter(
        base64.b64decode(request["content"]),
        1,
        request["runtime"],
        choice,
        before_allocation=lambda made: parts.append(_parts(made)),
    )
    try:
        for given in interpreter.get_input_details():
            interpreter.set_tensor(given["index"], np.zeros(given["shape"], given["dtype"]))
        interpreter.invoke()
    except RUN_ERRORS as error:
        reason = reason_of(error)
        raise ModelError(f"{choice.name} fails while it runs this model on {request['runtime']} ({reason})") from None
    return {"parts": parts[0]}


def _parts(interpreter: Any) -> int | None:
    """How many nodes of ``interpreter`` are a delegate's; before its memory is planned, no other delegate has any.

    The interpreters from wheels have a method for it that is not promised; ``tflite-c`` has none.
    """
    try:
        return [node["op_name"] for node in interpreter._get_ops_details()].count("DELEGATE")
    except (AttributeError, KeyError, TypeError):
        return None


if __name__ == "__main__":
    main()
