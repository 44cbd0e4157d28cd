"""The machine, and its temperature and frequency: facts without which a figure cannot be compared."""

from __future__ import annotations

import os
import platform
import re
import subprocess
from pathlib import Path
from typing import Any

from edge.distribution import installed_version
from edge.inference.interpreter import PACKAGES, installed_runtimes, runtime_version

_LIBRARIES = ("numpy", "pillow")
_CPU = Path("/sys/devices/system/cpu/cpu0/cpufreq")
_THERMAL = Path("/sys/class/thermal/thermal_zone0/temp")
_COMMAND_TIMEOUT_S = 5
_FLAGS = re.compile(r"throttled=(0x[0-9a-fA-F]{1,8})")


def describe_board() -> dict[str, Any]:
    """Facts that do not change while a benchmark runs; what cannot be found out is None.

    ``memory_bytes`` is the physical memory, ``versions`` those of the installed packages that a figure depends on,
    and of the library of ``tflite-c``.
    """
    return {
        "board": _model(),
        "machine": platform.machine(),
        "cores": os.cpu_count(),
        "memory_bytes": _memory_bytes(),
        "governor": _read(_CPU / "scaling_governor"),
        "system": _system(),
        "python": platform.python_version(),
        "versions": _versions(),
    }


def _versions() -> dict[str, str]:
    found = {name: installed_version(name) for name in _LIBRARIES}
    found |= {PACKAGES.get(name, name): runtime_version(name) for name in installed_runtimes()}
    return {name: version for name, version in found.items() if version}


def board_state() -> dict[str, Any]:
    """Facts that change: frequency in MHz, temperature in degrees Celsius, the Pi's throttling flags.

    ``throttled`` is what ``vcgencmd get_throttled`` says, such as ``0x0``; None if there is no such
    command. ``load`` is the mean number of waiting processes in the last minute; None on Windows.
    """
    kilohertz, millidegrees = _read(_CPU / "scaling_cur_freq"), _read(_THERMAL)
    return {
        "frequency_mhz": int(kilohertz) // 1000 if kilohertz and kilohertz.isdecimal() else None,
        "temperature_c": _degrees(millidegrees),
        "throttled": _throttled(),
        "load": _load(),
    }


def _model() -> str:
    model = _read(Path("/proc/device-tree/model"))
    if model:
        return model
    for line in (_read(Path("/proc/cpuinfo")) or "").splitlines():
        name, _, value = line.partition(":")
        if name.strip() in ("model name", "Model"):
            return value.strip()
    return platform.processor() or platform.machine()


def _memory_bytes() -> int | None:
    try:
        return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    except (AttributeError, ValueError, OSError):  # Windows has no such function
        return None


def _load() -> float | None:
    return round(os.getloadavg()[0], 2) if hasattr(os, "getloadavg") else None


def _system() -> str:
    try:
        release = platform.freedesktop_os_release()
    except OSError:
        return platform.platform(terse=True)
    return release.get("PRETTY_NAME", platform.platform(terse=True))


def _degrees(millidegrees: str | None) -> float | None:
    try:
        return int(millidegrees or "") / 1000
    except ValueError:
        return None


def _throttled() -> str | None:
    try:
        done = subprocess.run(["vcgencmd", "get_throttled"], capture_output=True, text=True, timeout=_COMMAND_TIMEOUT_S)
    except (OSError, ValueError, subprocess.TimeoutExpired):  # ValueError: no text
        return None
    found = _FLAGS.fullmatch(done.stdout.strip())
    return found[1].lower() if found else None


def _read(path: Path) -> str | None:
    try:
        return path.read_text(errors="replace").strip("\0\n ") or None
    except OSError:
        return None
