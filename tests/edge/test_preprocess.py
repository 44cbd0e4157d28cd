"""From a picture to pixels: formats, colours, orientation, size."""

from __future__ import annotations

import hashlib
import io
import struct
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from edge.preprocess import PREPROCESSING_VERSION, decode, preprocess, to_rgb
from support.colours import COLOURS, encoded, plain, ramp
from support.png import png_of_rows

SIZE = (32, 32)
MODES = ["1", "L", "LA", "P", "PA", "RGB", "RGBA", "RGBa", "RGBX", "CMYK", "YCbCr", "LAB", "HSV", "I", "I;16", "I;16B"]


def _average(pixels: np.ndarray) -> list[int]:
    return [round(value) for value in pixels.reshape(-1, 3).mean(axis=0)]


@given(
    st.sampled_from(MODES),
    st.tuples(st.integers(1, 90), st.integers(1, 90)),
    st.tuples(st.integers(1, 40), st.integers(1, 40)),
)
def test_any_size_and_mode(mode: str, size: tuple[int, int], target: tuple[int, int]) -> None:
    """Every picture becomes uint8 RGB of the size asked for; (width, height) becomes (height, width, 3)."""
    pixels = preprocess(Image.new(mode, size), target)
    assert pixels.shape == (target[1], target[0], 3)
    assert pixels.dtype == np.uint8


@pytest.mark.parametrize("form", ["JPEG", "PNG", "WEBP", "GIF", "BMP", "TIFF", "PPM"])
def test_every_format(form: str) -> None:
    """A red picture is red in every format that is read."""
    red, green, blue = _average(preprocess(encoded(plain("red"), form), SIZE))
    assert np.abs(np.subtract((red, green, blue), COLOURS["red"])).max() <= 3


def test_photo_with_a_preview() -> None:
    """Phones write a photo and its preview into one file (MPO): the photo is used."""
    content = encoded(plain("red"), "MPO", save_all=True, append_images=[plain("blue")])
    assert Image.open(io.BytesIO(content)).format == "MPO"
    assert np.abs(np.subtract(_average(preprocess(content, SIZE)), COLOURS["red"])).max() <= 3


def test_every_kind_of_source(tmp_path: Path) -> None:
    """A path, its text, bytes, a file, a picture and an array give the same pixels."""
    picture = ramp((50, 40))
    content = encoded(picture, "PNG")
    path = tmp_path / "ramp.png"
    path.write_bytes(content)
    expected = preprocess(picture, SIZE)
    for source in (path, str(path), content, io.BytesIO(content), np.asarray(picture)):
        assert np.array_equal(preprocess(source, SIZE), expected)


def test_pixels_of_the_right_size_are_left_alone() -> None:
    """A picture that already has the model's size is not filtered."""
    noise = np.random.default_rng(1).integers(0, 256, (32, 32, 3), np.uint8)
    assert np.array_equal(preprocess(noise, SIZE), noise)


def test_resize_averages() -> None:
    """Shrinking averages (antialiased): a fine chequerboard becomes grey, not black or white."""
    board = (np.indices((256, 256)).sum(axis=0) % 2 * 255).astype(np.uint8)
    pixels = preprocess(np.repeat(board[..., None], 3, axis=2), SIZE)
    assert int(pixels.min()) >= 126 and int(pixels.max()) <= 129


def test_squashed_not_cropped() -> None:
    """The whole of a wide picture is seen, its edges too."""
    wide = Image.new("RGB", (400, 40), "blue")
    wide.paste("red", (0, 0, 200, 40))
    pixels = preprocess(wide, SIZE)
    assert _average(pixels[:, :15]) == [255, 0, 0]
    assert _average(pixels[:, 17:]) == [0, 0, 255]


def test_the_pixels_are_pinned() -> None:
    """These exact pixels belong to preprocessing version 2; a change of them needs a new version."""
    assert PREPROCESSING_VERSION == 2
    pixels = preprocess(np.arange(7 * 5 * 3, dtype=np.uint8).reshape(5, 7, 3) * 2, (3, 2))
    assert pixels.tolist() == [
        [[47, 49, 51], [60, 62, 64], [73, 75, 77]],
        [[131, 133, 135], [144, 146, 148], [157, 159, 161]],
    ]


