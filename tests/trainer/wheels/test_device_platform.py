"""Platforms of devices, as a package index sees them."""

from __future__ import annotations

import pytest

from edge.errors import ConfigurationError, UsageError
from trainer.wheels.device_platform import DevicePlatform


@pytest.mark.parametrize(
    ("kernel", "debian", "processor"),
    [
        ("aarch64", "arm64", "aarch64"),
        ("aarch64", "armhf", "armv7l"),  # Raspberry Pi OS 32-bit on a 64-bit kernel
        ("armv7l", "armhf", "armv7l"),
        ("x86_64", "", "x86_64"),
    ],
)
def test_the_system_counts_not_the_kernel(kernel: str, debian: str, processor: str) -> None:
    """Wheels are chosen for the system in which Python runs, which may be another than the kernel's."""
    platform = DevicePlatform.reported(kernel=kernel, debian=debian, python="3.11", glibc="2.36")
    assert platform == (processor, "3.11", 36)


def test_a_platform_without_an_interpreter_is_refused() -> None:
    """The first Raspberry Pi and the Zero report armhf too, but its wheels do not run on them."""
    with pytest.raises(ConfigurationError, match="armv6l"):
        DevicePlatform.reported(kernel="armv6l", debian="armhf", python="3.11", glibc="2.36")
    with pytest.raises(ConfigurationError, match=r"Python 3\.9"):
        DevicePlatform.reported(kernel="aarch64", debian="arm64", python="3.9", glibc="2.31")
    with pytest.raises(UsageError, match="riscv64"):
        DevicePlatform.of("riscv64", "3.11")


def test_a_number_of_glibc_that_cannot_be() -> None:
    """Millions of tags would be made of it."""
    platform = DevicePlatform.reported(kernel="aarch64", debian="arm64", python="3.11", glibc="2.999999999")
    assert platform.glibc == 36


@pytest.mark.parametrize(("kernel", "expected"), [("aarch64", "armv7l"), ("x86_64", None)])
def test_a_python_of_32_bits_under_a_kernel_of_64(kernel: str, expected: str | None) -> None:
    """Systems without Debian's tools are known by their Python."""
    facts = {"kernel": kernel, "debian": "", "python": "3.11", "glibc": "2.36", "build": "32 cpython-311-arm"}
    if expected:
        assert DevicePlatform.reported(**facts).processor == expected
    else:
        with pytest.raises(ConfigurationError, match="x86_64 with 32 bits"):
            DevicePlatform.reported(**facts)


def test_tags_reach_from_the_glibc_of_the_platform_to_the_oldest() -> None:
    """A wheel for an older C library runs on a newer one, but not the reverse."""
    tags = DevicePlatform.of("aarch64", "3.11").tags()
    assert tags[0] == "manylinux_2_36_aarch64"
    assert {"manylinux_2_17_aarch64", "manylinux2014_aarch64", "linux_aarch64"} <= set(tags)
    assert "manylinux_2_37_aarch64" not in tags
    assert "manylinux1_x86_64" in DevicePlatform.of("x86_64", "3.13").tags()
    assert DevicePlatform.of("aarch64", "3.14").tags()[0] == "manylinux_2_43_aarch64"


def test_markers_are_those_of_the_device() -> None:
    """Requirements are evaluated for the Python of the device, not for that of the workstation."""
    markers = DevicePlatform.of("armv7l", "3.13").markers()
    assert (markers["python_version"], markers["platform_machine"]) == ("3.13", "armv7l")
