"""Requests for labels, and what is answered: the JSON of ``edge label``, or one line."""

from __future__ import annotations

import http.client
import json
import socket
import struct
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from edge import cli
from edge.errors import ModelError
from support.colours import encoded
from support.gated import GATED, grey, noisy
from support.label_server import (
    BODY_BYTES,
    BOUNDARY,
    FLOAT32,
    FORM,
    INT8,
    ROOM,
    Client,
    form,
    in_json,
    photo,
    serving,
    without_times,
)
from support.png import chunk
from support.waiting import TIMEOUT_S

JSON = "application/json"


def _printed(capsys: pytest.CaptureFixture[str], *arguments: str) -> list[Any]:
    """What ``edge label --json`` prints."""
    assert cli.main(["label", "--json", *arguments]) == 0
    return [without_times(json.loads(line)) for line in capsys.readouterr().out.splitlines()]


def test_every_form_is_answered_as_edge_label_prints(
    client: Client, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """The bytes, a form and base64 have the object of ``edge label --json``, byte for byte but for the time."""
    monkeypatch.chdir(tmp_path)
    content = encoded(Image.fromarray(noisy("green", 1)), "JPEG", quality=80)
    Path("rose.jpg").write_bytes(content)
    for model in (INT8, FLOAT32):
        (printed,) = _printed(capsys, "--model", str(model), "rose.jpg")
        query = f"?model={model.stem}"
        answers = [
            client.label(content, "image/jpeg", f"{query}&name=rose.jpg"),
            client.label(content, "application/octet-stream", f"{query}&name=rose.jpg"),
            client.label(content, "", f"{query}&name=rose.jpg"),
            client.label(form(("rose.jpg", content)), FORM, query),
            client.label(json.dumps(in_json(("rose.jpg", content))[0]).encode(), JSON, query),
        ]
        assert [answer.status for answer in answers] == [200] * 5
        assert [without_times(answer.json) for answer in answers] == [printed] * 5
        assert list(answers[0].json) == ["path", "labels", "scores", "latency_ms"]


def test_the_gate_is_asked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    """With ``--reject`` the answer has ``label`` and ``rejected``, as ``edge label`` prints them."""
    monkeypatch.chdir(tmp_path)
    Path("photos").mkdir()
    for name, pixels in (("grey", grey(3)), ("red", noisy("red", 2))):
        Path(f"photos/{name}.png").write_bytes(encoded(Image.fromarray(pixels), "PNG"))
    printed = _printed(capsys, "--model", str(GATED), "--reject", "photos")
    assert [one["rejected"] for one in printed] == [True, False]
    files = [(path, Path(path).read_bytes()) for path in ("photos/grey.png", "photos/red.png")]
    with serving([GATED], reject=True) as client:
        assert without_times(client.label(form(*files), FORM).json) == printed


def test_batches_are_in_order_and_name_what_is_bad(client: Client) -> None:
    """Several pictures have a list of answers; a bad one has its line there, and the others have their labels."""
    files = [("1.png", photo("red")), ("bad.png", b"no picture"), ("", photo("blue")), ("4.png", photo("green"))]
    for body, kind in ((form(*files), FORM), (json.dumps(in_json(*files)).encode(), JSON)):
        answer = client.label(body, kind)
        assert answer.status == 200
        assert [one["path"] for one in answer.json] == ["1.png", "bad.png", "picture 3", "4.png"]
        assert [one.get("labels", [None])[0] for one in answer.json] == ["red", None, "blue", "green"]
        assert answer.json[1]["error"].startswith("not an image of a known format")
    assert [one["labels"][0] for one in client.label(json.dumps(in_json(files[0])).encode(), JSON).json] == ["red"]


def test_text_that_is_not_base64_fails_alone(client: Client) -> None:
    """In a list it is the error of its picture; alone it has the status 422."""
    wrong = {"picture": "*not base64*", "name": "w"}
    answer = client.label(json.dumps([wrong, *in_json(("r", photo("red")))]).encode(), JSON)
    assert (answer.status, answer.json[0]) == (200, {"path": "w", "error": _NOT_BASE64})
    assert answer.json[1]["labels"][0] == "red"
    alone = client.label(json.dumps(wrong).encode(), JSON)
    assert (alone.status, alone.json) == (422, {"path": "w", "error": _NOT_BASE64})


def test_a_compressed_body(client: Client) -> None:
    """It is refused by its name, and the answer says which bodies are taken; "identity" is none."""
    answer = client.ask("POST", "/label", photo("red"), "image/png", **{"Content-Encoding": "gzip"})
    assert (answer.status, answer.headers["Accept-Encoding"]) == (415, "identity")
    assert "Content-Encoding" in answer.json["error"]
    assert client.ask("POST", "/label", photo("red"), "image/png", **{"Content-Encoding": "Identity"}).status == 200


_NOT_BASE64 = "not base64; encode the bytes of the picture file, in one line and without data:...;base64, before it"
_HUGE = (
    b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", struct.pack(">IIBBBBB", 60_000, 60_000, 8, 2, 0, 0, 0)) + chunk(b"IDAT", b"")
)


@pytest.mark.parametrize(
    ("body", "kind", "status", "words"),
    [
        (b"", "image/png", 422, "not an image"),
        (b"no picture", "", 422, "not an image of a known format"),
        (photo("red")[:60], "image/png", 422, ""),
        (_HUGE, "image/png", 422, "more than 89,478,485 pixels"),
        (b"x=1", "application/x-www-form-urlencoded", 415, "Content-Type: image/jpeg"),
        (b"<x/>", "text/xml", 415, "Content-Type: image/jpeg"),
        (b"x", "multipart/form-data", 400, "names no boundary"),
        (b"x", FORM, 400, "does not have the boundary"),
        (form(("a", b"x"))[:-8], FORM, 400, "cut off"),
        (f"--{BOUNDARY}--\r\n".encode(), FORM, 400, "there is no picture"),
        (form(*[("a", b"x")] * (ROOM + 1)), FORM, 413, f"it may have {ROOM}"),
        (b"{", JSON, 400, "the body is not JSON"),
        (b"[" * 100_000, JSON, 400, "it has too many brackets and commas"),
        (b"[" * 10_000, JSON, 400, "the body is not JSON that can be read: it is too deep"),
        (b"[" + b"{}," * 30_000 + b"{}]", JSON, 400, "it has too many brackets and commas"),
        (b"\xff", JSON, 400, "the body is not JSON"),
        (b"NaN", JSON, 400, "NaN is not a number"),
        (b"[]", JSON, 400, "there is no picture"),
        (b"7", JSON, 400, "a picture must be a JSON object"),
        (b"[[]]", JSON, 400, "a picture must be a JSON object"),
        (b"{}", JSON, 400, "the field 'picture' is missing"),
        (b'{"picture": 7}', JSON, 400, "the field 'picture' must be a text"),
        (b'{"picture": "", "size": ""}', JSON, 400, "there is no field 'size'"),
        (b'{"\\ud800": ""}', JSON, 400, "there is no field '?'"),
        (json.dumps([{"picture": ""}] * (ROOM + 1)).encode(), JSON, 413, f"it may have {ROOM}"),
        (bytes(BODY_BYTES + 1), "image/png", 413, "it may have 1 MiB"),
    ],
    ids=lambda value: "" if isinstance(value, bytes) else None,
)
def test_bad_bodies(client: Client, body: bytes, kind: str, status: int, words: str) -> None:
    """Each has its status and one line of JSON, and the server goes on."""
    answer = client.label(body, kind)
    assert answer.status == status
    assert words in answer.json["error"]
    assert "\n" not in answer.json["error"] and "Traceback" not in answer.json["error"]
    assert client.label(photo("red")).status == 200


def test_a_body_that_grows_beyond_the_limit(client: Client) -> None:
    """Chunks without a length are refused as soon as there are too many."""
    piece = b"%x\r\n" % (BODY_BYTES // 2) + bytes(BODY_BYTES // 2) + b"\r\n"
    with socket.create_connection(("127.0.0.1", client.port), TIMEOUT_S) as one:
        one.sendall(b"POST /label HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n" + 3 * piece)
        answer = http.client.HTTPResponse(one)
        answer.begin()
        assert answer.status == 413
        assert json.loads(answer.read()) == {"error": "the body is too large; it may have 1 MiB"}


@pytest.mark.parametrize(
    ("method", "path", "status", "words"),
    [
        ("POST", "/label?model=none", 404, "no model 'none' here; there is tiny-int8, tiny-float32"),
        ("POST", "/label?model=%ff%00", 404, "there is no model"),
        ("POST", "/label?size=x", 400, "the address may have 'model' and 'name'"),
        ("POST", "/label/", 404, "there is nothing at this address"),
        ("POST", "/", 405, "this address takes GET, HEAD alone"),
        ("GET", "/label", 405, "this address takes POST alone"),
        ("TRACE", "/models", 405, "this address takes GET, HEAD alone"),
    ],
)
def test_bad_addresses(client: Client, method: str, path: str, status: int, words: str) -> None:
    """Each has its status and one line; 405 names the methods that are there."""
    answer = client.ask(method, path, photo("red") if method == "POST" else None, "image/png")
    assert answer.status == status
    assert words in answer.json["error"]
    assert (answer.headers["Allow"] is not None) == (status == 405)


def test_a_model_that_fails(monkeypatch: pytest.MonkeyPatch) -> None:
    """One picture has the status 500 and the line of the model; in a list it fails alone. No traceback comes."""
    line = "the model's scores are not numbers for this picture; convert the model again"

    def fail(*_: object) -> None:
        raise ModelError(line)

    with serving([INT8]) as client:
        monkeypatch.setattr("edge.inference.interpreter.ImageInterpreter.scores", fail)
        answer = client.label(photo("red"))
        assert (answer.status, answer.json) == (500, {"error": line})
        batch = client.label(form(("a", photo("red")), ("b", b"no picture")), FORM)
        assert (batch.status, batch.json[0]) == (200, {"path": "a", "error": line})


def test_models_are_listed(client: Client) -> None:
    """The default comes first, and each model says what it is."""
    models = client.ask("GET", "/models").json
    assert [(one["name"], one["file"], one["quantization"]) for one in models] == [
        ("tiny-int8", "tiny-int8.tflite", "int8"),
        ("tiny-float32", "tiny-float32.tflite", "float32"),
    ]
    assert client.ask("GET", "/health").json == {"state": "ready"}


def test_names_of_any_kind_come_back(client: Client) -> None:
    """A name is no path on this machine: it comes back as it was sent, at most 1,000 characters of it."""
    for name in ("../../etc/passwd", "\u202eevil\n.png", "\ud800", "x" * 5000):
        body = json.dumps(in_json((name, photo("red")))[0]).encode()
        assert client.label(body, JSON).json["path"] == name[:1000]
