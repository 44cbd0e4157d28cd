"""Taking a form apart."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge.serving.answers import Refused
from edge.serving.form import Part, boundary_of, parse_form
from support.label_server import BOUNDARY, form

_MARK = BOUNDARY.encode()


@given(st.lists(st.binary(max_size=60), max_size=4))
def test_any_bytes_come_back(contents: list[bytes]) -> None:
    """Every byte of every part is kept, line ends too."""
    parts = parse_form(form(*((f"{place}.png", content) for place, content in enumerate(contents))), _MARK, 4)
    assert parts == [Part(f"{place}.png", content) for place, content in enumerate(contents)]


@given(st.binary(max_size=200))
def test_noise_is_refused(body: bytes) -> None:
    """Bytes without the boundary are one refusal."""
    with pytest.raises(Refused, match="does not have the boundary") as refusal:
        parse_form(body, _MARK, 4)
    assert refusal.value.status == 400


@given(st.data())
def test_a_damaged_form_is_refused_or_read(data: st.DataObject) -> None:
    """A byte that is changed, or an end that is cut off, raises nothing but a refusal."""
    whole = form(("a.png", b"\r\n--x"), ("b.png", b"--a-"))
    place = data.draw(st.integers(0, len(whole) - 1))
    changed = whole[:place] + data.draw(st.binary(max_size=2)) + whole[place + 1 :]
    for body in (changed, whole[:place]):
        try:
            parse_form(body, _MARK, 4)
        except Refused as refusal:
            assert refusal.status in (400, 413)


@pytest.mark.parametrize(
    ("header", "name"),
    [
        ('form-data; name="p"; filename="a b.png"', "a b.png"),
        ('form-data; name="p"; filename="ro\u0161e.png"', "ro\u0161e.png"),
        ('form-data; name="p"; filename="say %22hi%22.png"', 'say "hi".png'),
        (r'form-data; name="p"; filename="say \"hi\" \\.png"', 'say "hi" \\.png'),
        ("form-data; filename=\"x.png\"; filename*=UTF-8''na%C3%AFve.png", "na\u00efve.png"),
        ('form-data; name="p"; filename=""', ""),
        ("form-data; name=p; filename=plain.png", "plain.png"),
        ('form-data;\r\n name="p";\r\n\tfilename="folded.png"', "folded.png"),
        ('form-data; filename="x.png"\r\nContent-Transfer-Encoding: binary', "x.png"),
    ],
)
def test_names_of_files(header: str, name: str) -> None:
    """The name is what the sender meant, however its program writes it; it may be empty."""
    head = f"--{BOUNDARY}\r\nContent-Disposition: {header}\r\n\r\n".encode()
    assert parse_form(head + b"1\r\n--" + _MARK + b"--", _MARK, 1) == [Part(name, b"1")]


@pytest.mark.parametrize(
    ("header", "boundary"),
    [
        ("multipart/form-data; boundary=ab", b"ab"),
        ('multipart/form-data; charset=x; Boundary="a b"', b"a b"),
        ("multipart/form-data; no-boundary=x;boundary=ab", b"ab"),
    ],
)
def test_boundary(header: str, boundary: bytes) -> None:
    """The boundary stands in the header with or without quotes; without one the form is refused."""
    assert boundary_of(header) == boundary
    with pytest.raises(Refused, match="names no boundary"):
        boundary_of("multipart/form-data; boundary=")


@pytest.mark.parametrize("header", ['form-data; name="filename=x"', "attachment", 'form-data; name="top_k"'])
def test_a_part_that_is_no_file(header: str) -> None:
    """It is refused: nothing else than pictures is read from a form."""
    head = f"--{BOUNDARY}\r\nContent-Disposition: {header}\r\n\r\n".encode()
    with pytest.raises(Refused, match="a part of the form is no file"):
        parse_form(head + b"1\r\n--" + _MARK + b"--", _MARK, 1)


def test_a_part_in_another_encoding() -> None:
    """It is refused by its name: its bytes are not those of the picture."""
    head = f"--{BOUNDARY}\r\ncontent-disposition: form-data; filename=x\r\nContent-Transfer-Encoding: base64\r\n\r\n"
    with pytest.raises(Refused, match="has a Content-Transfer-Encoding"):
        parse_form(head.encode() + b"MQ==\r\n--" + _MARK + b"--", _MARK, 1)


def test_too_many_parts() -> None:
    """One more than allowed is refused with 413."""
    with pytest.raises(Refused, match="it may have 2") as refusal:
        parse_form(form(*[("a", b"")] * 3), _MARK, 2)
    assert refusal.value.status == 413
