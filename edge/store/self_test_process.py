"""``python -m edge.store.self_test_process``: one fresh process that runs a model's self-test within limits.

The request comes as one JSON object on stdin, the answer goes as one JSON object to stdout.
"""

from __future__ import annotations

import json
import os
import resource
import signal
import sys
from typing import Any

_GRACE_S = 10.0


def main() -> None:
    """Answer the request on stdin: ``path``, ``memory_bytes`` and ``time_limit_s``.

    The answer is that of :func:`prove`, or ``{"error": "one line"}``.
    """
    answer_to = os.dup(1)
    os.dup2(2, 1)
    request = json.load(sys.stdin)
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    resource.setrlimit(resource.RLIMIT_AS, (request["memory_bytes"],) * 2)
    signal.setitimer(signal.ITIMER_REAL, request["time_limit_s"] + _GRACE_S)  # nobody may be left to end it
    from edge.errors import EdgeError  # after the limits: numpy counts too

    try:
        answer = prove(request["path"])
    except EdgeError as error:
        answer = {"error": str(error)}
    except MemoryError:
        answer = {"error": f"the model needs more than {request['memory_bytes'] >> 20} MB of memory"}
    with os.fdopen(answer_to, "w") as out:
        json.dump(answer, out)


def prove(path: str) -> dict[str, Any]:
    """Run the self-test of the model at ``path``; a model that carries none must at least give finite scores.

    Returns ``runtime`` and, where the model carries a self-test, its ``largest_difference`` and ``tolerance``,
    both None otherwise.

    Raises :class:`~edge.errors.ModelError` and :class:`~edge.errors.ConfigurationError`.
    """
    import math

    from edge.errors import ModelError
    from edge.inference.classifier import Classifier
    from edge.inference.selftest import pattern_scores, run_self_test

    classifier = Classifier.load(path)
    difference = tolerance = None
    if classifier.model.manifest:
        result = run_self_test(classifier)
        difference, tolerance = result.largest_difference, result.tolerance
        if not result.passed:
            raise ModelError(
                f"the self-test failed on {classifier.runtime} (largest difference {difference:.4f}, allowed "
                f"{tolerance:.4f}); this device does not compute what the workstation computed"
            )
    elif not math.isfinite(float(pattern_scores(classifier, 0).sum())):
        raise ModelError(f"the model gives no numbers on {classifier.runtime}; export it again")
    return {"runtime": classifier.runtime, "largest_difference": difference, "tolerance": tolerance}


if __name__ == "__main__":
    main()
