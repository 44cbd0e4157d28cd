"""``python -m trainer.backbones.apart_process``: one fresh process for a file that may crash or hang it.

The request comes as one JSON object on stdin, the answer goes as one JSON object to stdout.
"""

from __future__ import annotations

import json
import os
import sys
from typing import Any

from edge.errors import EdgeError, ModelError
from edge.system.resource_limits import GRACE_S, end_after, limit_resources
from trainer.missing_package import explain_missing, extras_of


def main() -> None:
    """Answer the request on stdin, that of :func:`read_weights` or :func:`run_model`, with ``time_limit_s``.

    The answer is empty, or ``{"error": "one line", "exit_code": NUMBER}``.
    """
    answer_to = os.dup(1)
    os.dup2(2, 1)  # an interpreter may print on stdout
    limit_resources()
    request = json.load(sys.stdin)
    end_after(request["time_limit_s"] + GRACE_S)
    answer: dict[str, Any] = {}
    try:
        _work(request)
    except EdgeError as error:
        answer = {"error": str(error), "exit_code": error.exit_code}
    with os.fdopen(answer_to, "w") as out:
        json.dump(answer, out)


def _work(request: dict[str, Any]) -> None:
    try:
        (read_weights if "weights" in request else run_model)(request)
    except ModuleNotFoundError as error:
        raise explain_missing(error, extras_of(None)) or error from None


def read_weights(request: dict[str, Any]) -> None:
    """Write the layers of ``architecture`` in the file ``weights`` to ``output``, in the form of fine-tuned weights.

    The classifier behind the network is read too: what looks for it later reads the file in its own process.

    Raises :class:`~edge.errors.ConfigurationError` as :func:`~trainer.backbones.read_layers.read_layers` does.
    """
    import contextlib
    from pathlib import Path

    import numpy as np

    from edge.errors import ConfigurationError
    from trainer.backbones.architectures import Architecture
    from trainer.backbones.classifier_weights import read_classifier
    from trainer.backbones.read_layers import read_layers
    from trainer.backbones.tuned_weights import DETAILS, LAYER_PARTS

    path, architecture = Path(request["weights"]), Architecture.parse(request["architecture"])
    layers = read_layers(path, architecture)
    with contextlib.suppress(ConfigurationError):  # is said where the classifier is needed
        read_classifier(path, architecture)
    arrays = {
        f"{name}/{part}": values
        for name, both in layers.items()
        for part, values in zip(LAYER_PARTS, both, strict=True)
    }
    np.savez(request["output"], **{DETAILS: np.frombuffer(b"{}", np.uint8)}, **arrays)


def run_model(request: dict[str, Any]) -> None:
    """Run the flatbuffer ``model``, in base64, twice on ``runtime``: on zeros, and on random values.

    LiteRT runs it without XNNPACK too, as the choice of a self-test does.

    Raises what :func:`~edge.inference.interpreter.open_interpreter` raises, and :class:`~edge.errors.ModelError` if the
    interpreter fails while it runs.
    """
    import base64

    from edge.inference.interpreter import open_interpreter
    from edge.inference.refusals import RUN_ERRORS, reason_of

    content, runtime = base64.b64decode(request["model"]), request["runtime"]
    interpreters = [open_interpreter(content, 1, runtime)]
    try:
        if runtime == "litert":
            from ai_edge_litert.interpreter import Interpreter, OpResolverType

            kernels = OpResolverType.BUILTIN_WITHOUT_DEFAULT_DELEGATES
            interpreters.append(Interpreter(model_content=content, experimental_op_resolver_type=kernels))
            interpreters[-1].allocate_tensors()
        for interpreter in interpreters:
            _run(interpreter)
    except RUN_ERRORS as error:
        raise ModelError(f"{runtime} cannot run this model ({reason_of(error)})") from None


def _run(interpreter: Any) -> None:
    import numpy as np

    (given,) = interpreter.get_input_details()
    kind, random = given["dtype"], np.random.default_rng(0)
    values = random.integers(0, 256, given["shape"], np.uint8)
    noise = values / 127.5 - 1 if np.issubdtype(kind, np.floating) else values
    for picture in (np.zeros(given["shape"]), noise):
        interpreter.set_tensor(given["index"], picture.astype(kind))
        interpreter.invoke()
    for found in interpreter.get_output_details():
        interpreter.get_tensor(found["index"])


if __name__ == "__main__":
    main()
