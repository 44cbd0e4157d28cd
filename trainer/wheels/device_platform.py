"""The platform of a device, as a package index sees it: processor, Python and C library."""

from __future__ import annotations

import re
from typing import NamedTuple

from edge.errors import ConfigurationError, UsageError

PROCESSORS = ("aarch64", "armv7l", "x86_64")

# Debian's names of its systems. A 64-bit kernel may run a 32-bit system, so ``uname -m`` alone is not enough.
_DEBIAN = {"arm64": "aarch64", "armhf": "armv7l", "amd64": "x86_64"}
# The minor version of glibc in the oldest current system with this Python: Ubuntu 22.04, Debian 12, Ubuntu 24.04,
# Debian 13, Ubuntu 26.04.
_GLIBC = {"3.10": 35, "3.11": 36, "3.12": 39, "3.13": 41, "3.14": 43}
_OLDEST_GLIBC = {"x86_64": 5, "aarch64": 17, "armv7l": 17}
# In the tag of the binary interface of a Python: its name for a message.
_OTHER_PYTHONS = {
    "musl": "systems with the C library musl",
    r"cpython-\d+t-": "a Python without GIL",
    "^pypy|^graalpy": "another Python than CPython",
}
_LEGACY = {"manylinux2014": 17, "manylinux2010": 12, "manylinux1": 5}  # the old names of manylinux_2_N


class DevicePlatform(NamedTuple):
    """A ``processor`` of :data:`PROCESSORS`, a version of ``python`` such as ``3.11``, and glibc 2.``glibc``."""

    processor: str
    python: str
    glibc: int

    @classmethod
    def of(cls, processor: str, python: str) -> DevicePlatform:
        """The platform with the C library of the oldest current Debian or Ubuntu that has this Python.

        Raises :class:`~edge.errors.UsageError` if the edge package does not run on it.
        """
        if processor not in PROCESSORS:
            raise UsageError(f"unknown platform {processor!r}; known are {', '.join(PROCESSORS)}")
        if python not in _GLIBC:
            raise UsageError(f"Python {python} does not run the edge package; known are {', '.join(_GLIBC)}")
        return cls(processor, python, _GLIBC[python])

    @classmethod
    def reported(cls, *, kernel: str, debian: str, python: str, glibc: str, build: str = "") -> DevicePlatform:
        """The platform of a device that reports this of itself.

        ``kernel`` is the output of ``uname -m``, ``debian`` that of ``dpkg --print-architecture``, ``python`` a
        version such as ``3.11``, ``glibc`` one such as ``2.36``, ``build`` the width of its Python's pointers in bits
        and the tag of its binary interface, such as ``64 cpython-311-aarch64-linux-gnu``. ``debian``, ``glibc`` and
        ``build`` may be empty.

        Raises :class:`~edge.errors.ConfigurationError` if the edge package does not run on it.
        """
        if kernel.startswith("armv6"):
            raise ConfigurationError(
                f"{kernel}: no TFLite interpreter runs on this processor; use a Raspberry Pi 2 or later"
            )
        bits, _, tag = build.partition(" ")
        for sign, name in _OTHER_PYTHONS.items():
            if re.search(sign, tag):
                raise ConfigurationError(f"no TFLite interpreter for {name}; install a current Raspberry Pi OS")
        processor = _DEBIAN.get(debian, kernel)
        if bits == "32" and not debian:
            processor = {"aarch64": "armv7l"}.get(processor, f"{processor} with 32 bits")
        try:
            platform = cls.of(processor, python)
        except UsageError as error:
            raise ConfigurationError(f"{error}; install a current Raspberry Pi OS") from None
        minor = glibc.removeprefix("2.")
        return platform._replace(glibc=int(minor)) if re.fullmatch(r"2\.[0-9]{1,2}", glibc) else platform

    @property
    def bits(self) -> int:
        """How many bits a pointer of its programs has: 64, or 32 whatever its kernel is."""
        return 32 if self.processor == "armv7l" else 64

    def tags(self) -> list[str]:
        """The platform tags of wheels that run on it, the newest first."""
        oldest = _OLDEST_GLIBC[self.processor]
        tags = [f"manylinux_2_{minor}_{self.processor}" for minor in range(self.glibc, oldest - 1, -1)]
        tags += [f"{name}_{self.processor}" for name, minor in _LEGACY.items() if minor >= oldest]
        return [*tags, f"linux_{self.processor}"]

    def markers(self) -> dict[str, str]:
        """The values of the environment markers in requirements on this platform."""
        return {
            "implementation_name": "cpython",
            "os_name": "posix",
            "platform_machine": self.processor,
            "platform_python_implementation": "CPython",
            "platform_system": "Linux",
            "python_full_version": f"{self.python}.0",
            "python_version": self.python,
            "sys_platform": "linux",
            "extra": "",
        }
