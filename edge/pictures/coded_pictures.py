"""The size and the samples of a coded picture, read from its own header: HEVC (ITU-T H.265) and AV1.

What a HEIC or AVIF file says of its pictures need not be true, and the decoder goes by these headers.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

MAX_UNITS = 10_000
"""The most units in the coded pictures of one file that are looked at: those of a photo have a few each."""

_SEQUENCE_HEADER, _SPS = 1, 33  # types of an AV1 unit, of an HEVC unit
_SAMPLES = (1.0, 1.5, 2.0, 3.0)  # of a pixel: grey, 4:2:0, 4:2:2, 4:4:4


class Coded(NamedTuple):
    """Width and height in pixels, how many samples a pixel has, and how many bytes a sample takes."""

    width: int
    height: int
    samples: float
    sample_bytes: int


class _Bits:
    """Bits of a header, the first one of a byte being its highest."""

    def __init__(self, content: bytes) -> None:
        self._value, self._left = int.from_bytes(content, "big"), 8 * len(content)

    def take(self, count: int) -> int:
        """The number that the next ``count`` bits are. Raises :class:`ValueError` behind the end."""
        self._left -= count
        if self._left < 0:
            raise ValueError("a header that is cut off")
        return self._value >> self._left & ((1 << count) - 1)

    def exp_golomb(self) -> int:
        """The next number in Exp-Golomb code, which AV1 calls uvlc."""
        zeros = 0
        while not self.take(1):
            zeros += 1
            if zeros > 32:
                raise ValueError("a number that is too long")
        return (1 << zeros) - 1 + self.take(zeros)


class Units:
    """Counts the units in the coded pictures of one file: they may share their bytes."""

    def __init__(self) -> None:
        """Start with none."""
        self._left = MAX_UNITS

    def count(self) -> None:
        """Count one more. Raises :class:`ValueError` if there are more than :data:`MAX_UNITS`."""
        self._left -= 1
        if self._left < 0:
            raise ValueError("too many units")


def av1_pictures(content: bytes, units: Units) -> Iterator[Coded]:
    """What each sequence header in the AV1 units ``content`` says.

    Raises :class:`ValueError` if they are damaged, or too many for ``units``.
    """
    position = 0
    while position < len(content):
        units.count()
        head = content[position]
        position += 2 if head & 4 else 1
        size = len(content) - position
        if head & 2:
            size, position = _leb128(content, position)
        if head >> 3 & 15 == _SEQUENCE_HEADER:
            yield _sequence_header(_Bits(content[position : position + min(size, 256)]))
        position += size


def _leb128(content: bytes, position: int) -> tuple[int, int]:
    value = 0
    for index in range(8):
        byte = content[position + index : position + index + 1]
        if not byte:
            break
        value |= (byte[0] & 127) << 7 * index
        if byte[0] < 128:
            return value, position + index + 1
    raise ValueError("a size that is cut off")


def _sequence_header(bits: _Bits) -> Coded:
    profile, _, reduced = bits.take(3), bits.take(1), bits.take(1)
    if reduced:
        bits.take(5)
    else:
        _skip_operating_points(bits)
    width_bits, height_bits = bits.take(4) + 1, bits.take(4) + 1
    width, height = bits.take(width_bits) + 1, bits.take(height_bits) + 1
    if not reduced and bits.take(1):
        bits.take(7)  # lengths of frame numbers
    bits.take(3)
    if not reduced:
        bits.take(4)
        ordered = bits.take(1)
        if ordered:
            bits.take(2)
        screen = 2 if bits.take(1) else bits.take(1)
        if screen and not bits.take(1):
            bits.take(1)
        if ordered:
            bits.take(3)
    bits.take(3)
    deep = bits.take(1)
    if profile == 2 and deep:
        bits.take(1)
    grey = profile != 1 and bits.take(1)
    # Profile 0 is 4:2:0, 1 is 4:4:4; 2 may be either, or 4:2:2.
    samples = _SAMPLES[0 if grey else 1 if profile == 0 else 3]
    return Coded(width, height, samples, 1 + deep)


def _skip_operating_points(bits: _Bits) -> None:
    delays = 0
    if bits.take(1):  # times
        bits.take(64)
        if bits.take(1):
            bits.exp_golomb()
        if bits.take(1):  # a model of the decoder
            delays = bits.take(5) + 1
            bits.take(42)
    shown_late = bits.take(1)
    for _ in range(bits.take(5) + 1):
        bits.take(12)
        if bits.take(5) > 7:
            bits.take(1)
        if delays and bits.take(1):
            bits.take(2 * delays + 1)
        if shown_late and bits.take(1):
            bits.take(4)


def hevc_settings_pictures(content: bytes, units: Units) -> Iterator[Coded]:
    """What each sequence parameter set in the decoder settings ``hvcC`` says.

    Raises :class:`ValueError` if they are damaged, or have too many for ``units``.
    """
    if len(content) < 23:
        raise ValueError("settings that are cut off")
    position = 23
    for _ in range(content[22]):
        count = int.from_bytes(content[position + 1 : position + 3], "big")
        position += 3
        for _ in range(count):
            units.count()
            size = int.from_bytes(content[position : position + 2], "big")
            yield from _hevc_unit(content[position + 2 : position + 2 + min(size, 512)])
            position += 2 + size
            if position > len(content):
                raise ValueError("settings that are cut off")


def hevc_pictures(content: bytes, units: Units) -> Iterator[Coded]:
    """What each sequence parameter set in the HEVC units ``content``, each behind its size in 4 bytes, says.

    Raises :class:`ValueError` if they are damaged, or too many for ``units``.
    """
    position = 0
    while position + 4 <= len(content):
        units.count()
        size = int.from_bytes(content[position : position + 4], "big")
        yield from _hevc_unit(content[position + 4 : position + 4 + min(size, 512)])
        position += 4 + size


def _hevc_unit(content: bytes) -> Iterator[Coded]:
    if len(content) < 2 or content[0] >> 1 & 63 != _SPS:
        return
    bits = _Bits(content[2:].replace(b"\0\0\3", b"\0\0"))
    bits.take(4)
    layers = bits.take(3)
    bits.take(1 + 88 + 8)
    present = [bits.take(2) for _ in range(layers)]
    if layers:
        bits.take(2 * (8 - layers))
    for flags in present:
        bits.take(88 * (flags >> 1) + 8 * (flags & 1))
    bits.exp_golomb()
    chroma = bits.exp_golomb()
    if chroma == 3:
        bits.take(1)
    width, height = bits.exp_golomb(), bits.exp_golomb()
    if bits.take(1):
        for _ in range(4):
            bits.exp_golomb()
    deep = bits.exp_golomb() > 0 or bits.exp_golomb() > 0
    yield Coded(width, height, _SAMPLES[min(chroma, 3)], 1 + deep)
