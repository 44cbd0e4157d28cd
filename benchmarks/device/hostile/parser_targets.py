"""The parsers of bytes from outside, for a fuzzer: what each may raise, and good inputs to begin with."""

from __future__ import annotations

import base64
import contextlib
import http.client
import io
import json
import socket
import time
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

from edge.errors import EdgeError, ImageError, ModelError
from edge.modelfile.graph import Graph
from edge.modelfile.labels import parse_label_file
from edge.modelfile.manifest import MANIFEST_NAME, Manifest
from edge.modelfile.metadata import BUFFER_NAME, parse_metadata, unpack_files
from edge.modelfile.model_file import ModelFile
from edge.modelfile.model_zip import labels_of_zip, model_of_zip
from edge.modelfile.structure import examine
from edge.pictures.formats import heif_format, unread_format
from edge.pictures.heif_limits import check_heif
from edge.preprocess import preprocess
from edge.sources.http_answer import Answer
from edge.sources.http_login import Login, read_challenges
from edge.sources.multipart import MultipartParser
from trainer.flash import device_answers

_MODELS = Path(__file__).parents[3] / "tests" / "data"
_LABEL_NAMES = ("labels.txt", "labels.csv", "labels.tsv", "labels.json", "data.yaml")
_SIZE = (32, 32)  # of a model, in pixels
_MOST_SENT = 60_000  # bytes that a socket takes before the other side reads
_WAIT_S = 5.0


class Target(NamedTuple):
    """``parse`` takes any bytes, and may raise ``errors`` and nothing else; ``corpus`` are good inputs."""

    parse: Callable[[bytes], object]
    errors: tuple[type[Exception], ...]
    corpus: Callable[[], list[bytes]]


def _models() -> list[bytes]:
    return [path.read_bytes() for path in sorted(_MODELS.rglob("*.tflite"))]


def _structure(data: bytes) -> None:
    examine(data)
    Graph(data).ending()
    Graph(data).expected_range()


def _metadata_of(content: bytes) -> bytes:
    return examine(content).metadata.get(BUFFER_NAME, b"")


def _zips() -> list[bytes]:
    import zipfile

    made = []
    for model in _models()[:3]:
        for labels in ("labels.txt", "a/names.txt"):
            file = io.BytesIO()
            with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
                archive.writestr("model.tflite", model)
                archive.writestr(labels, "0 daisy\n1 roses\n2 tulips\n")
            made.append(file.getvalue())
    return made


def _zip(data: bytes) -> None:
    with contextlib.suppress(ModelError):
        labels_of_zip(data)
    model_of_zip(data)


def _manifest(data: bytes) -> None:
    manifest = Manifest.from_json(data.decode("utf-8", "replace"))
    manifest.to_json()
    _ = manifest.provenance, manifest.independent_test_photos


def _manifests() -> list[bytes]:
    packed = [unpack_files(model).files for model in _models()]
    return [files[MANIFEST_NAME] for files in packed if MANIFEST_NAME in files]


def _labels(data: bytes) -> None:
    parse_label_file(data[1:], _LABEL_NAMES[data[0] % len(_LABEL_NAMES)] if data else "")


def _label_files() -> list[bytes]:
    names = ["daisy", "roses", "7 up"]
    texts = [
        (0, "daisy\nroses\n"),
        (0, "0 daisy\n1: roses\n2,tulips\n"),
        (1, 'index,label\n0,daisy\n1,"roses, red"\n'),
        (2, "daisy\t0\nroses\t1\n"),
        (3, json.dumps(names)),
        (3, json.dumps({"id2label": {"0": "daisy", "1": "roses"}})),
        (3, json.dumps([{"name": name} for name in names])),
        (3, "{0: 'daisy', 1: \"roses\"}"),
        (4, "path: a # comment\nnames: [daisy, 'rose''s', \"a\\\"b\"]\nnc: 3\n"),
        (4, "names:\n  0: daisy\n  1: 'roses'\n"),
        (4, "names:\n  - daisy\n  - roses\n"),
        (4, "names: {0: daisy,\n 1: roses}\n"),
    ]
    made = [bytes([form]) + text.encode() for form, text in texts]
    return [*made, b"\0" + "daisy\nroses".encode("utf-16"), *(b"\0" + content for content in _zips()[:1])]


def _pictures() -> list[bytes]:
    from benchmarks.device.hostile.pictures import good_pictures

    return list(good_pictures().values())


def _heif(data: bytes) -> None:
    check_heif(io.BytesIO(data), len(data), "AVIF" if heif_format(data) == "AVIF" else "HEIC")


def _heif_files() -> list[bytes]:
    from benchmarks.device.hostile.pictures import good_pictures

    return [content for name, content in good_pictures().items() if name.startswith(("HEIC", "AVIF"))]


def _format(data: bytes) -> None:
    heif_format(data)
    unread_format(data)


def _formats() -> list[bytes]:
    heads = [b"\0\0\0\x18ftypheic\0\0\0\0mif1heic", b"\0\0\0\x1cftypavif\0\0\0\0avifmif1miaf", b"\0\0\0\x14ftypcrx "]
    return [
        *heads,
        b"RIFF\0\0\0\0AVI ",
        b"<?xml version='1.0'?><svg>",
        b" <!DOCTYPE html>",
        b"8BPS",
        b"II*\0\x10\0\0\0CR",
    ]


