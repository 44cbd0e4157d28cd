"""Model files changed by the grammar of their parts: flatbuffer, zip, manifest and gate."""

from __future__ import annotations

import hashlib
import io
import json
import math
import struct
import zipfile
from collections.abc import Iterator
from random import Random
from typing import Any, NamedTuple

from benchmarks.device.hostile.edge_on_files import Expected
from benchmarks.device.hostile.flatbuffer_places import places
from edge.modelfile.gate_facts import DISTANCE_NAME, GATE_NAME
from edge.modelfile.manifest import LABELS_NAME, MANIFEST_NAME
from edge.modelfile.metadata import unpack_files

_VALUES: tuple[Any, ...] = (
    *(None, True, "", "x", "\x1b[31m\n", "1e9", -1, 0, 1, 2**31, 2**70, 0.5, 1e308),
    *(math.nan, math.inf, -math.inf, [], [[]], {}, {"a": 1}, [math.nan] * 3, "9." * 5000),
)
_NOT_FINITE = tuple(value for value in _VALUES if isinstance(value, float) and not math.isfinite(value))
_FREE = ("training", "photos")  # parts of a manifest whose values are shown and not used, or may be any count
_NUMBERS = {
    "B": (0, 1, 2, 3, 4, 9, 17, 127, 128, 255),
    "H": (0, 1, 4, 6, 255, 65_535),
    "I": (0, 1, 2, 7, 255, 65_536, 2**20, 2**28, 2**31 - 1, 2**31, 2**32 - 4, 2**32 - 1),
    "i": (0, 1, -1, -2, 2, 3, 224, 65_536, 2**28, 2**31 - 1, -(2**31)),
    "q": (0, 1, -1, 127, 128, -129, 256, 2**31, 2**63 - 1, -(2**63)),
    "f": (0.0, -0.0, -1.0, 1e-45, 1e-38, 1e-30, 1e-10, 1e10, 1e38, math.inf, -math.inf, math.nan),
}


class ChangedModel(NamedTuple):
    """The bytes of a changed model, a name for the case, what must come of it, and whether its gate is to be used."""

    name: str
    content: bytes
    expected: Expected
    reject: bool = False


def changed_networks(networks: dict[str, bytes], random: Random) -> Iterator[ChangedModel]:
    """300 changes of the flatbuffer of each of ``networks``, by name, and all changes of the manifest of the first."""
    for name, content in networks.items():
        yield ChangedModel(f"{name}, as it is", content, "either")  # random weights may enlarge what rounding changes
        for number in range(300):
            yield ChangedModel(f"{name}, flatbuffer by its fields ({number})", _flatbuffer(content, random), "either")
    yield from _manifests(*next(iter(networks.items())))


def changed_models(models: dict[str, bytes], random: Random) -> Iterator[ChangedModel]:
    """About 3,300 changes of ``models``, by name; the same ``random`` gives the same changes."""
    for name, content in models.items():
        yield ChangedModel(f"{name}, good", content, "taken")
        for _ in range(40):
            cut = random.randrange(len(content))
            yield ChangedModel(f"{name}, cut at byte {cut}", content[:cut], "refused")
        for size in (1, 2, 22, 1000):
            yield ChangedModel(f"{name}, {size} bytes behind its end", content + random.randbytes(size), "refused")
        start = unpack_files(content).flatbuffer_bytes
        for number in range(150):
            yield ChangedModel(
                f"{name}, flipped in the flatbuffer ({number})", _flipped(content, random, 0, start), "refused"
            )
            yield ChangedModel(
                f"{name}, flipped in the zip ({number})", _flipped(content, random, start, len(content)), "either"
            )
        yield from _manifests(name, content)
        for number in range(150):
            yield ChangedModel(f"{name}, zip by its grammar ({number})", _zip(content, random), "either")
        for number in range(350):
            changed = _flatbuffer(content, random)
            yield ChangedModel(f"{name}, flatbuffer by its fields ({number})", changed, "either", "gate" in name)
    gated = next(content for name, content in models.items() if "gate" in name)
    for number in range(250):
        yield ChangedModel(f"gate by its fields ({number})", _gate(gated, random), "either", True)


def _flipped(content: bytes, random: Random, start: int, end: int) -> bytes:
    changed = bytearray(content)
    for _ in range(random.choice((1, 2, 8))):
        place = random.randrange(start, end)
        changed[place] ^= 1 << random.randrange(8)
    return (
        content[:start] + bytes([content[start] ^ 1]) + content[start + 1 :] if changed == content else bytes(changed)
    )


def packed_again(flatbuffer: bytes, files: dict[str, bytes], comment: bytes = b"") -> bytes:
    """``flatbuffer`` with a zip of ``files`` behind it, and its hash in the manifest, as an attacker would write it."""
    if MANIFEST_NAME in files:
        manifest = json.loads(files[MANIFEST_NAME])
        manifest["model_sha256"] = hashlib.sha256(flatbuffer).hexdigest()
        files = {**files, MANIFEST_NAME: json.dumps(manifest).encode()}
    return _zipped(flatbuffer, files, comment)


def _zipped(flatbuffer: bytes, files: dict[str, bytes], comment: bytes = b"") -> bytes:
    file = io.BytesIO(flatbuffer)
    with zipfile.ZipFile(file, "a") as archive:
        archive.comment = comment
        for name, data in files.items():
            archive.writestr(zipfile.ZipInfo(name), data)
    return file.getvalue()


