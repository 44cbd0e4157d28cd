"""The model file: one ``.tflite`` that carries weights, labels, preprocessing, accuracy and a self-test."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from edge.errors import ModelError
from edge.modelfile.image_shape import ImageShape
from edge.modelfile.manifest import LABELS_NAME, MANIFEST_NAME, Manifest
from edge.modelfile.metadata import BUFFER_NAME, ImageMetadata, parse_metadata, unpack_files
from edge.modelfile.normalization import DEFAULT, IN_FILE, Normalization, PerChannel, given_normalization
from edge.modelfile.packed_check import check_labels, check_packed
from edge.modelfile.reading import MAX_MODEL_BYTES, ZIP_START, read_bounded
from edge.modelfile.structure import Structure, TensorSpec, examine

if TYPE_CHECKING:
    from edge.modelfile.foreign import ScoreTransform

_MIN_BYTES = 64
_BACKGROUND = ("background", "__background__", "???", "dummy")


@dataclass(frozen=True)
class ModelFile:
    """A checked model file, held in memory as ``content`` so that what was checked is what runs.

    ``labels`` has one label for each score. ``manifest`` is None for a model that this project did not
    export. ``normalization`` says how pixels are scaled for a float32 input, ``transform`` how outputs become scores
    (None: they are scores). ``packed`` are the files zipped after the flatbuffer, by name.
    """

    content: bytes
    labels: tuple[str, ...]
    manifest: Manifest | None
    input: TensorSpec
    output: TensorSpec
    normalization: Normalization = DEFAULT
    transform: ScoreTransform | None = None
    packed: Mapping[str, bytes] = field(default_factory=dict, repr=False)

    @cached_property
    def sha256(self) -> str:
        """The sha256 of the whole file, in hexadecimal; computed when it is first asked for."""
        return hashlib.sha256(self.content).hexdigest()

    @cached_property
    def image(self) -> ImageShape:
        """How the input tensor holds pictures."""
        shape = ImageShape.of(self.input.shape)
        assert shape is not None  # it was examined
        return shape

    @cached_property
    def input_size(self) -> tuple[int, int]:
        """Width and height in pixels of the picture that the model takes."""
        return self.image.width, self.image.height

    @property
    def unknown_label(self) -> str | None:
        """The label of the class for the rest of the world: none of :attr:`classes`. None if there is no such class."""
        facts = self.manifest.unknown if self.manifest else None
        return facts.label if facts else None

    @property
    def unknown_index(self) -> int | None:
        """The position of :attr:`unknown_label` among :attr:`labels`."""
        return None if self.unknown_label is None else self.labels.index(self.unknown_label)

    @cached_property
    def classes(self) -> tuple[str, ...]:
        """The labels of the classes that the model was taught: all but :attr:`unknown_label`."""
        return tuple(label for label in self.labels if label != self.unknown_label)

    @property
    def mean(self) -> PerChannel:
        """The mean of :attr:`normalization`."""
        return self.normalization.mean

    @property
    def std(self) -> PerChannel:
        """The standard deviation of :attr:`normalization`."""
        return self.normalization.std

    @property
    def size_bytes(self) -> int:
        """Size of the whole file in bytes."""
        return len(self.content)

    def messages(self) -> list[str]:
        """A line for each thing that is guessed about a model of another project, or done with its outputs."""
        if self.manifest is not None:
            return []
        from edge.modelfile.foreign import blank_label, messages  # models that this project exported need none

        blank = blank_label(self.labels)
        lines = [f"{blank}: such a class has no name in the answers"] if blank else []
        return [*lines, *messages(self.input, self.normalization, self.transform)]

    @classmethod
    def load(
        cls,
        path: str | Path,
        labels: str | Path | None = None,
        *,
        mean: PerChannel | None = None,
        std: PerChannel | None = None,
        input_range: tuple[float, float] | None = None,
    ) -> ModelFile:
        """Read and check the model file at ``path``, or the only model in a zip.

        The other arguments are for a model that does not say it itself. ``labels`` names a label file. ``mean`` and
        ``std``, in pixels from 0 to 255, are one number, or three: red, green, blue; ``input_range`` is the values of
        black and white pixels instead.

        Raises :class:`~edge.errors.ModelError` if the file is missing, truncated, damaged, not an image
        classifier, has no labels, or the numbers of labels and outputs differ, and :class:`~edge.errors.UsageError` if
        the normalisation makes no sense.
        """
        normalization = given_normalization(mean, std, input_range)
        content = read_bounded(Path(path), MAX_MODEL_BYTES, "the model")
        given = None
        if labels:
            from edge.modelfile.labels import read_labels  # models that this project exported need none

            given = read_labels(Path(labels))
        try:
            return cls.from_bytes(content, given, normalization)
        except ModelError as error:
            raise ModelError(f"{path}: {error}") from None

    @classmethod
    def from_bytes(
        cls, content: bytes, labels: tuple[str, ...] | None = None, normalization: Normalization | None = None
    ) -> ModelFile:
        """The model in ``content``; ``labels`` and ``normalization`` are for a model that does not say them itself.

        Raises :class:`~edge.errors.ModelError` as :meth:`load` does.
        """
        beside = None
        if content.startswith(ZIP_START):
            from edge.modelfile.model_zip import model_of_zip  # only models of a few tools are zips

            content, beside = model_of_zip(content)
        if len(content) < _MIN_BYTES:
            raise ModelError(f"the model file has only {len(content)} bytes; copy it again")
        structure = examine(content)
        metadata = _image_metadata(structure)
        packed = unpack_files(content)
        cut_off = metadata.labels_name is not None and metadata.labels_name not in packed.files
        if cut_off and labels is None and beside is None:
            raise ModelError("the labels that belong to this model are cut off; copy the file again")
        manifest = None
        if MANIFEST_NAME in packed.files:
            manifest = Manifest.from_json(packed.files[MANIFEST_NAME].decode("utf-8", "replace"))
            check_packed(manifest, memoryview(content)[: packed.flatbuffer_bytes], packed.files)
            if labels is not None:
                raise ModelError("this model carries its own labels; leave out the label file")
            if normalization is not None:
                raise ModelError("this model says how its pixels are scaled; leave out mean, std and input range")
        elif structure.metadata.get(MANIFEST_NAME):
            raise ModelError("the model's manifest is cut off; copy the file again")
        if labels is None and beside is not None and manifest is None:
            from edge.modelfile.labels import parse_label_file

            labels = parse_label_file(*beside)
        if labels is None:
            labels = _packed_labels(packed.files, metadata, own=manifest is not None)
        _check_count(labels, structure.outputs, own=manifest is not None)
        if manifest is not None:
            check_labels(manifest, labels)
        normalization = normalization or _normalization(metadata)
        model = cls(
            content=content,
            labels=labels,
            manifest=manifest,
            input=structure.input,
            output=structure.output,
            normalization=normalization or DEFAULT,
            packed=packed.files,
        )
        return model if manifest is not None else _completed(model, structure, normalization)


def _completed(model: ModelFile, structure: Structure, normalization: Normalization | None) -> ModelFile:
    """The ``model`` of another project with what its file leaves open; ``normalization`` None: it is guessed."""
    from edge.modelfile.foreign import check_channels, find_transform, guess_normalization
    from edge.modelfile.graph import Graph

    graph = Graph(model.content)
    if normalization is None:
        by_ultralytics = any(name.endswith(".json") for name in model.packed)
        normalization = guess_normalization(graph, model.input, by_ultralytics)
    check_channels(normalization, model.image)
    transform = find_transform(graph, structure.outputs, len(model.labels))
    return replace(model, normalization=normalization, transform=transform)


def _normalization(metadata: ImageMetadata) -> Normalization | None:
    if metadata.mean is None or metadata.std is None:
        return None
    return Normalization(metadata.mean, metadata.std, IN_FILE)


def _check_count(labels: tuple[str, ...], outputs: int, own: bool) -> None:
    """Check that there is a label for each output; one output of another project's model may serve two labels."""
    count = len(labels)
    if count == outputs or (outputs == 1 and count == 2 and not own):
        return
    hint = "give the labels that belong to it"
    if count == outputs + 1 and labels[0].lower() in _BACKGROUND:
        hint = f"the first label, {labels[0]}, has no output; leave out its line"
    elif count == outputs - 1:
        hint = "one is missing; if it is the first output, background, add a first line for it"
    if count == 1 and "," in labels[0]:
        hint = "it has commas: write each label in a line of its own"
    if count - labels.count("") == outputs:
        hint = "empty lines between the labels count too; delete them"
    raise ModelError(f"{count} label{'s' * (count != 1)} for {outputs} output{'s' * (outputs != 1)}; {hint}")


def _image_metadata(structure: Structure) -> ImageMetadata:
    buffer = structure.metadata.get(BUFFER_NAME)
    return parse_metadata(buffer) if buffer else ImageMetadata(None, None, None)


def _packed_labels(files: dict[str, bytes], metadata: ImageMetadata, own: bool) -> tuple[str, ...]:
    if own:  # used as they are: "1 euro" and "10 cents" are classes, not numbered lines
        return tuple(files.get(LABELS_NAME, b"").decode("utf-8", "replace").split("\n")[:-1])
    from edge.modelfile.labels import parse_label_file

    name = metadata.labels_name
    if name is None:
        named = [file for file in files if file.lower().endswith(".txt")]
        named = named or [file for file in files if file.lower().endswith(".json")]
        name = named[0] if len(named) == 1 else None
    if name is None:
        raise ModelError(
            "the model carries no labels; give them with --labels FILE, one label a line, or write them into the file: "
            "trainer adopt"
        )
    return parse_label_file(files[name], name)
