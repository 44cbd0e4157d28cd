"""The photos that a model has seen, as short hashes: a file of a few bytes a photo that is packed into the model file.

Layout, integers little-endian::

    magic       8 bytes  b"EFPPHOTO"
    version     uint16   1
    hash bytes  uint16   6
    training    uint32   number of training hashes
    validation  uint32   number of validation hashes
    hashes      6 bytes each: those of training, then those of validation, each set ascending and without repeats

A hash is the first 6 bytes of the sha256 of the photo's file. Among 1,000,000 stored hashes, a photo that the model has
not seen has the hash of one that it has seen with a probability of 1,000,000 / 2 ** 48 = 3.6e-9.
"""

from __future__ import annotations

import struct
from collections.abc import Iterable
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from edge.errors import ModelError
from edge.modelfile.manifest import KNOWN_PHOTOS_NAME
from edge.modelfile.model_file import ModelFile
from trainer.photos.dataset import Dataset
from trainer.photos.split import TRAINING, VALIDATION

MOST_PHOTOS = 1_000_000
"""With more photos no hashes are written: these take 6 MB, and all that is packed into a model may take 16.7 MB."""

_MAGIC, _VERSION, _HASH_BYTES = b"EFPPHOTO", 1, 6
_HEADER = struct.Struct("<8sHHII")

Keys = npt.NDArray[np.uint64]


class PhotoHashes(NamedTuple):
    """The short hashes of the photos that trained a model, and of those on which its settings were chosen.

    Both are ascending, each shape (photos,), dtype uint64: the hash's bytes as a big-endian integer.
    """

    training: Keys
    validation: Keys

    @classmethod
    def of(cls, training: Iterable[bytes], validation: Iterable[bytes]) -> PhotoHashes:
        """The hashes of photos, given by the sha256 (32 bytes) of each."""
        return cls(np.unique(_keys(training)), np.unique(_keys(validation)))

    def splits_of(self, photos: Iterable[bytes]) -> list[str | None]:
        """Whether the photos with these sha256 (32 bytes each) are training or validation photos; None for neither."""
        keys = _keys(photos)
        trained, chosen = np.isin(keys, self.training), np.isin(keys, self.validation)
        return [
            TRAINING if in_training else VALIDATION if in_validation else None
            for in_training, in_validation in zip(trained, chosen, strict=True)
        ]

    def joined(self, other: PhotoHashes) -> PhotoHashes | None:
        """The photos of both; None if there are more than :data:`MOST_PHOTOS`."""
        training, validation = (np.union1d(*both) for both in zip(self, other, strict=True))
        return None if len(training) + len(validation) > MOST_PHOTOS else PhotoHashes(training, validation)

    def to_bytes(self) -> bytes:
        """The file; the same photos give the same bytes."""
        header = _HEADER.pack(_MAGIC, _VERSION, _HASH_BYTES, len(self.training), len(self.validation))
        return header + _to_bytes(self.training) + _to_bytes(self.validation)

    @classmethod
    def from_bytes(cls, content: bytes) -> PhotoHashes:
        """The hashes in a file.

        Raises :class:`~edge.errors.ModelError` if it is damaged or written by a newer release.
        """
        if len(content) < _HEADER.size:
            raise _damaged()
        magic, version, hash_bytes, training, validation = _HEADER.unpack_from(content)
        if magic != _MAGIC:
            raise _damaged()
        if (version, hash_bytes) != (_VERSION, _HASH_BYTES):
            raise ModelError(
                f"the model's known photos were written by another release (version {version}, known: {_VERSION}); "
                "upgrade edge-for-poets on this machine"
            )
        if len(content) != _HEADER.size + _HASH_BYTES * (training + validation):
            raise _damaged()
        middle = _HEADER.size + _HASH_BYTES * training
        found = cls(_from_bytes(content[_HEADER.size : middle]), _from_bytes(content[middle:]))
        if not all((keys[1:] > keys[:-1]).all() for keys in found):
            raise _damaged()
        return found


def seen_photos(dataset: Dataset, *, all_trained: bool = False) -> PhotoHashes | None:
    """The hashes of the training and validation photos; None if there are more than :data:`MOST_PHOTOS`.

    If ``all_trained``, the photos of all splits are training photos.
    """
    training = dataset.photos if all_trained else dataset.of(TRAINING)
    validation = [] if all_trained else dataset.of(VALIDATION)
    if len(training) + len(validation) > MOST_PHOTOS:
        return None
    return PhotoHashes.of((photo.sha256 for photo in training), (photo.sha256 for photo in validation))


def read_photo_hashes(model: ModelFile) -> PhotoHashes | None:
    """The photos that ``model`` has seen; None if it does not say, as older ones and those of other projects.

    Raises :class:`~edge.errors.ModelError` if they are damaged.
    """
    facts = model.manifest.known_photos if model.manifest else None
    if facts is None:
        return None
    found = PhotoHashes.from_bytes(model.packed.get(KNOWN_PHOTOS_NAME, b""))
    if (len(found.training), len(found.validation)) != (facts.training, facts.validation):
        raise _damaged()
    return found


def _keys(photos: Iterable[bytes]) -> Keys:
    return np.array([int.from_bytes(sha256[:_HASH_BYTES], "big") for sha256 in photos], np.uint64)


def _to_bytes(keys: Keys) -> bytes:
    return keys.astype(">u8").view(np.uint8).reshape(-1, 8)[:, -_HASH_BYTES:].tobytes()


def _from_bytes(content: bytes) -> Keys:
    hashes = np.frombuffer(content, np.uint8).reshape(-1, _HASH_BYTES)
    padded = np.zeros((len(hashes), 8), np.uint8)
    padded[:, -_HASH_BYTES:] = hashes
    return padded.view(">u8").ravel().astype(np.uint64)


def _damaged() -> ModelError:
    return ModelError("the model's known photos are damaged; copy the model file again")
