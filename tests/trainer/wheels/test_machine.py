"""Devices as a package index sees them."""

from __future__ import annotations

import pytest

from edge.errors import ConfigurationError, UsageError
from trainer.wheels.machine import Machine


@pytest.mark.parametrize(
    ("kernel", "debian", "architecture"),
    [
        ("aarch64", "arm64", "aarch64"),
        ("aarch64", "armhf", "armv7l"),  # Raspberry Pi OS 32-bit on a 64-bit kernel
        ("armv7l", "armhf", "armv7l"),
        ("x86_64", "", "x86_64"),
    ],
)
def test_the_userland_counts_not_the_kernel(kernel: str, debian: str, architecture: str) -> None:
    """Wheels are chosen for what Python is, which the kernel's name does not tell."""
    assert Machine.seen(kernel, debian, "3.11", "2.36") == (architecture, "3.11", 36)


def test_what_no_interpreter_runs_on_is_refused() -> None:
    """The first Raspberry Pi and the Zero call themselves armhf too, and would end in an illegal instruction."""
    with pytest.raises(ConfigurationError, match="armv6l"):
        Machine.seen("armv6l", "armhf", "3.11", "2.36")
    with pytest.raises(ConfigurationError, match=r"Python 3\.9"):
        Machine.seen("aarch64", "arm64", "3.9", "2.31")
    with pytest.raises(UsageError, match="riscv64"):
        Machine.of("riscv64", "3.11")


def test_tags_reach_from_the_machines_own_glibc_to_the_oldest() -> None:
    """A wheel for an older C library runs on a newer one, never the other way round."""
    tags = Machine.of("aarch64", "3.11").tags()
    assert tags[0] == "manylinux_2_36_aarch64"
    assert {"manylinux_2_17_aarch64", "manylinux2014_aarch64", "linux_aarch64"} <= set(tags)
    assert "manylinux_2_37_aarch64" not in tags
    assert "manylinux1_x86_64" in Machine.of("x86_64", "3.13").tags()


def test_markers_are_those_of_the_device() -> None:
    """Requirements are judged by the device's Python, not by the workstation's."""
    markers = Machine.of("armv7l", "3.13").markers()
    assert (markers["python_version"], markers["platform_machine"]) == ("3.13", "armv7l")
