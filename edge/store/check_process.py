"""``python -m edge.store.check_process``: one fresh process that checks a model file within limits.

The request comes as one JSON object on stdin, the answer goes as one JSON object to stdout.
"""

from __future__ import annotations

import json
import os
import sys
from typing import Any

from edge.system.resource_limits import GRACE_S, allowed_memory_bytes, end_after, limit_resources


def main() -> None:
    """Answer the request on stdin: ``path``, ``memory_bytes``, ``processor_limit_s`` and ``time_limit_s``.

    The answer is that of :func:`run`, or ``{"error": "one line"}``, with the ``exit_code`` of an error of this package.
    """
    answer_to = os.dup(1)
    os.dup2(2, 1)
    request = json.load(sys.stdin)
    limit_resources(memory_bytes=request["memory_bytes"], processor_s=request["processor_limit_s"])
    end_after(request["time_limit_s"] + GRACE_S)
    # After the limits, which numpy's memory counts against. If these fail, the model is not the cause: no answer.
    import edge.inference.self_test  # noqa: F401
    from edge.errors import EdgeError

    try:
        answer = run(request["path"])
    except EdgeError as error:
        answer = {"error": str(error), "exit_code": error.exit_code}
    except MemoryError:
        if allowed_memory_bytes() < request["memory_bytes"]:
            raise  # by a limit from outside, as ulimit sets it: the model is not the cause, and there is no answer
        answer = {"error": f"the model needs more than {request['memory_bytes'] >> 20} MB of memory"}
    with os.fdopen(answer_to, "w") as out:
        json.dump(answer, out)


def run(path: str) -> dict[str, Any]:
    """Check the model file at ``path``; returns the fields of :class:`edge.store.isolated_check.CheckedModel`.

    Raises :class:`~edge.errors.ModelError` and :class:`~edge.errors.ConfigurationError`.
    """
    import hashlib
    from pathlib import Path

    from edge.errors import ModelError
    from edge.inference.classifier import Classifier
    from edge.inference.self_test import require_self_test
    from edge.modelfile.model_file import ModelFile
    from edge.modelfile.reading import MAX_MODEL_BYTES, read_bounded
    from edge.store.compatibility import check_runtime

    content = read_bounded(Path(path), MAX_MODEL_BYTES, "the model")
    model = ModelFile.from_bytes(content)
    check_runtime(model)
    try:
        classifier = Classifier(model)
        result = require_self_test(classifier)
    except ModelError as error:
        raise ModelError(f"refused by its self-test: {error}") from None
    manifest = model.manifest
    return {
        "sha256": hashlib.sha256(content).hexdigest(),
        "facts": {
            "size_bytes": model.size_bytes,
            "labels": len(model.labels),
            "architecture": manifest and manifest.architecture,
            "quantization": manifest and manifest.quantization,
            "test_accuracy": manifest and manifest.accuracy,
        },
        "messages": model.messages(),
        "self_test": {
            "runtime": classifier.runtime,
            "largest_difference": result and result.largest_difference,
            "tolerance": result and result.tolerance,
        },
    }


if __name__ == "__main__":
    main()