def _manifests(name: str, content: bytes) -> Iterator[ChangedModel]:
    """``content`` with each value of its manifest replaced by each of the values, or taken away."""
    packed = unpack_files(content)
    manifest = json.loads(packed.files[MANIFEST_NAME])
    flatbuffer = content[: packed.flatbuffer_bytes]
    for path in _paths(manifest):
        for number, value in enumerate((*_VALUES, _GONE)):
            changed = json.loads(json.dumps(manifest))
            holder = changed
            for key in path[:-1]:
                holder = holder[key]
            if value is _GONE:
                del holder[path[-1]]
            else:
                holder[path[-1]] = value
            files = {**packed.files, MANIFEST_NAME: json.dumps(changed).encode()}
            must = path[0] not in _FREE and any(value is impossible for impossible in _NOT_FINITE)
            where = ".".join(map(str, path))
            yield ChangedModel(
                f"{name}, manifest {where} ({number})", _zipped(flatbuffer, files), "refused" if must else "either"
            )


_GONE = object()


def _paths(value: Any, above: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """The ways to all values in JSON, one of each list, and no more than two of an object of ``training``."""
    items = (
        list(value.items())
        if isinstance(value, dict)
        else list(enumerate(value))[:1]
        if isinstance(value, list)
        else []
    )
    for key, inner in items[:2] if above and above[0] in _FREE else items:
        yield (*above, key)
        yield from _paths(inner, (*above, key))


def _zip(content: bytes, random: Random) -> bytes:
    """``content`` with fields of the zip's own records changed, or entries added, in another order, or renamed."""
    packed = unpack_files(content)
    files = dict(random.sample(sorted(packed.files.items()), len(packed.files)))
    if random.random() < 0.4:
        name = random.choice(("../a", "/etc/a", "a\x1b[2J", "labels.txt", "x" * 60_000, "", "b" * 300))
        files[name] = random.choice((b"", b"\xff\xfe\0", bytes(1000), b"a\n" * 70_000))
    if random.random() < 0.2:
        files[LABELS_NAME] = random.choice((b"", b"\n\n\n", b"a\nb\n", b"\x1b[2J\nb\nc\n", bytes(9), b"a\n" * 5000))
    comment = random.choice((b"", b"", b"PK\x05\x06" + bytes(18), bytes(65_000)))
    made = bytearray(packed_again(content[: packed.flatbuffer_bytes], files, comment))
    for _ in range(random.randrange(3)):
        signature, fields = random.choice(_RECORDS)
        starts = [at for at in range(packed.flatbuffer_bytes, len(made) - 46) if made[at : at + 4] == signature]
        if starts:
            place, form = random.choice(fields)
            struct.pack_into("<" + form, made, random.choice(starts) + place, random.choice(_NUMBERS[form]))
    return bytes(made)


_RECORDS = (
    (b"PK\x03\x04", ((4, "H"), (6, "H"), (8, "H"), (14, "I"), (18, "I"), (22, "I"), (26, "H"), (28, "H"))),
    (b"PK\x01\x02", ((6, "H"), (8, "H"), (10, "H"), (16, "I"), (20, "I"), (24, "I"), (28, "H"), (30, "H"), (42, "I"))),
    (b"PK\x05\x06", ((4, "H"), (6, "H"), (8, "H"), (10, "H"), (12, "I"), (16, "I"), (20, "H"))),
)


def _flatbuffer(content: bytes, random: Random) -> bytes:
    """``content`` with one to three fields of its flatbuffer changed, and the hash of what came out."""
    packed = unpack_files(content)
    flatbuffer = bytearray(content[: packed.flatbuffer_bytes])
    for place, form in random.sample(places(bytes(flatbuffer)), random.choice((1, 1, 2, 3))):
        struct.pack_into("<" + form, flatbuffer, place, random.choice(_NUMBERS[form]))
    return packed_again(bytes(flatbuffer), packed.files)


def _gate(content: bytes, random: Random) -> bytes:
    """``content`` with another gate or another distance: its fields in the manifest, its floats, or its size."""
    packed = unpack_files(content)
    manifest = json.loads(packed.files[MANIFEST_NAME])
    part, name = random.choice((("gate", GATE_NAME), ("distance", DISTANCE_NAME)))
    floats = manifest["gate"]["features"] + (manifest[part]["axes"] if part == "distance" else 0)
    changed = bytearray(packed.files[name])
    for _ in range(random.randrange(1, 3)):
        choice = random.randrange(4)
        if choice == 0:
            struct.pack_into("<f", changed, 4 * random.randrange(floats), random.choice(_NUMBERS["f"]))
        elif choice == 1:
            changed = bytearray(random.choice((b"", bytes(changed[:-1]), bytes(changed) + b"a", bytes(len(changed)))))
            changed = changed or bytearray(1)
            break
        else:
            manifest[part][random.choice([key for key in manifest[part] if key != "sha256"])] = random.choice(_VALUES)
    manifest[part]["sha256"] = hashlib.sha256(changed).hexdigest()
    files = {**packed.files, name: bytes(changed), MANIFEST_NAME: json.dumps(manifest).encode()}
    return packed_again(content[: packed.flatbuffer_bytes], files)
