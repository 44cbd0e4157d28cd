"""The facts of a real system, read from ``/proc``, ``/sys``, ``/dev``, a few programs, and Python itself."""

from __future__ import annotations

import getpass
import importlib.metadata
import importlib.util
import os
import platform
import shutil
import subprocess
import sys
from collections.abc import Callable, Sequence
from pathlib import Path

from edge.distribution import DISTRIBUTION, installed_version
from edge.doctor.machine_facts import MachineFacts, Package, VideoDevice
from edge.inference.interpreter import PACKAGES, RUNTIMES, installed_runtimes, runtime_version
from edge.inference.processor import processor_is_hidden

Command = Callable[[Sequence[str]], "str | None"]
"""Runs a program and returns what it printed; None if it is not installed or failed."""

TryImport = Callable[[str], "str | None"]
"""Imports a module in a process of its own and returns the last line of its error; None if it works."""

_TIMEOUT_S = 20
_RIBBON = ("unicam", "rp1-cfe")  # the receivers of the ribbon cable, up to the Pi 4 and on the Pi 5
_NO_CAMERA = ("bcm2835-codec", "bcm2835-isp", "rpi-hevc", "rpivid", "pispbe", "rp1-cfe-embedded", "unicam-embedded")
_MODULES = ("edge", "trainer")
_OPENCV = ("opencv-python", "opencv-python-headless", "opencv-contrib-python", "opencv-contrib-python-headless")


def run_command(command: Sequence[str]) -> str | None:
    """What ``command`` printed on both streams, None if it is not installed, failed or took 20 s."""
    try:
        done = subprocess.run(
            command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=_TIMEOUT_S, stdin=subprocess.DEVNULL
        )
    except (OSError, subprocess.TimeoutExpired):
        return None
    return done.stdout.decode(errors="replace") if done.returncode == 0 else None


def try_import(module: str) -> str | None:
    """The error of importing ``module``, None if it works; a crash ends only the process that imports it."""
    try:
        done = subprocess.run([sys.executable, "-c", f"import {module}"], capture_output=True, timeout=_TIMEOUT_S)
    except subprocess.TimeoutExpired:
        return f"no answer within {_TIMEOUT_S} s"
    if done.returncode < 0:
        return f"killed by signal {-done.returncode}"
    lines = done.stderr.decode(errors="replace").strip().splitlines()
    return None if done.returncode == 0 else lines[-1] if lines else f"exit code {done.returncode}"


def read_facts(
    root: Path = Path("/"), command: Command = run_command, import_error: TryImport = try_import
) -> MachineFacts:
    """The facts of the system under ``root``, without those of a model.

    Programs are run by ``command``, and installed modules tried by ``import_error``.
    """
    memory = _memory(root)
    return MachineFacts(
        python=platform.python_version(),
        machine=platform.machine(),
        numpy=installed_version("numpy") or "none",
        user=_user(),
        runtimes=tuple(_runtime(name, import_error(RUNTIMES[name])) for name in installed_runtimes()),
        name_conflicts=_name_conflicts(),
        opencv=_package("cv2", _OPENCV, import_error),
        picamera2=_package("picamera2", ("picamera2",), import_error),
        devices=tuple(_devices(root)),
        libcamera=_libcamera(command),
        throttled=_throttled(command),
        vcgencmd=_is_installed(root, "vcgencmd"),
        processor_hidden=processor_is_hidden(root),
        temperature_c=_temperature(root),
        memory_total_bytes=memory.get("MemTotal"),
        memory_available_bytes=memory.get("MemAvailable"),
        disk_free_bytes=_disk_free(root),
        disk_read_only=_is_read_only(root),
    )


def _runtime(name: str, error: str | None) -> Package:
    """The interpreter ``name``; a library is asked for its version only if another process could load it."""
    known = error is None or name in PACKAGES
    return Package(name, (runtime_version(name) if known else None) or "of unknown version", error)


