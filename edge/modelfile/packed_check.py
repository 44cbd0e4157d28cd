"""Whether the parts of a model file belong together: its bytes, labels, gate, known photos and bottlenecks."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence

from edge.errors import ModelError
from edge.modelfile.gate_facts import DISTANCE_NAME, GATE_NAME
from edge.modelfile.manifest import KNOWN_PHOTOS_NAME, LABELS_NAME, REMEMBERED_NAME, Manifest
from edge.preprocess import PREPROCESSING_VERSION


def check_packed(manifest: Manifest, flatbuffer: memoryview, files: Mapping[str, bytes]) -> None:
    """Check that ``flatbuffer`` and the packed ``files``, by name, are those that ``manifest`` was written for.

    Raises :class:`~edge.errors.ModelError` if one of them is another, or if this package prepares pictures otherwise.
    """
    if hashlib.sha256(flatbuffer).hexdigest() != manifest.model_sha256:
        raise ModelError("the model's bytes are not those that were exported; copy the file again")
    if hashlib.sha256(files.get(LABELS_NAME, b"")).hexdigest() != manifest.labels_sha256:
        raise ModelError("the model's labels are not those that were exported; copy the file again")
    gate, packed_gate = manifest.gate, files.get(GATE_NAME, b"")
    if gate is not None and hashlib.sha256(packed_gate).hexdigest() != gate.sha256:
        raise ModelError("the model's gate is not the one that was exported; copy the file again")
    if gate is not None and len(packed_gate) != gate.packed_bytes:
        raise ModelError("the model's gate does not have the size that its manifest says; export the model again")
    distance, packed_distance = manifest.distance, files.get(DISTANCE_NAME, b"")
    if distance is not None and hashlib.sha256(packed_distance).hexdigest() != distance.sha256:
        raise ModelError("the distance of the model's gate is not the one that was exported; copy the file again")
    if gate is not None and distance is not None and len(packed_distance) != distance.packed_bytes(gate.features):
        raise ModelError("the distance of the model's gate does not have the size that its manifest says")
    photos = manifest.known_photos
    if photos is not None and hashlib.sha256(files.get(KNOWN_PHOTOS_NAME, b"")).hexdigest() != photos.sha256:
        raise ModelError("the model's known photos are not those that were exported; copy the file again")
    remembered, packed_bottlenecks = manifest.remembered, files.get(REMEMBERED_NAME, b"")
    if remembered is not None and hashlib.sha256(packed_bottlenecks).hexdigest() != remembered.sha256:
        raise ModelError("the model's remembered bottlenecks are not those that were exported; copy the file again")
    if remembered is not None and len(packed_bottlenecks) != sum(remembered.counts) * remembered.features:
        raise ModelError("the model's remembered bottlenecks do not have the size that its manifest says")
    if manifest.preprocessing_version != PREPROCESSING_VERSION:
        raise ModelError(
            f"the model was trained with preprocessing {manifest.preprocessing_version}, this package has "
            f"{PREPROCESSING_VERSION}; install the release of edge-for-poets that exported it"
        )


def check_labels(manifest: Manifest, labels: Sequence[str]) -> None:
    """Check that ``manifest`` fits ``labels``; raises :class:`~edge.errors.ModelError` if it does not."""
    if manifest.remembered and len(manifest.remembered.counts) != len(labels):
        raise ModelError("the model's remembered bottlenecks do not fit its labels; export the model again")
    if manifest.unknown and labels.count(manifest.unknown.label) != 1:
        raise ModelError("the model's class for the rest of the world is not one of its labels; export it again")
