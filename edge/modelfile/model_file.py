"""The model file: one ``.tflite`` that carries weights, labels, preprocessing, accuracy and a self-test."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

from edge.errors import ModelError
from edge.modelfile.labels import parse_labels, read_labels
from edge.modelfile.manifest import KNOWN_PHOTOS_NAME, LABELS_NAME, MANIFEST_NAME, Manifest
from edge.modelfile.metadata import BUFFER_NAME, ImageMetadata, parse_metadata, unpack_files
from edge.modelfile.structure import Structure, TensorSpec, examine
from edge.preprocess import PREPROCESSING_VERSION

_DEFAULT_NORMALIZATION = 127.5  # to [-1, 1], what MobileNet was trained on
_MIN_BYTES = 64


@dataclass(frozen=True)
class ModelFile:
    """A checked model file, held in memory as ``content`` so that what was checked is what runs.

    ``labels`` has one label for each output. ``manifest`` is None for a model that this project did not
    export. ``mean`` and ``std`` normalise the pixels (0..255) of a model with float32 input. ``packed`` are the
    files zipped after the flatbuffer, by name.
    """

    content: bytes
    labels: tuple[str, ...]
    manifest: Manifest | None
    input: TensorSpec
    output: TensorSpec
    mean: float = _DEFAULT_NORMALIZATION
    std: float = _DEFAULT_NORMALIZATION
    packed: Mapping[str, bytes] = field(default_factory=dict, repr=False)

    @cached_property
    def sha256(self) -> str:
        """The sha256 of the whole file, in hexadecimal; computed when it is first asked for."""
        return hashlib.sha256(self.content).hexdigest()

    @property
    def input_size(self) -> tuple[int, int]:
        """Width and height in pixels of the picture that the model takes."""
        return self.input.shape[2], self.input.shape[1]

    @property
    def size_bytes(self) -> int:
        """Size of the whole file in bytes."""
        return len(self.content)

    @classmethod
    def load(cls, path: str | Path, labels: str | Path | None = None) -> ModelFile:
        """Read and check the model file at ``path``; ``labels`` names a label file for a model that carries none.

        Raises :class:`~edge.errors.ModelError` if the file is missing, truncated, damaged, not an image
        classifier, has no labels, or the numbers of labels and outputs differ.
        """
        try:
            content = Path(path).read_bytes()
        except OSError as error:
            raise ModelError(f"{path}: cannot read the model ({error.strerror})") from None
        try:
            return cls.from_bytes(content, read_labels(Path(labels)) if labels else None)
        except ModelError as error:
            raise ModelError(f"{path}: {error}") from None

    @classmethod
    def from_bytes(cls, content: bytes, labels: tuple[str, ...] | None = None) -> ModelFile:
        """The model in ``content``; ``labels`` are for a model that carries none.

        Raises :class:`~edge.errors.ModelError` as :meth:`load` does.
        """
        if len(content) < _MIN_BYTES:
            raise ModelError(f"the model file has only {len(content)} bytes; copy it again")
        structure = examine(content)
        metadata = _image_metadata(structure)
        packed = unpack_files(content)
        if labels is None and metadata.labels_name is not None and metadata.labels_name not in packed.files:
            raise ModelError("the labels that belong to this model are cut off; copy the file again")
        manifest = None
        if MANIFEST_NAME in packed.files:
            manifest = Manifest.from_json(packed.files[MANIFEST_NAME].decode("utf-8", "replace"))
            _check_manifest(manifest, memoryview(content)[: packed.flatbuffer_bytes], packed.files)
            if labels is not None:
                raise ModelError("this model carries its own labels; leave out the label file")
        elif structure.metadata.get(MANIFEST_NAME):
            raise ModelError("the model's manifest is cut off; copy the file again")
        if labels is None:
            labels = _packed_labels(packed.files, metadata, own=manifest is not None)
        outputs = structure.output.shape[-1]
        if len(labels) != outputs:
            raise ModelError(f"{len(labels)} labels for {outputs} outputs; give the labels that belong to it")
        return cls(
            content=content,
            labels=labels,
            manifest=manifest,
            input=structure.input,
            output=structure.output,
            mean=_DEFAULT_NORMALIZATION if metadata.mean is None else metadata.mean,
            std=_DEFAULT_NORMALIZATION if metadata.std is None else metadata.std,
            packed=packed.files,
        )


def _image_metadata(structure: Structure) -> ImageMetadata:
    buffer = structure.metadata.get(BUFFER_NAME)
    return parse_metadata(buffer) if buffer else ImageMetadata(None, None, None)


def _check_manifest(manifest: Manifest, flatbuffer: memoryview, files: Mapping[str, bytes]) -> None:
    if hashlib.sha256(flatbuffer).hexdigest() != manifest.model_sha256:
        raise ModelError("the model's bytes are not those that were exported; copy the file again")
    if hashlib.sha256(files.get(LABELS_NAME, b"")).hexdigest() != manifest.labels_sha256:
        raise ModelError("the model's labels are not those that were exported; copy the file again")
    photos = manifest.known_photos
    if photos is not None and hashlib.sha256(files.get(KNOWN_PHOTOS_NAME, b"")).hexdigest() != photos.sha256:
        raise ModelError("the model's known photos are not those that were exported; copy the file again")
    if manifest.preprocessing_version != PREPROCESSING_VERSION:
        raise ModelError(
            f"the model was trained with preprocessing {manifest.preprocessing_version}, this package has "
            f"{PREPROCESSING_VERSION}; install the release of edge-for-poets that exported it"
        )


def _packed_labels(files: dict[str, bytes], metadata: ImageMetadata, own: bool) -> tuple[str, ...]:
    if own:  # used as they are: "1 euro" and "10 cents" are classes, not numbered lines
        return tuple(files.get(LABELS_NAME, b"").decode("utf-8", "replace").split("\n")[:-1])
    name = metadata.labels_name
    if name is None:
        texts = [file for file in files if file.lower().endswith(".txt")]
        name = texts[0] if len(texts) == 1 else None
    if name is None:
        raise ModelError("the model carries no labels; give them with --labels FILE, one label a line")
    return parse_labels(files[name].decode("utf-8", "replace"))