def _name_conflicts() -> tuple[Package, ...]:
    """Other distributions with a module ``edge`` or ``trainer``: pip replaces files of one by the other's, silently."""
    found = {}
    for one in importlib.metadata.distributions():
        record = one.read_text("RECORD")
        if record and not any(f"{module}/" in record for module in _MODULES):
            continue  # to parse the records of all distributions takes a second
        name = one.metadata["Name"]  # none in what an interrupted installation left
        if name and any(path.parts[0] in _MODULES for path in one.files or ()):
            found[name] = one.version
    found.pop(DISTRIBUTION, None)
    return tuple(Package(name, version) for name, version in sorted(found.items()))


def _package(module: str, packages: Sequence[str], import_error: TryImport) -> Package | None:
    if importlib.util.find_spec(module) is None:
        return None
    version = next(filter(None, map(installed_version, packages)), "of unknown version")
    return Package(packages[0], version, import_error(module))


def _user() -> str:
    try:
        return getpass.getuser()
    except (KeyError, OSError):
        return str(os.getuid())


def _devices(root: Path) -> list[VideoDevice]:
    found = []
    for folder in (root / "sys/class/video4linux").glob("video*"):
        name = _read(folder / "name") or "unknown"
        ribbon = name.startswith(_RIBBON)
        # The other nodes of a USB camera, such as its metadata, give no pictures.
        if name.startswith(_NO_CAMERA) or (not ribbon and _read(folder / "index") not in (None, "0")):
            continue
        path = root / "dev" / folder.name
        if path.exists():
            usable = os.access(path, os.R_OK | os.W_OK)
            found.append(VideoDevice(f"/dev/{folder.name}", name, _group(path), usable, ribbon))
    return sorted(found, key=lambda device: int("0" + "".join(filter(str.isdecimal, device.path))))


def _group(path: Path) -> str | None:
    try:
        return path.group()
    except (KeyError, OSError):
        return None


def _libcamera(command: Command) -> tuple[str, ...] | None:
    for program in ("rpicam-hello", "libcamera-hello"):
        output = command([program, "--list-cameras"])
        if output is not None:
            # "0 : imx708 [4608x2592 10-bit RGGB] (/base/soc/i2c0mux/i2c@1/imx708@1a)"
            heads = (line.split(":", 1) for line in output.splitlines() if ":" in line)
            return tuple(rest.split()[0] for number, rest in heads if number.strip().isdecimal() and rest.split())
    return None


def _throttled(command: Command) -> int | None:
    output = command(["vcgencmd", "get_throttled"]) or ""
    try:
        return int(output.strip().partition("=")[2], 16)
    except ValueError:
        return None


def _is_installed(root: Path, program: str) -> bool:
    folders = [*os.environ.get("PATH", "").split(os.pathsep), "/usr/bin", "/opt/vc/bin"]
    # os.path, because pathlib raises if a folder of PATH may not be entered, such as that of the user before "su".
    return any(os.path.exists(root / folder.lstrip("/") / program) for folder in folders if folder)


def _temperature(root: Path) -> float | None:
    millidegrees = _read(root / "sys/class/thermal/thermal_zone0/temp") or ""
    return int(millidegrees) / 1000 if millidegrees.lstrip("-").isdecimal() else None


def _memory(root: Path) -> dict[str, int]:
    """The lines of ``/proc/meminfo`` in bytes, by name."""
    values = {}
    for line in (_read(root / "proc/meminfo") or "").splitlines():
        name, _, rest = line.partition(":")
        words = rest.split()
        if len(words) == 2 and words[0].isdecimal() and words[1] == "kB":
            values[name] = int(words[0]) * 1024
    return values


def _disk_free(root: Path) -> int | None:
    try:
        return shutil.disk_usage(root).free
    except OSError:
        return None


def _is_read_only(root: Path) -> bool:
    try:
        return bool(os.statvfs(root).f_flag & os.ST_RDONLY)
    except OSError:
        return False


def _read(path: Path) -> str | None:
    try:
        return path.read_text(errors="replace").strip("\0\n ") or None
    except OSError:
        return None
