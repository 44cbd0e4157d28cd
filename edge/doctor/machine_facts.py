"""The facts that are checked, as plain values."""

from __future__ import annotations

from typing import NamedTuple

from edge.bench.ranking import Comparison


class Package(NamedTuple):
    """An installed package: its version, and the error of its import (None: it works)."""

    name: str
    version: str
    error: str | None = None


class VideoDevice(NamedTuple):
    """A camera that the kernel knows.

    ``path`` is its device, ``name`` its name in the driver, ``group`` the group that may use it, and
    ``usable`` whether this user may use it. ``ribbon`` is true for the receiver of a camera on the Pi's ribbon cable,
    which gives pictures through libcamera only.
    """

    path: str
    name: str
    group: str | None
    usable: bool
    ribbon: bool


class MachineFacts(NamedTuple):
    """The facts of a machine; what cannot be found out is None.

    ``runtimes`` are the interpreters of :data:`edge.inference.interpreter.RUNTIMES` that are installed, the preferred
    one first. ``name_conflicts`` are other distributions that install a module ``edge`` or ``trainer`` here.
    ``opencv`` and ``picamera2`` are None if they are not installed. ``libcamera`` names the cameras that libcamera
    sees, None if its programs are not installed. ``throttled`` holds the bits of ``vcgencmd get_throttled``;
    ``vcgencmd`` is whether that program is installed. ``processor_hidden`` is that of
    :func:`edge.inference.processor.processor_is_hidden`. ``model`` is the path that was tested, ``model_error`` why it
    failed, ``model_crash`` how the interpreter crashed with it, ``model_note`` the result of one that passed.
    ``model_quantization`` is that of its manifest, ``model_runtime`` the interpreter that ran it on ``threads``
    threads. ``delegate`` is what was given, ``delegate_error`` why it cannot be used, and ``delegate_parts`` into how
    many parts of the model it was put. ``speed`` compares the installed interpreters with the model, None if there is
    only one that works.
    """

    python: str
    machine: str
    numpy: str
    user: str
    runtimes: tuple[Package, ...] = ()
    name_conflicts: tuple[Package, ...] = ()
    opencv: Package | None = None
    picamera2: Package | None = None
    devices: tuple[VideoDevice, ...] = ()
    libcamera: tuple[str, ...] | None = None
    throttled: int | None = None
    vcgencmd: bool = False
    processor_hidden: bool = False
    temperature_c: float | None = None
    memory_total_bytes: int | None = None
    memory_available_bytes: int | None = None
    disk_free_bytes: int | None = None
    disk_read_only: bool = False
    model: str | None = None
    model_error: str | None = None
    model_crash: str | None = None
    model_note: str | None = None
    model_quantization: str | None = None
    model_runtime: str | None = None
    threads: int = 1
    delegate: str | None = None
    delegate_error: str | None = None
    delegate_parts: int | None = None
    speed: Comparison | None = None