def test_the_pixels_are_pinned_for_every_shape() -> None:
    """Tall, wide, large and small: one digest, whichever release of Pillow resizes (10.1 and 13.0 were tried)."""
    digest = hashlib.sha256()
    for width, height in [(90, 700), (700, 90), (640, 480), (1200, 900), (329, 799), (5, 3), (1, 200)]:
        values = np.arange(height * width * 3, dtype=np.int64) ** 2 % 251
        digest.update(preprocess(values.astype(np.uint8).reshape(height, width, 3), (96, 64)).tobytes())
    assert digest.hexdigest() == "458e84bfdc61df61c458fa173ad638f98091829c42b0aa77fb7924483989e313"


def test_png_called_jpg(tmp_path: Path) -> None:
    """The content of a file decides its format, not its name."""
    path = tmp_path / "photo.jpg"
    path.write_bytes(encoded(plain("green"), "PNG"))
    assert _average(preprocess(path, SIZE)) == list(COLOURS["green"])


def test_cmyk_jpeg() -> None:
    """A JPEG made for print has the colours that it shows."""
    content = encoded(plain("red").convert("CMYK"), "JPEG")
    assert Image.open(io.BytesIO(content)).mode == "CMYK"
    assert np.abs(np.subtract(_average(preprocess(content, SIZE)), COLOURS["red"])).max() <= 3


@pytest.mark.parametrize(("deep", "shallow"), [(0, 0), (255, 0), (256, 1), (0x8000, 128), (0xFFFF, 255)])
def test_sixteen_bit_png(deep: int, shallow: int) -> None:
    """Sixteen-bit grey is scaled down, not clipped to white."""
    content = encoded(Image.fromarray(np.full((8, 8), deep, np.uint16)), "PNG")
    assert preprocess(content, (8, 8)).ravel().tolist() == [shallow] * 192


def test_sixteen_bit_rgb_png() -> None:
    """Sixteen-bit colour too."""
    row = struct.pack(">HHH", 0x8000, 0xFFFF, 0) * 4
    content = png_of_rows(4, 4, bits=16, channels=3, row=row)
    assert _average(preprocess(content, (4, 4))) == [128, 255, 0]


def test_palette_and_grey() -> None:
    """A palette gives its colours; grey gives equal channels."""
    palette = plain("blue").convert("P", palette=Image.Palette.ADAPTIVE, colors=4)
    assert _average(preprocess(encoded(palette, "PNG"), SIZE)) == list(COLOURS["blue"])
    assert _average(preprocess(encoded(Image.new("L", (40, 40), 77), "JPEG"), SIZE)) == [77, 77, 77]


@pytest.mark.parametrize("height", [1, 255, 256, 257, 700])
def test_a_transparent_picture_is_put_on_white_in_steps(height: int) -> None:
    """The pixels are those of the whole picture put on white at once, whatever its height."""
    values = np.random.default_rng(height).integers(0, 256, (height, 7, 4), np.uint8)
    picture = Image.fromarray(values)
    whole = Image.alpha_composite(Image.new("RGBA", picture.size, "white"), picture).convert("RGB")
    assert np.array_equal(to_rgb(picture), whole)


def test_transparency_lies_on_white() -> None:
    """What is transparent is white, what is half transparent is paler, in every form of transparency."""
    clear = Image.new("RGBA", (40, 40), (255, 0, 0, 0))
    half = Image.new("RGBA", (40, 40), (255, 0, 0, 128))
    grey = Image.new("LA", (40, 40), (0, 0))
    assert _average(preprocess(encoded(clear, "PNG"), SIZE)) == [255, 255, 255]
    assert _average(preprocess(encoded(half, "PNG"), SIZE)) == [255, 127, 127]
    assert _average(preprocess(encoded(grey, "PNG"), SIZE)) == [255, 255, 255]
    keyed = encoded(Image.new("RGB", (40, 40), (9, 9, 9)), "PNG", transparency=(9, 9, 9))
    assert _average(preprocess(keyed, SIZE)) == [255, 255, 255]
    palette = encoded(Image.new("P", (40, 40), 0), "GIF", transparency=0)
    assert _average(preprocess(palette, SIZE)) == [255, 255, 255]


