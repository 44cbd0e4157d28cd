"""Fits that are kept between runs: a run with the same photos and settings takes what another one has learnt.

The name of a fit is a hash of all that goes into it: the bits of the bottlenecks, labels, splits, groups, settings, the
code, the libraries and the processor. So what is found under it is what a new fit would give, bit by bit.
"""

from __future__ import annotations

import dataclasses
import hashlib
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple, TypeVar, cast

import numpy as np

from trainer.bottlenecks.extractor import FeatureExtractor
from trainer.bottlenecks.kept_fits import load_fit, store_fit
from trainer.bottlenecks.noise import noise_bottlenecks
from trainer.bottlenecks.remembered import Remembered
from trainer.photos.dataset import Dataset
from trainer.retraining.arithmetic import Arithmetic
from trainer.retraining.examples import Examples
from trainer.retraining.options import RetrainOptions
from trainer.retraining.packed_result import pack, unpack

# All other options are part of the name: one that is new does no harm if nobody thinks of it here. Of these, what they
# bring is in the name, or they change no fit.
_NO_PART = frozenset(
    (
        *("folder", "output", "bottleneck_dir", "layout", "quantizations", "backbone", "compiled"),
        *("summaries_dir", "cross_validate", "learning_curve", "final", "remember", "unknown", "background"),
    )
)

Fitted = TypeVar("Fitted")


class Keeping(NamedTuple):
    """The fits of one run are kept in the cache in ``folder``; ``key`` stands for all that goes into each of them.

    If ``arithmetic`` is None, nothing is kept and nothing is looked up.
    """

    folder: Path
    arithmetic: Arithmetic | None
    key: bytes = b""

    @classmethod
    def of(
        cls,
        arithmetic: Arithmetic | None,
        extractor: FeatureExtractor,
        examples: Examples,
        dataset: Dataset,
        options: RetrainOptions,
        remembered: Remembered | None,
    ) -> Keeping:
        """That of a run with ``options`` on ``dataset`` with its bottlenecks ``examples``, beside ``remembered`` ones.

        Of photos that do not fit into memory nothing is kept.
        """
        if arithmetic is None or examples.stored is not None:
            return NOTHING_KEPT
        settings = [
            (field.name, getattr(options, field.name))
            for field in dataclasses.fields(options)
            if field.name not in _NO_PART
        ]
        photos = [(photo.relative, photo.label, photo.sha256, photo.split, photo.group) for photo in dataset.by_split()]
        network = extractor.key, extractor.backbone.quantization, noise_bottlenecks(extractor)
        data = dataset.labels, hashlib.sha256(repr(photos).encode()).digest(), tuple(examples.data)
        return cls(
            options.bottleneck_dir, arithmetic, digest_of((tuple(arithmetic), settings, network, data, remembered))
        )

    def kept(self, stage: str, fit: Callable[[], Fitted], *beside: Any) -> Fitted:
        """What ``fit`` returns, from the cache if it is there; ``beside`` is what goes into it beside the data set.

        ``stage`` is its name in this run. A new fit is packed and unpacked as a kept one is, so that all that follows
        gets the same from both.

        Raises the errors of ``fit``.
        """
        if self.arithmetic is None:
            return fit()
        key = digest_of((self.key, stage, beside))
        content = load_fit(self.folder, key)
        if content is not None:
            try:
                return cast(Fitted, unpack(content))
            except ValueError:  # of a program with the same name and other content: it is fitted anew
                pass
        content = pack(fit())
        if self.arithmetic.is_still_true:
            store_fit(self.folder, key, content)
        return cast(Fitted, unpack(content))


NOTHING_KEPT = Keeping(Path(), None)
"""Everything is fitted anew."""


def digest_of(value: Any) -> bytes:
    """The SHA-256 of ``value``: tuples, lists, data classes, arrays, paths, bytes, text and numbers.

    Two values with the same digest are the same, and arrays have the same type and shape. Raises :class:`TypeError` for
    anything else: its text might not show all of it.
    """
    digest = hashlib.sha256()
    _update(digest, value)
    return digest.digest()


def _update(digest: Any, value: Any) -> None:
    if isinstance(value, np.ndarray) and not value.dtype.hasobject:
        digest.update(repr(("array", value.dtype.str, value.shape)).encode() + b"\0")
        digest.update(np.ascontiguousarray(value).data)
    elif isinstance(value, tuple | list):
        digest.update(repr((type(value).__name__, len(value))).encode() + b"\0")
        for each in value:
            _update(digest, each)
    elif dataclasses.is_dataclass(value):
        _update(digest, tuple(getattr(value, field.name) for field in dataclasses.fields(value)))
    elif value is None or isinstance(value, bool | int | float | str | bytes | Path):
        digest.update(repr(value).encode() + b"\0")
    else:
        raise TypeError(f"cannot name {type(value).__name__}")
