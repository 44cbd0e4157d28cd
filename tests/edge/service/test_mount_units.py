"""The names of mount units."""

from __future__ import annotations

import os
import shutil
import subprocess

import pytest

from edge.service.mount_units import mount_units

_PATHS = ["/srv/.a/b", "/.x/y", "/a-b/\N{LATIN SMALL LETTER E WITH ACUTE} %i$", "/a/\n/b:c_d", os.fsdecode(b"/\xff")]


def test_each_folder_of_a_path() -> None:
    """The path itself and each folder above it have one; the root is always mounted."""
    assert mount_units("/media/usb-1/in") == ["media.mount", r"media-usb\x2d1.mount", r"media-usb\x2d1-in.mount"]
    assert mount_units("/media//usb/../card/") == ["media.mount", "media-card.mount"]
    assert mount_units("/") == []


def test_a_name_that_is_too_long() -> None:
    """Systemd has no unit for it."""
    assert mount_units("/a/" + "b" * 248) == ["a.mount"]
    assert mount_units("/a/" + "b" * 247)[1] == f"a-{'b' * 247}.mount"


@pytest.mark.parametrize("path", _PATHS)
def test_names_are_those_of_systemd(path: str) -> None:
    """Dots, blanks, specifiers, control characters and other bytes are escaped as ``systemd-escape`` does."""
    if shutil.which("systemd-escape") is None:
        pytest.skip("no systemd-escape on this system")
    done = subprocess.run(["systemd-escape", "--path", "--suffix=mount", path], capture_output=True, check=True)
    assert mount_units(path)[-1] == done.stdout.decode().strip()