def _multipart(data: bytes) -> None:
    """The first byte says how many bytes come in one piece, and whether the boundary is named."""
    step = 1 + (data[0] >> 1 if data else 0)
    parser = MultipartParser("frame" if data[:1] and data[0] & 1 else None)
    for start in range(1, len(data), step):
        parser.feed(data[start : start + step])
        while (part := parser.next_part()) is not None:
            assert len(part) <= len(data)


def _bodies() -> list[bytes]:
    part = b"--frame\r\nContent-Type: image/jpeg\r\nContent-Length: 8\r\n\r\n\xff\xd8abcd\xff\xd9\r\n"
    bare = b"frame\nContent-Type: image/jpeg\n\n\xff\xd8abcd\xff\xd9\n"
    return [bytes([form]) + 3 * body for form in (1, 0, 14, 255) for body in (part, bare, b"--frame\r\n\r\nabc\r\n")]


def _http_answer(data: bytes) -> None:
    server, client = socket.socketpair()
    with server:
        answer = Answer(client)
        try:
            server.sendall(data[:_MOST_SENT])
            server.shutdown(socket.SHUT_WR)
            deadline_s = time.monotonic() + _WAIT_S
            answer.receive_head(deadline_s)
            _ = answer.status, answer.headers.get_all("WWW-Authenticate"), answer.headers.get("Content-Type")
            while answer.read(1 << 16, deadline_s):
                pass
        finally:
            answer.close()


def _answers() -> list[bytes]:
    return [
        b"HTTP/1.1 200 OK\r\nContent-Type: multipart/x-mixed-replace; boundary=frame\r\n\r\n--frame\r\n\r\nabc",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nabcd\r\n0\r\n\r\n",
        b"HTTP/1.0 200 OK\r\nContent-Length: 4\r\n\r\nabcd",
        b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 204 No Content\r\n\r\n",
        b'HTTP/1.1 401 Unauthorized\r\nWWW-Authenticate: Digest realm="a", nonce="b"\r\n\r\n',
    ]


def _login(data: bytes) -> None:
    challenges = read_challenges(data.decode("latin-1").split("\n"))
    login = Login("user", "p%C3%A4ss")
    if login.answer(challenges):
        header = login.header("/path?a=b")
        assert header is not None
        header.encode()
    login.is_refused(challenges)


def _challenges() -> list[bytes]:
    digest = b'Digest realm="camera", nonce="0a4f113b", qop="auth, auth-int", opaque="5c\\"cc", stale=TRUE'
    others = [digest + b", algorithm=" + name for name in (b"MD5-sess", b"SHA-256", b"SHA-512-256", b"unknown")]
    return [
        b'Basic realm="a"',
        digest,
        *others,
        digest + b", userhash=true\nNegotiate, Basic realm=a",
        b"Negotiate " + base64.b64encode(b"abc"),
    ]


def _device_answer(data: bytes) -> None:
    text = data.decode("utf-8", "replace")
    facts = device_answers.read_fact_lines(text)
    device_answers.whole_number(facts.get("cores", text))
    device_answers.device_error(device_answers.Answer(len(text) % 256, "", text))
    for parse in (
        device_answers.parse_listing,
        device_answers.parse_state,
        lambda out: device_answers.checked_path("its home", out),
    ):
        with contextlib.suppress(EdgeError):
            parse(text)


def _device_answers() -> list[bytes]:
    sha256 = "ab" * 32
    state = {"root": "/home/pi/.local", "current": sha256, "previous": None, "pending": False}
    listing = {
        **state,
        "models": [{"sha256": sha256}],
        "allowed_signers": "/etc/a",
        "watch_every_s": 1.5,
        "free_bytes": 9,
    }
    facts = "fact machine aarch64\nfact cores 4\nfact store " + json.dumps(listing) + "\n"
    return [
        json.dumps(state).encode(),
        b"Welcome\n" + json.dumps(listing).encode(),
        facts.encode(),
        b"edge: no model\n",
    ]


TARGETS = {
    "structure of a model": Target(_structure, (ModelError,), _models),
    "model file": Target(ModelFile.from_bytes, (ModelError,), _models),
    "packed files": Target(unpack_files, (ModelError,), _models),
    "model zip": Target(_zip, (ModelError,), _zips),
    "manifest": Target(_manifest, (ModelError,), _manifests),
    "TFLite metadata": Target(parse_metadata, (ModelError,), lambda: [_metadata_of(model) for model in _models()[-3:]]),
    "label file": Target(_labels, (ModelError,), _label_files),
    "picture": Target(lambda data: preprocess(data, _SIZE), (ImageError,), _pictures),
    "boxes of HEIC and AVIF": Target(_heif, (ImageError,), _heif_files),
    "picture format": Target(_format, (), _formats),
    "multipart body": Target(_multipart, (ValueError,), _bodies),
    "HTTP answer": Target(_http_answer, (OSError, http.client.HTTPException, ValueError), _answers),
    "HTTP login": Target(_login, (), _challenges),
    "answer of a device": Target(_device_answer, (), _device_answers),
}
"""Name -> parser."""
