"""Bottlenecks of a folder of photos: the artifact's outputs, computed on all cores, written every half second."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator, Sequence
from typing import NamedTuple

from edge.errors import ImageError
from edge.preprocess import decode, preprocess
from trainer.bottlenecks.cache import BottleneckCache, file_key, retry_once
from trainer.bottlenecks.digests import Digests
from trainer.bottlenecks.extractor import FeatureExtractor
from trainer.bottlenecks.fill_cache import Rows, fill
from trainer.bottlenecks.workers import MakeWorker, Read, Threads, Workers
from trainer.photos.look import look_of
from trainer.photos.photo_files import PhotoFile, PhotoFolder
from trainer.photos.reading import Contents

_TOGETHER = 4096  # files that are looked up in the cache in one go


class Extracted(NamedTuple):
    """What the files of a folder hold, in their order, and how many bottlenecks were ``computed``.

    Those that were in the cache before do not count.
    """

    contents: Contents
    computed: int


class _Done(NamedTuple):
    """The result for ``file``: a content hash and rows for the cache, or the reason why it cannot be read."""

    file: PhotoFile
    sha256: bytes | None
    rows: Rows
    reason: str


def compute_bottlenecks(extractor: FeatureExtractor, folder: PhotoFolder, threads: int | None = None) -> Extracted:
    """Make sure that the cache has the bottleneck of every photo in ``folder``.

    Only what is missing is computed, by the workers of ``extractor`` or on ``threads`` threads, and written at least
    every half second. The look of each photo that is decoded for it is written too. A corrupt cache is renamed, with a
    message, and a new one is filled.

    Raises :class:`~edge.errors.StorageError` if the cache cannot be written.
    """
    return retry_once(
        extractor.bottleneck_dir,
        extractor.progress.message,
        lambda: _compute(extractor, folder, Threads(threads) if threads else extractor.workers),
    )


def _compute(extractor: FeatureExtractor, folder: PhotoFolder, workers: Workers) -> Extracted:
    contents = Contents({}, {})
    title = f"bottlenecks {extractor.backbone.quantization}"
    with (
        BottleneckCache(extractor.bottleneck_dir) as cache,
        extractor.progress.stage(title, len(folder.files)) as advance,
    ):
        cached = cache.known_images(extractor.key, extractor.bottleneck_bytes)

        def missing() -> Iterator[PhotoFile]:
            """The files whose photos may not be in the cache; those that are, are noted on the way."""
            for start in range(0, len(folder.files), _TOGETHER):
                some = folder.files[start : start + _TOGETHER]
                hashes = _known_hashes(some, cache)
                known = [sha256 for sha256 in hashes if sha256 is not None]
                here = {sha256 for sha256, found in zip(known, cached.contains(known), strict=True) if found}
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
            make_worker = _worker_factory(extractor, cached, cache.images_with_look())
            for done in workers.map(make_worker, missing()):
                if done.sha256 is None:
                    contents.unreadable[done.file.relative] = done.reason
                else:
                    contents.sha256[done.file.relative] = done.sha256
                yield done.rows

        computed = fill(cache, extractor.key, results(), advance)
        if computed:
            cache.check_holds(extractor.key, contents.sha256.values(), extractor.bottleneck_bytes)
    # Taken out on the way, so that there is never a second one of each.
    in_order = {file.relative: sha256 for file in folder.files if (sha256 := contents.sha256.pop(file.relative, None))}
    return Extracted(contents._replace(sha256=in_order), len(computed))


def _known_hashes(files: Sequence[PhotoFile], cache: BottleneckCache) -> list[bytes | None]:
    """The content hash that ``cache`` remembers of each of ``files``, None if it does not know the file as it is."""
    known = cache.known_files([file.path for file in files])
    return [_known_hash(file, known.get(file_key(file.path))) for file in files]


def _known_hash(file: PhotoFile, known: tuple[int, int, bytes] | None) -> bytes | None:
    if known is None:
        return None
    try:
        status = file.status or file.path.stat()
    except OSError:
        return None
    return known[2] if (status.st_size, status.st_mtime_ns) == known[:2] else None


def _worker_factory(extractor: FeatureExtractor, cached: Digests, looks: Digests) -> MakeWorker[PhotoFile, _Done]:
    size, new_interpreter = extractor.backbone.model.input_size, extractor.interpreter

    def make_worker() -> Callable[[PhotoFile, Read], _Done]:
        interpreter = new_interpreter()

        def compute(file: PhotoFile, read: Read) -> _Done:
            try:
                content, status = read(file.path)
                sha256 = hashlib.sha256(content).digest()
                rows = Rows([], [(file.path, file.status or status, sha256)], [])
                if sha256 not in cached:
                    picture = decode(content, size)
                    if sha256 not in looks:
                        rows.looks.append((sha256, look_of(content, picture, size).to_bytes()))
                    pixels = preprocess(picture, size)
                    rows.bottlenecks.append((sha256, interpreter.raw_outputs(pixels).tobytes()))
                return _Done(file, sha256, rows, "")
            except ImageError as error:
                return _Done(file, None, Rows([], [], []), str(error))

        return compute

    return make_worker
