"""Loading models of this project and of others side by side."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from edge.errors import ModelError
from edge.modelfile.model_file import ModelFile
from trainer.backbones.apart import try_model
from trainer.commands.options import PixelArguments


def load_models(paths: Sequence[Path], labels: Path | None, pixels: PixelArguments) -> list[ModelFile]:
    """The models at ``paths``; ``labels`` and ``pixels`` are for those that do not say them themselves.

    A model of another project is run in a child process first.

    Raises :class:`~edge.errors.ModelError` as :meth:`ModelFile.load` does, also if all models say them themselves, and
    what :func:`~trainer.backbones.apart.try_model` raises.
    """
    models = [_own(path) or ModelFile.load(path, labels, **pixels) for path in paths]
    given = labels is not None or any(value is not None for value in pixels.values())
    if given and all(model.manifest is not None for model in models):
        ModelFile.load(paths[0], labels, **pixels)  # raises: it says them itself
    for path, model in zip(paths, models, strict=True):
        if model.manifest is None:
            try_named(path, model)
    return models


def try_named(path: Path, model: ModelFile) -> None:
    """Run ``model``, which was loaded from ``path``, in a child process before this process runs it.

    Raises what :func:`~trainer.backbones.apart.try_model` raises; an error of the model names ``path``.
    """
    try:
        try_model(model.content)
    except ModelError as error:
        raise ModelError(f"{path}: {error}") from None


def _own(path: Path) -> ModelFile | None:
    """The model at ``path`` if it is a file of this project."""
    try:
        model = ModelFile.load(path)
    except ModelError:  # it may only have no labels; what is wrong is said when it is loaded with them
        return None
    return model if model.manifest is not None else None
