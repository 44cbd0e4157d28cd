"""Multipart bodies, correct ones and those of cameras with mistakes."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge.sources.multipart import MAX_PART_BYTES, MultipartParser

JPEG = b"\xff\xd8 one \xff\xd9"


def _parts(body: bytes, boundary: str | None = "frame", cuts: tuple[int, ...] = ()) -> list[bytes]:
    parser = MultipartParser(boundary)
    parts = []
    for start, end in zip((0, *cuts), (*cuts, len(body)), strict=True):
        parser.feed(body[start:end])
        while (part := parser.next_part()) is not None:
            parts.append(part)
    return parts


def _part(content: bytes, line: bytes = b"\r\n", length: int | None = None) -> bytes:
    headers = [b"--frame", b"Content-Type: image/jpeg", b"content-length: %d" % (length or len(content)), b"", content]
    return line.join(headers) + line


@given(st.lists(st.binary(min_size=1, max_size=50), max_size=5), st.lists(st.integers(0, 400), max_size=6))
def test_parts_with_a_length(contents: list[bytes], cuts: list[int]) -> None:
    """Each part comes whole and in order, with any content, and if the bytes are cut at any place."""
    body = b"".join(map(_part, contents))
    assert _parts(body, cuts=tuple(sorted(min(cut, len(body)) for cut in cuts))) == contents


@pytest.mark.parametrize("boundary", ["frame", "--frame"])
def test_boundaries_with_dashes_of_their_own(boundary: str) -> None:
    """Some cameras name the boundary with its dashes, and send it with or without two more."""
    assert _parts(_part(JPEG), boundary) == [JPEG]
    assert _parts(b"--" + _part(JPEG), boundary) == [JPEG]


@pytest.mark.parametrize("name", ["frame", "another", "--", "", None])
@pytest.mark.parametrize("line", [b"--frame", b"frame", b"----frame", b"my boundary"])
@pytest.mark.parametrize("with_length", [True, False])
def test_a_boundary_of_another_name(name: str | None, line: bytes, with_length: bool) -> None:
    """The first boundary that comes counts, with or without dashes, whatever name the answer gives it."""
    length = b"Content-Length: %d\r\n" % len(JPEG) if with_length else b""
    body = (line + b"\r\nContent-Type: image/jpeg\r\n" + length + b"\r\n" + JPEG + b"\r\n") * 3
    for start in (b"", b"\r\n", b"\0noise\r\n"):
        parts = _parts(start + body, name, cuts=tuple(range(1, len(start + body), 7)))
        assert [part.rstrip(b"\r\n-") for part in parts] == [JPEG] * 3


def test_headers_are_no_boundary() -> None:
    """A body that begins with the headers of its first part begins with its second part."""
    assert _parts(b"Content-Type: image/jpeg\r\n\r\n" + JPEG + b"\r\n" + _part(b"two"), None) == [b"two"]


def test_bare_line_ends() -> None:
    """Lines may end without a carriage return."""
    assert _parts(_part(JPEG, b"\n") * 2) == [JPEG, JPEG]


def test_parts_without_a_length() -> None:
    """The end of a JPEG or the next boundary ends a part; the part does not wait for the next frame."""
    bare = b"--frame\r\n\r\n" + JPEG + b"\r\n"
    assert _parts(bare) == [JPEG + b"\r\n"]
    assert _parts(b"--frame\r\n\r\nno JPEG\r\n--frame\r\n") == [b"no JPEG\r\n"]


def test_wrong_lengths_cost_the_part_that_lies() -> None:
    """After a part whose length is wrong the next good one is found again."""
    assert _parts(_part(JPEG, length=3) + _part(b"good"))[1:] == [b"good"]
    lies = _part(JPEG, length=len(JPEG) + 20) + _part(b"swallowed") + _part(b"good")
    assert _parts(lies)[-1] == b"good"


def test_garbage_between_parts() -> None:
    """Noise before, between and after parts is skipped."""
    assert _parts(b"noise" * 9 + _part(JPEG) + b"\0" * 5000 + _part(b"two") + b"noise") == [JPEG, b"two"]


def test_headers_without_an_end() -> None:
    """Headers without an end are dropped; the next boundary starts a new part."""
    assert _parts(b"--frame" + b"x" * 20_000 + _part(JPEG), cuts=(10_000, 20_000)) == [JPEG]


def test_noise_is_not_kept() -> None:
    """If many bytes come without a boundary, memory stays small."""
    parser = MultipartParser("frame")
    for _ in range(1000):
        parser.feed(b"\0" * 1000)
        assert parser.next_part() is None
    assert len(parser._buffer) <= 16 * 1024
    parser.feed(_part(b"good"))
    assert parser.next_part() == b"good"
    for _ in range(1000):
        parser.feed(b"\0" * 1000)
        assert parser.next_part() is None
    assert len(parser._buffer) < 100


@pytest.mark.parametrize("announced", [True, False])
def test_parts_that_are_too_large(announced: bool) -> None:
    """A part above the limit is refused: at its header if that names the length, else before memory fills."""
    parser = MultipartParser("frame")
    parser.feed(b"--frame\r\n" + (b"Content-Length: %d\r\n" % (MAX_PART_BYTES + 1) if announced else b"") + b"\r\n")
    with pytest.raises(ValueError, match="a part of"):
        for _ in range(MAX_PART_BYTES // 2**20 + 2):
            parser.next_part()
            parser.feed(b"\0" * 2**20)
