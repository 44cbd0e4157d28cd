"""Bottlenecks of a folder of photos: the artifact's outputs, computed on all cores, written every half second."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable, Iterator, Sequence
from typing import NamedTuple

import numpy as np

from edge.errors import ImageError
from edge.inference.interpreter import ImageInterpreter
from edge.preprocess import Pixels, decode, preprocess
from edge.system.drives import asking, with_limit
from trainer.bottlenecks.cache import BottleneckCache, file_key, retry_once
from trainer.bottlenecks.digests import Digests
from trainer.bottlenecks.extractor import FeatureExtractor
from trainer.bottlenecks.fill_cache import Rows, fill
from trainer.bottlenecks.workers import MakeWorker, Read, Threads, Workers
from trainer.photos.look import look_of
from trainer.photos.others_of_class import OthersOfClass
from trainer.photos.photo_files import FileStatus, PhotoFile, PhotoFolder
from trainer.photos.reading import Contents

_TOGETHER = 4096  # files that are looked up in the cache in one go


class Extracted(NamedTuple):
    """What the files of a folder hold, in their order, and how many bottlenecks were ``computed``.

    Those that were in the cache before do not count.
    """

    contents: Contents
    computed: int


class _Done(NamedTuple):
    """The result for ``file``: a content hash and rows for the cache, or the error that says why there are none."""

    file: PhotoFile
    sha256: bytes
    rows: Rows
    error: ImageError | None = None


def compute_bottlenecks(extractor: FeatureExtractor, folder: PhotoFolder, threads: int | None = None) -> Extracted:
    """Make sure that the cache has the bottleneck of every photo in ``folder``.

    Only what is missing is computed, by the workers of ``extractor`` or on ``threads`` threads, and written at least
    every half second. The look of each photo that is decoded for it is written too. A corrupt cache is renamed, with a
    message, and a new one is filled.

    Raises :class:`~edge.errors.StorageError` if the cache cannot be written, or if photos cannot be read any more: see
    :class:`~trainer.photos.others_of_class.OthersOfClass`.
    """
    return compute_for_all([extractor], folder, threads)[0]


def compute_for_all(
    extractors: Sequence[FeatureExtractor], folder: PhotoFolder, threads: int | None = None
) -> list[Extracted]:
    """The same for ``extractors`` that share a cache, workers and progress; the results are in their order.

    A photo that several of them need is read once, and decoded once for each size of input.
    """
    first = extractors[0]
    return retry_once(
        first.bottleneck_dir,
        first.progress.message,
        lambda: _compute(extractors, folder, Threads(threads) if threads else first.workers),
    )


def _compute(extractors: Sequence[FeatureExtractor], folder: PhotoFolder, workers: Workers) -> list[Extracted]:
    contents, first = Contents({}, {}), extractors[0]
    many = f"of {len(extractors)} networks" if len(extractors) > 1 else first.backbone.quantization
    with (
        BottleneckCache(first.bottleneck_dir) as cache,
        first.progress.stage(f"bottlenecks {many}", len(folder.files)) as advance,
    ):
        cached = [cache.known_images(each.key, each.bottleneck_bytes) for each in extractors]

        def missing() -> Iterator[PhotoFile]:
            """The files whose photos may not be in the cache; those that are, are noted on the way."""
            for start in range(0, len(folder.files), _TOGETHER):
                some = folder.files[start : start + _TOGETHER]
                hashes = _known_hashes(some, cache)
                known = [sha256 for sha256 in hashes if sha256 is not None]
                complete = np.logical_and.reduce([each.contains(known) for each in cached])
                here = {sha256 for sha256, found in zip(known, complete, strict=True) if found}
                before = len(contents.sha256)
                others = []
                for file, sha256 in zip(some, hashes, strict=True):
                    if sha256 is not None and sha256 in here:
                        contents.sha256[file.relative] = sha256
                    else:
                        others.append(file)
                advance(len(contents.sha256) - before)
                yield from others

        def results() -> Iterator[Rows]:
            make_worker = _worker_factory(extractors, cached, cache.images_with_look())
            others = OthersOfClass(folder.files)
            for done in workers.map(make_worker, missing()):
                others.note(done.file, done.error)
                if done.error is not None:
                    contents.unreadable[done.file.relative] = str(done.error)
                else:
                    contents.sha256[done.file.relative] = done.sha256
                yield done.rows

        computed = fill(cache, results(), advance)
        for each in extractors:
            if computed[each.key]:
                cache.check_holds(each.key, contents.sha256.values(), each.bottleneck_bytes)
    # Taken out on the way, so that there is never a second one of each.
    in_order = {file.relative: sha256 for file in folder.files if (sha256 := contents.sha256.pop(file.relative, None))}
    contents = contents._replace(sha256=in_order)
    return [Extracted(contents, len(computed[each.key])) for each in extractors]


def _known_hashes(files: Sequence[PhotoFile], cache: BottleneckCache) -> list[bytes | None]:
    """The content hash that ``cache`` remembers of each of ``files``, None if it does not know the file as it is."""
    keys = [file_key(file.path) for file in files]  # each path is made when it is asked for, which takes time
    known = cache.known_files(keys)

    def look() -> list[bytes | None]:
        return [_known_hash(key, file.status, known.get(key)) for key, file in zip(keys, files, strict=True)]

    return with_limit(look)


def _known_hash(key: bytes, status: FileStatus | None, known: tuple[int, int, bytes] | None) -> bytes | None:
    if known is None:
        return None
    try:
        with asking(key):
            found = status or os.stat(key)
    except OSError:
        return None
    return known[2] if (found.st_size, found.st_mtime_ns) == known[:2] else None


class _Network(NamedTuple):
    """What a worker needs of an extractor; ``cached`` are the images whose bottlenecks are there."""

    key: bytes
    size: tuple[int, int]
    new_interpreter: Callable[[], ImageInterpreter]
    cached: Digests


def _worker_factory(
    extractors: Sequence[FeatureExtractor], cached: Sequence[Digests], looks: Digests
) -> MakeWorker[PhotoFile, _Done]:
    networks = [
        _Network(each.key, each.backbone.model.input_size, each.interpreter, known)
        for each, known in zip(extractors, cached, strict=True)
    ]

    def make_worker() -> Callable[[PhotoFile, Read], _Done]:
        interpreters = [each.new_interpreter() for each in networks]

        def compute(file: PhotoFile, read: Read) -> _Done:
            try:
                content, status = read(file.path)
                sha256 = hashlib.sha256(content).digest()
                rows = Rows([], [(file.path, file.status or status, sha256)], [])
                pixels: dict[tuple[int, int], Pixels] = {}
                for network, interpreter in zip(networks, interpreters, strict=True):
                    if sha256 in network.cached:
                        continue
                    if network.size not in pixels:
                        picture = decode(content, network.size)
                        if sha256 not in looks and not rows.looks:
                            rows.looks.append((sha256, look_of(content, picture, network.size).to_bytes()))
                        pixels[network.size] = preprocess(picture, network.size)
                    vector = interpreter.raw_outputs(pixels[network.size]).tobytes()
                    rows.bottlenecks.append((network.key, sha256, vector))
                return _Done(file, sha256, rows)
            except ImageError as error:
                return _Done(file, b"", Rows([], [], []), error)

        return compute

    return make_worker