def test_animation_gives_its_first_frame() -> None:
    """Of an animated GIF the first frame is used."""
    content = encoded(plain("red"), "GIF", save_all=True, append_images=[plain("blue")])
    assert Image.open(io.BytesIO(content)).n_frames == 2
    assert _average(preprocess(content, SIZE)) == list(COLOURS["red"])


@pytest.mark.parametrize("orientation", range(1, 9))
def test_exif_orientation(orientation: int) -> None:
    """A photo taken with the camera on its side is turned upright, for each of the eight orientations."""
    turns = {
        2: Image.Transpose.FLIP_LEFT_RIGHT,
        3: Image.Transpose.ROTATE_180,
        4: Image.Transpose.FLIP_TOP_BOTTOM,
        5: Image.Transpose.TRANSPOSE,
        6: Image.Transpose.ROTATE_270,
        7: Image.Transpose.TRANSVERSE,
        8: Image.Transpose.ROTATE_90,
    }
    picture = ramp((60, 40))
    upright = picture.transpose(turns[orientation]) if orientation in turns else picture
    exif = Image.Exif()
    exif[0x0112] = orientation
    for form in ("PNG", "TIFF"):
        assert np.array_equal(np.asarray(decode(encoded(picture, form, exif=exif))), np.asarray(upright))
    jpeg = preprocess(encoded(picture, "JPEG", quality=95, exif=exif), SIZE)
    assert np.abs(jpeg.astype(int) - preprocess(upright, SIZE)).mean() < 3


@pytest.mark.parametrize("exif", [b"Exif\0\0rubbish", b"Exif\0\0II*\0\xff\xff\xff\xff", b"Exif\0\0"])
@pytest.mark.filterwarnings("ignore:Corrupt EXIF data")
def test_broken_exif_is_no_reason(exif: bytes) -> None:
    """A photo whose EXIF is damaged is still a photo."""
    pixels = preprocess(encoded(plain("red"), "JPEG", exif=exif), SIZE)
    assert np.abs(np.subtract(_average(pixels), COLOURS["red"])).max() <= 3


def test_a_large_jpeg_is_decoded_small() -> None:
    """A 12-megapixel JPEG is decoded at reduced size, and the pixels are nearly those of a full decode."""
    content = encoded(ramp((4000, 3000)), "JPEG", quality=90)
    assert min(decode(content, (224, 224)).size) in range(224, 800)
    full = preprocess(Image.open(io.BytesIO(content)), (224, 224))
    draft = preprocess(content, (224, 224))
    assert np.abs(draft.astype(int) - full).mean() < 1
    assert np.abs(draft.astype(int) - full).max() <= 8


@pytest.mark.parametrize("shape", [(640, 480), (1280, 720), (1920, 1080), (1080, 1920)], ids=str)
def test_a_frame_and_its_file_are_the_same_pixels(shape: tuple[int, int]) -> None:
    """Up to Full HD a picture saved as JPEG gives what its decoded frame gives, for the smallest model too."""
    content = encoded(ramp(shape), "JPEG")
    frame = np.asarray(Image.open(io.BytesIO(content)))
    assert np.array_equal(preprocess(content, (128, 128)), preprocess(frame, (128, 128)))
    assert decode(content, SIZE).size == shape


@pytest.mark.parametrize("shape", [(1921, 1080), (1500, 1400), (6000, 400), (60_000, 40)], ids=str)
def test_reduced_decoding_never_undershoots(shape: tuple[int, int]) -> None:
    """A JPEG is never decoded smaller than the model's input, nor is any other format reduced."""
    width, height = decode(encoded(ramp(shape), "JPEG"), SIZE).size
    assert 32 <= width <= shape[0] and 32 <= height <= shape[1]
    assert (width < shape[0]) is (min(shape) >= 2 * max(SIZE))
    assert decode(encoded(ramp((1921, 1080)), "PNG", compress_level=1), SIZE).size == (1921, 1080)


def test_arrays_need_not_be_contiguous() -> None:
    """A mirrored view of a frame gives the same pixels as its copy."""
    frame = np.asarray(ramp((40, 30)))
    assert np.array_equal(preprocess(frame[:, ::-1], SIZE), preprocess(frame[:, ::-1].copy(), SIZE))
