"""Loading models of this project and of others side by side."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from edge.errors import ModelError
from edge.modelfile.model_file import ModelFile
from trainer.commands.options import PixelArguments


def load_models(paths: Sequence[Path], labels: Path | None, pixels: PixelArguments) -> list[ModelFile]:
    """The models at ``paths``; ``labels`` and ``pixels`` are for those that do not say them themselves.

    Raises :class:`~edge.errors.ModelError` as :meth:`ModelFile.load` does, also if all models say them themselves.
    """
    models = [_own(path) or ModelFile.load(path, labels, **pixels) for path in paths]
    given = labels is not None or any(value is not None for value in pixels.values())
    if given and all(model.manifest is not None for model in models):
        ModelFile.load(paths[0], labels, **pixels)  # raises: it says them itself
    return models


def _own(path: Path) -> ModelFile | None:
    """The model at ``path`` if it is a file of this project."""
    try:
        model = ModelFile.load(path)
    except ModelError:  # it may only have no labels; what is wrong is said when it is loaded with them
        return None
    return model if model.manifest is not None else None
