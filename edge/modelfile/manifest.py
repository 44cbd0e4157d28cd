"""The manifest: what a model file says of itself, as JSON in the zip after the flatbuffer.

The trainer writes it and the edge package reads it, both with this module.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass, field, fields
from typing import TYPE_CHECKING, Any, NamedTuple

from edge.errors import ModelError
from edge.modelfile.gate_facts import DistanceFacts, GateFacts
from edge.modelfile.unknown_facts import UnknownFacts, check_unknown
from edge.modelfile.values import is_count, is_finite, is_number

if TYPE_CHECKING:
    from edge.modelfile.provenance import Provenance

MANIFEST_NAME = "edge_for_poets.json"
LABELS_NAME = "labels.txt"
KNOWN_PHOTOS_NAME = "photos.bin"
REMEMBERED_NAME = "remembered.bin"
SCHEMA_VERSION = 1
ADOPTED = "adopted"
"""The architecture of a model of another project: which network it is, is not known."""

MAX_TOLERANCE = 0.1
"""The largest tolerance of a self-test. With a larger one, a model could give any scores and pass."""

_ROUNDING = 0.01  # by which a computed score may lie outside 0..1
_MOST_DIGITS = 32  # of a release, so that its numbers can be compared


class SelfTest(NamedTuple):
    """Inputs made from ``seed`` and the scores that the workstation computed for them.

    ``expected`` has one row of scores, one score a label, for each input. ``runtime`` is the interpreter that
    computed them. ``tolerance`` is the largest allowed difference of a score on the same interpreter, on any
    processor for which it has XNNPACK; ``other_tolerance`` on another interpreter, whose 8-bit kernels round a little
    differently.
    """

    seed: int
    expected: list[list[float]]
    runtime: str = "litert"
    tolerance: float = 2 / 255
    other_tolerance: float = 2 / 255


class KnownPhotos(NamedTuple):
    """What the packed file :data:`KNOWN_PHOTOS_NAME` holds: a short hash of each photo that the model has seen.

    ``sha256`` is that of the packed file. ``training`` counts the hashes of photos that trained the model,
    ``validation`` those of photos on which its settings were chosen.
    """

    sha256: str
    training: int
    validation: int


class RememberedFacts(NamedTuple):
    """What the packed file :data:`REMEMBERED_NAME` holds: bottlenecks of photos that trained the model.

    ``sha256`` is that of the packed file. It has ``features`` int8 values for each bottleneck; ``counts`` has the
    number of bottlenecks of each label, in the order of the labels. A value ``q`` stands for
    ``scale * (q - zero_point)``.
    """

    sha256: str
    counts: list[int]
    features: int
    scale: float
    zero_point: int


@dataclass(frozen=True)
class Manifest:
    """Facts about a model that this project exported.

    ``photos`` counts the photos of each class in each split: ``{"daisy": {"training": 210, ...}}``.
    ``accuracy`` is the fraction of held-out test photos that this file labels correctly, None if
    it was not measured. ``model_sha256`` is that of the flatbuffer, the bytes before the zip.
    ``minimum_runtime`` is the oldest TensorFlow Lite release that has every kernel version needed.
    ``training`` holds what is needed to train the same model again: never a path or a user's name.
    ``score_threshold`` is the recommended score from 0 to 1 below which the answer is unknown, None if none is
    recommended. ``gate`` describes the gate, None if the file has none. ``known_photos`` describes the hashes of the
    photos that the model has seen, and ``remembered`` the bottlenecks of some of them; None if the file has none.
    ``distance`` describes the distance that belongs to the gate, None if it has none.
    ``unknown`` describes the class for the rest of the world, None if no label is such a class.
    """

    architecture: str
    quantization: str
    input_size: int
    preprocessing_version: int
    model_sha256: str
    labels_sha256: str
    minimum_runtime: str
    photos: dict[str, dict[str, int]]
    accuracy: float | None
    test_photos: int
    training: dict[str, Any]
    self_test: SelfTest
    score_threshold: float | None = None
    gate: GateFacts | None = None
    known_photos: KnownPhotos | None = None
    remembered: RememberedFacts | None = None
    distance: DistanceFacts | None = None
    unknown: UnknownFacts | None = None
    schema_version: int = field(default=SCHEMA_VERSION)

    @property
    def provenance(self) -> Provenance:
        """``training`` as a record with types."""
        from edge.modelfile.provenance import Provenance  # labelling does not need it, and it takes time to import

        return Provenance.read(self.training)

    @property
    def independent_test_photos(self) -> int:
        """How many of the test photos do not depend on each other; all of them if the file does not say."""
        count = self.training.get("independent_test_photos")
        return count if isinstance(count, int) and is_count(count) else self.test_photos

    def to_json(self) -> str:
        """The manifest as JSON text with sorted keys: the same manifest gives the same text."""
        facts = {one.name: _plain(getattr(self, one.name)) for one in fields(self)}
        for name in ("remembered", "distance", "unknown"):  # files that have none stay as they were
            if facts[name] is None:
                del facts[name]
        return json.dumps(facts, sort_keys=True, indent=1) + "\n"

    @classmethod
    def from_json(cls, text: str) -> Manifest:
        """The manifest in ``text``; entries that this release does not know are ignored.

        Raises :class:`~edge.errors.ModelError` if it is damaged or written by a newer release.
        """
        try:
            facts = json.loads(text)
            version = facts["schema_version"]
            if version == SCHEMA_VERSION:
                known = _known([one.name for one in fields(cls)], facts)
                _check_values(known)
                known["self_test"] = _check_self_test(SelfTest(**_known(SelfTest._fields, facts["self_test"])))
                if known.get("gate") is not None:
                    known["gate"] = GateFacts(**_known(GateFacts._fields, known["gate"]))
                    known["gate"].check()
                if known.get("distance") is not None:
                    known["distance"] = DistanceFacts(**_known(DistanceFacts._fields, known["distance"]))
                    known["distance"].check()
                    if known.get("gate") is None:
                        raise ValueError("a distance without a gate")
                if known.get("known_photos") is not None:
                    known["known_photos"] = _check_known_photos(
                        KnownPhotos(**_known(KnownPhotos._fields, known["known_photos"]))
                    )
                if known.get("remembered") is not None:
                    known["remembered"] = _check_remembered(
                        RememberedFacts(**_known(RememberedFacts._fields, known["remembered"]))
                    )
                if known.get("unknown") is not None:
                    known["unknown"] = check_unknown(UnknownFacts(**_known(UnknownFacts._fields, known["unknown"])))
                return cls(**known)
        except (ValueError, TypeError, KeyError, RecursionError, OverflowError):
            raise ModelError("the model's manifest is damaged; copy the model file again") from None
        raise ModelError(
            f"the model was made by another release (manifest version {version}, known: {SCHEMA_VERSION}); "
            "upgrade edge-for-poets on this machine"
        )


def _plain(value: Any) -> Any:
    """``value`` for JSON: a record of this module becomes an object."""
    return value._asdict() if hasattr(value, "_asdict") else value


def _known(names: Iterable[str], facts: dict[str, Any]) -> dict[str, Any]:
    return {name: facts[name] for name in names if name in facts}


def _check_known_photos(photos: KnownPhotos) -> KnownPhotos:
    if not isinstance(photos.sha256, str):
        raise ValueError("the sha256 of the known photos is not a text")
    if not (is_count(photos.training) and is_count(photos.validation)):
        raise ValueError("a number of known photos is not a count")
    return photos


def _check_remembered(remembered: RememberedFacts) -> RememberedFacts:
    if not isinstance(remembered.sha256, str) or not isinstance(remembered.counts, list):
        raise ValueError("the remembered bottlenecks have no sha256 or no counts")
    if not all(map(is_count, (*remembered.counts, remembered.features))) or remembered.features < 1:
        raise ValueError("a number of remembered bottlenecks is not a count")
    scale, zero_point = remembered.scale, remembered.zero_point
    if not (is_finite(scale) and scale > 0):
        raise ValueError("the scale of the remembered bottlenecks is not a positive number")
    if not isinstance(zero_point, int) or not -128 <= zero_point <= 127:
        raise ValueError("the zero point of the remembered bottlenecks is not a byte")
    return remembered


def _check_self_test(test: SelfTest) -> SelfTest:
    if not (is_count(test.seed) and isinstance(test.runtime, str)):
        raise ValueError("the self-test has no seed or no runtime")
    tolerances = (test.tolerance, test.other_tolerance)
    if not all(is_number(value) and value >= 0 for value in tolerances):
        raise ValueError("a tolerance of the self-test is not a number")
    if max(tolerances) > MAX_TOLERANCE:
        raise ModelError(
            f"the model's self-test allows scores to differ by {max(tolerances):g}, and {MAX_TOLERANCE} is the most: "
            "export the model again"
        )
    if not isinstance(test.expected, list) or not all(isinstance(row, list) for row in test.expected):
        raise ValueError("the expected scores are not rows")
    if not all(is_number(score) and -_ROUNDING <= score <= 1 + _ROUNDING for row in test.expected for score in row):
        raise ValueError("an expected score is not a number from 0 to 1")
    return test


def _check_values(facts: dict[str, Any]) -> None:
    """Raise :class:`ValueError` if a value has another type than :class:`Manifest` says, or a number is too large."""
    for name in ("architecture", "quantization", "model_sha256", "labels_sha256", "minimum_runtime"):
        if not isinstance(facts[name], str):
            raise ValueError(f"{name} is not a text")
    if len(facts["minimum_runtime"]) > _MOST_DIGITS:
        raise ValueError("minimum_runtime is not a release")
    for name in ("accuracy", "score_threshold"):
        value = facts.get(name)
        if value is not None and not (is_number(value) and 0 <= value <= 1):
            raise ValueError(f"{name} {value!r} is not a number from 0 to 1")
    for name in ("input_size", "preprocessing_version", "test_photos"):
        if not is_count(facts[name]):
            raise ValueError(f"{name} is not a count")
    if not isinstance(facts["training"], dict):
        raise ValueError("training is not an object")
    photos = facts["photos"]
    if not isinstance(photos, dict) or not all(isinstance(counts, dict) for counts in photos.values()):
        raise ValueError("photos is not an object of objects")
    if not all(is_count(count) for counts in photos.values() for count in counts.values()):
        raise ValueError("a number of photos is not a count")
