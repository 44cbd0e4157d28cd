"""Names that Windows does not keep."""

from __future__ import annotations

from pathlib import PurePosixPath, PureWindowsPath

import pytest

from edge.system.file_names import why_windows_refuses, why_windows_refuses_path


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("model.tflite", None),
        ("mobilenet_0.50_224-int8.tflite", None),
        (".hidden", None),
        ("..", None),
        ("auxiliary.jpg", None),
        ("COM0", None),
        ("aux.jpg", "the name of a device"),
        ("CON", "the name of a device"),
        ("nul .tar.gz", "the name of a device"),
        ("Lpt9.txt", "the name of a device"),
        ("com¹", "the name of a device"),
        ("a:b", "a name with ':'"),
        ("what?", "a name with '?'"),
        ("a\\b", "a name with '\\\\'"),
        ("a\tb", "a name with '\\t'"),
        ("roses.", "a name that ends with a dot or a blank"),
        ("roses ", "a name that ends with a dot or a blank"),
    ],
)
def test_reasons(name: str, reason: str | None) -> None:
    """Devices whatever their suffix, reserved characters, and what is lost at the end."""
    assert why_windows_refuses(name) == reason


def test_all_parts_of_a_path_count_but_its_drive() -> None:
    """The colon of a drive is no name, and the root of POSIX neither."""
    assert why_windows_refuses_path(PureWindowsPath("C:\\Users\\me\\model.tflite")) is None
    assert why_windows_refuses_path(PureWindowsPath("a:b.tflite")) is None  # the file b.tflite on the drive a
    assert why_windows_refuses_path(PureWindowsPath("my:b.tflite")) == "'my:b.tflite' is a name with ':'"
    assert why_windows_refuses_path(PurePosixPath("/home/me/model.tflite")) is None
    assert why_windows_refuses_path(PurePosixPath("../con/model.tflite")) == "'con' is the name of a device"
