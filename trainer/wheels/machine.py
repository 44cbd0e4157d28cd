"""Devices as a package index sees them: processor, Python and C library."""

from __future__ import annotations

from typing import NamedTuple

from edge.errors import ConfigurationError, UsageError

ARCHITECTURES = ("aarch64", "armv7l", "x86_64")

# Debian's names of userlands. A 64-bit kernel may run a 32-bit one, so uname -m alone does not tell.
_DEBIAN = {"arm64": "aarch64", "armhf": "armv7l", "amd64": "x86_64"}
# The oldest current system that has this Python: Ubuntu 22.04, Debian 12, Ubuntu 24.04, Debian 13.
_GLIBC = {"3.10": 35, "3.11": 36, "3.12": 39, "3.13": 41}
_OLDEST_GLIBC = {"x86_64": 5, "aarch64": 17, "armv7l": 17}
_LEGACY = {"manylinux2014": 17, "manylinux2010": 12, "manylinux1": 5}  # the old names of manylinux_2_N


class Machine(NamedTuple):
    """An ``architecture`` of :data:`ARCHITECTURES`, a ``python`` such as ``3.11``, and glibc 2.``glibc``."""

    architecture: str
    python: str
    glibc: int

    @classmethod
    def of(cls, architecture: str, python: str) -> Machine:
        """The machine with the C library of the oldest current Debian or Ubuntu that has this Python.

        Raises :class:`~edge.errors.UsageError` where there is no edge package for it.
        """
        if architecture not in ARCHITECTURES:
            raise UsageError(f"unknown platform {architecture!r}; known are {', '.join(ARCHITECTURES)}")
        if python not in _GLIBC:
            raise UsageError(f"Python {python} does not run the edge package; known are {', '.join(_GLIBC)}")
        return cls(architecture, python, _GLIBC[python])

    @classmethod
    def seen(cls, kernel: str, debian: str, python: str, glibc: str) -> Machine:
        """The machine that says of itself: ``uname -m``, ``dpkg --print-architecture``, ``3.11``, ``2.36``.

        ``debian`` and ``glibc`` may be empty. Raises :class:`~edge.errors.ConfigurationError` where there is no
        edge package for it.
        """
        if kernel.startswith("armv6"):
            raise ConfigurationError(
                f"{kernel}: no TFLite interpreter runs on this processor; use a Raspberry Pi 2 or later"
            )
        architecture = _DEBIAN.get(debian, kernel) if debian else kernel
        try:
            machine = cls.of(architecture, python)
        except UsageError as error:
            raise ConfigurationError(f"{error}; install a current Raspberry Pi OS") from None
        minor = glibc.removeprefix("2.")
        return machine._replace(glibc=int(minor)) if glibc.startswith("2.") and minor.isdecimal() else machine

    def tags(self) -> list[str]:
        """The platform tags of wheels that run on it, the newest first."""
        oldest = _OLDEST_GLIBC[self.architecture]
        tags = [f"manylinux_2_{minor}_{self.architecture}" for minor in range(self.glibc, oldest - 1, -1)]
        tags += [f"{name}_{self.architecture}" for name, minor in _LEGACY.items() if minor >= oldest]
        return [*tags, f"linux_{self.architecture}"]

    def markers(self) -> dict[str, str]:
        """Its values of the environment markers in requirements."""
        return {
            "implementation_name": "cpython",
            "os_name": "posix",
            "platform_machine": self.architecture,
            "platform_python_implementation": "CPython",
            "platform_system": "Linux",
            "python_full_version": f"{self.python}.0",
            "python_version": self.python,
            "sys_platform": "linux",
            "extra": "",
        }
