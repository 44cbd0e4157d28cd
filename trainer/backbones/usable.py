"""Whether a network without its classifier can be used: it runs here, and its features say something."""

from __future__ import annotations

import numpy as np

from edge.errors import ModelError
from edge.inference.interpreter import ImageInterpreter
from edge.inference.self_test import make_patterns
from edge.modelfile.model_file import ModelFile

_PATTERN_SEED = 0


def check_usable(model: ModelFile) -> None:
    """Compute the bottlenecks of drawn patterns with the backbone ``model``.

    Raises :class:`~edge.errors.ModelError` if it cannot be run, or they are no numbers or all the same.
    """
    interpreter = ImageInterpreter(model)
    features = np.stack([interpreter.scores(pattern) for pattern in make_patterns(_PATTERN_SEED, model.input_size)])
    if not np.isfinite(features).all():
        raise ModelError("its features are not numbers; convert the network again")
    if (features == features[0]).all():
        raise ModelError("its features are the same for every picture; has it been trained?")
