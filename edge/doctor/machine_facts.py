"""What the checks are about, as plain values."""

from __future__ import annotations

from typing import NamedTuple


class Package(NamedTuple):
    """An installed package: its version, and what went wrong when it was imported (None: nothing)."""

    name: str
    version: str
    error: str | None = None


class VideoDevice(NamedTuple):
    """A camera of the kernel's.

    ``path`` is its device, ``name`` what the driver calls it, ``group`` the group that may use it, and
    ``usable`` whether this user may. ``ribbon`` is true for the receiver of a camera on the Pi's ribbon cable,
    which gives pictures through libcamera only.
    """

    path: str
    name: str
    group: str | None
    usable: bool
    ribbon: bool


class MachineFacts(NamedTuple):
    """A machine as the checks see it; what cannot be found out is None.

    ``runtimes`` are the interpreters of :data:`edge.inference.interpreter.RUNTIMES` that are installed, the
    preferred one first.
    ``opencv`` and ``picamera2`` are None where they are not installed. ``libcamera`` names the cameras that
    libcamera sees, None where its programs are not installed. ``throttled`` holds the bits of
    ``vcgencmd get_throttled``. ``model`` is the path that was tested, ``model_error`` why it failed;
    ``model_note`` what is worth knowing of one that passed. ``name_conflicts`` are other distributions that install a
    module ``edge`` or ``trainer`` here.
    """

    python: str
    machine: str
    numpy: str
    user: str
    board: str | None = None
    runtimes: tuple[Package, ...] = ()
    name_conflicts: tuple[Package, ...] = ()
    opencv: Package | None = None
    picamera2: Package | None = None
    devices: tuple[VideoDevice, ...] = ()
    libcamera: tuple[str, ...] | None = None
    throttled: int | None = None
    temperature_c: float | None = None
    memory_total_bytes: int | None = None
    memory_available_bytes: int | None = None
    disk_free_bytes: int | None = None
    model: str | None = None
    model_error: str | None = None
    model_note: str | None = None
