"""The models to measure: found and checked, with the facts that are known before they run."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from edge.errors import DataError, ModelError
from edge.inference.interpreter import RUNTIMES
from edge.missing_path import missing_hint
from edge.modelfile.labels import read_labels
from edge.modelfile.model_file import ModelFile
from edge.modelfile.normalization import Normalization
from edge.modelfile.reading import MAX_MODEL_BYTES, read_bounded
from edge.modelfile.structure import examine
from edge.system.drives import ask_drive, list_folder


@dataclass(frozen=True)
class ModelFacts:
    """One model file. ``error`` is one line if the file must not be run; the rest is then None.

    ``path`` is None for a file of the standard set, which is written when it is measured. ``name`` is the file's name
    without its folder. ``architecture``, ``quantization`` and ``accuracy`` (0..1, on
    ``accuracy_photos`` held-out photos) are those of the manifest, None if there is none. ``input_size``
    is in pixels, the longer side.
    """

    path: Path | None
    name: str
    sha256: str
    size_bytes: int
    architecture: str | None = None
    quantization: str | None = None
    input_size: int | None = None
    accuracy: float | None = None
    accuracy_photos: int = 0
    error: str | None = None


def find_models(arguments: Iterable[str]) -> list[Path]:
    """The model files that ``arguments`` name: files as they are, folders as their sorted ``*.tflite``.

    Raises :class:`~edge.errors.DataError` for a path that does not exist, and for a folder without models.
    """
    found: list[Path] = []
    for argument in arguments:
        path = Path(argument)
        if ask_drive(path, path.is_dir):
            models = list_folder(path, lambda file: file.suffix == ".tflite" and file.is_file())
            if not models:
                raise DataError(f"{argument}: no models in this folder; give one that holds .tflite files")
            found += models
        elif ask_drive(path, path.exists):  # what is not a regular file is refused when it is read
            found.append(path)
        elif argument in RUNTIMES:
            raise DataError(f"{argument}: no such file; to give several runtimes, write --runtime {','.join(RUNTIMES)}")
        else:
            raise DataError(f"{argument}: no such file or folder{missing_hint(argument)}")
    return found


def examine_models(
    paths: Iterable[Path], labels: str | None = None, normalization: Normalization | None = None
) -> list[ModelFacts]:
    """What is known of the models at ``paths``, in that order; the same name and content counts once.

    Raises :class:`~edge.errors.DataError` if a file cannot be read.
    """
    models: dict[tuple[str, str], ModelFacts] = {}
    for path in paths:
        model = _examine(path, labels, normalization)
        models.setdefault((model.name, model.sha256), model)
    return list(models.values())


def _examine(path: Path, labels: str | None, normalization: Normalization | None) -> ModelFacts:
    content = read_bounded(path, MAX_MODEL_BYTES, "the model")
    sha256 = hashlib.sha256(content).hexdigest()
    try:
        model = load_model(content, labels, normalization)
    except ModelError as error:
        return ModelFacts(path, path.name, sha256, len(content), error=str(error))
    manifest = model.manifest
    return ModelFacts(
        path=path,
        name=path.name,
        sha256=sha256,
        size_bytes=len(content),
        architecture=manifest.architecture if manifest else None,
        quantization=manifest.quantization if manifest else None,
        input_size=max(model.input_size),
        accuracy=manifest.accuracy if manifest else None,
        accuracy_photos=manifest.independent_test_photos if manifest and manifest.accuracy is not None else 0,
    )


def load_model(content: bytes, labels: str | None = None, normalization: Normalization | None = None) -> ModelFile:
    """The model in ``content``. One that carries no labels gets those of the file ``labels``, else numbers.

    The names of the outputs make no difference to their speed. ``normalization`` is for models that do not say it
    themselves.

    Raises :class:`~edge.errors.ModelError` if it is not an image classifier that can run.
    """
    try:
        model = ModelFile.from_bytes(content)
    except ModelError as error:
        if labels is not None:
            return ModelFile.from_bytes(content, read_labels(Path(labels)), normalization)
        try:
            return ModelFile.from_bytes(content, tuple(map(str, range(examine(content).outputs))), normalization)
        except ModelError:
            raise error from None
    if model.manifest is not None or normalization is None:
        return model
    return ModelFile.from_bytes(content, model.labels, normalization)
