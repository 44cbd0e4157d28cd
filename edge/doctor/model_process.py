"""``python -m edge.doctor.model_process``: one fresh process that loads a model and runs its self-test.

An interpreter that crashes ends only this process. The request comes as one JSON object on stdin, the answer goes as
one JSON object to stdout.
"""

from __future__ import annotations

import json
import os
import sys
from typing import Any

from edge.system.resource_limits import GRACE_S, end_after, limit_resources


def main() -> None:
    """Answer the request on stdin: that of :func:`run`, with ``time_limit_s``."""
    answer_to = os.dup(1)
    os.dup2(2, 1)  # an interpreter may print on stdout
    limit_resources()
    request = json.load(sys.stdin)
    end_after(request["time_limit_s"] + GRACE_S)
    answer = run(request)
    with os.fdopen(answer_to, "w") as out:
        json.dump(answer, out)


def run(request: dict[str, Any]) -> dict[str, Any]:
    """Load the model of ``request`` and run its self-test.

    ``request`` has ``path``, ``labels``, ``pixels``, ``runtime``, ``threads`` and ``delegate``.

    Returns ``runtime``, ``self_test``, whether the model carries one, the ``quantization`` that its manifest says, and
    ``delegate_parts`` of the classifier; or ``refused``, why the model cannot be used.
    """
    from edge.errors import EdgeError
    from edge.inference.classifier import Classifier
    from edge.inference.delegate import from_parent
    from edge.inference.self_test import require_self_test
    from edge.modelfile.model_file import ModelFile

    try:
        pixels = {name: tuple(value) if isinstance(value, list) else value for name, value in request["pixels"].items()}
        model = ModelFile.load(request["path"], request["labels"], **pixels)
        delegate = from_parent(request["delegate"])
        classifier = Classifier(model, threads=request["threads"], runtime=request["runtime"], delegate=delegate)
        try:
            result = require_self_test(classifier)
        except EdgeError as error:
            return {"refused": f"{request['path']}: {error}"}
    except EdgeError as error:
        return {"refused": str(error)}
    quantization = model.manifest and model.manifest.quantization
    return {
        "runtime": classifier.runtime,
        "self_test": result is not None,
        "quantization": quantization,
        "delegate_parts": classifier.delegate_parts,
    }


if __name__ == "__main__":
    main()
