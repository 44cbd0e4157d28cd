"""The systemd unit of a service: what the service may do, and when it is started again."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

from edge import exit_codes
from edge.errors import UsageError
from edge.service.mount_units import mount_units

UNIT_FOLDER = Path("/etc/systemd/system")
"""The folder of the units that belong to this machine."""

WATCHDOG_S = 60
"""The longest time without a new labelled frame, and the longest time to the first one, in seconds; of ``edge serve``
the longest time for which all workers are stuck.

It is longer than a camera or a stream usually needs to come back. The grabber opens it again without a restart.
"""

_USER = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.@-]{0,255}")

STOP_S = 5
"""How long a service may take to end, in seconds, if it does not need more: it ends within one."""

RESTART_S = 10
START_LIMIT_S, START_LIMIT_BURST = 600, 30
"""systemd gives up after 30 starts within 600 s.

A camera that is away for days must never reach that: each start then lasts :data:`WATCHDOG_S` and is followed by
:data:`RESTART_S`, 70 s together, which are 9 starts in 600 s. A program that ends immediately is started every 10 or
11 s, and systemd gives up after five or six minutes: no restart will fix it.
"""


class Needs(NamedTuple):
    """What a service needs from the system."""

    user: str | None = None
    """The user that runs it; None: one that systemd makes for it."""
    every_s: float = 0.0
    """The shortest time between two labelled frames, in seconds."""
    camera: bool = False
    pi_camera: bool = False
    pins: bool = False
    """Whether it switches pins of the board."""
    delegate_groups: tuple[str, ...] | None = None
    """The groups that may use the device of its delegate; None if it has no delegate."""
    network: bool = False
    teaches: bool = False
    """Whether it runs ``trainer teach``, which is ready and works without frames."""
    serves: bool = False
    """Whether it runs ``edge serve``, which is ready and works without pictures."""
    stop_s: int = STOP_S
    """How long it may take to end, in seconds."""
    steady_frames: bool = True
    """Whether the source gives frames all the time, so that a minute without one is a fault."""
    mounts: tuple[str, ...] = ()
    """Files that must be there at the start."""
    folder: str | None = None
    """The folder that is the source. Its disk is mounted before the start if it can be, but it is not required: with
    RequiresMountsFor systemd would not start the service if the disk is missing, would stop it when the disk is
    removed, and would never start it again. The service waits for the disk itself."""
    write_paths: tuple[str, ...] = ()
    credentials: tuple[tuple[str, str], ...] = ()
    """Name and path of each file that holds a secret."""
    home: bool = False
    """Whether a file that is read or written is in a home folder."""
    temporary: bool = False
    """Whether a file that is read or written is in a folder for temporary files."""


def environment_file(name: str) -> str:
    """The file with the secrets of the service ``name``."""
    return f"/etc/{name}.env"


def quote(argument: str) -> str:
    r"""``argument`` as one word of a unit's command line, whatever it holds (``systemd.service(5)``).

    Quotes and backslashes are escaped, ``%`` and ``$`` doubled, control characters and bytes that are not UTF-8
    written as ``\xNN``. A zero byte is not expected, because no program can be given one.
    """
    pieces = []
    for character in argument:
        if character in '"\\':
            pieces.append("\\" + character)
        elif character in "%$":
            pieces.append(2 * character)
        elif character < " " or character == "\x7f" or "\udc80" <= character <= "\udcff":
            pieces.append(f"\\x{ord(character) & 0xFF:02x}")
        else:
            pieces.append(character)
    text = "".join(pieces)
    plain = text == argument and argument and not any(c.isspace() or c in "';#" for c in argument)
    return argument if plain else f'"{text}"'


def path_setting(path: str, *, quoted: bool = True) -> str:
    """``path``, an absolute one, as the value of a setting that is no command line.

    Such a value has no escapes for control characters; one that is not ``quoted`` has none at all.

    Raises :class:`~edge.errors.UsageError` if the unit cannot hold it: a new line in it would be a line of the unit.
    """
    unquoted = not quoted and (path.endswith("\\") or path != path.strip())
    if unquoted or any(unicodedata.category(character) in ("Cc", "Cs", "Zl", "Zp") for character in path):
        raise UsageError(
            f"{path!r}: a unit cannot hold this name: rename it, without control characters, bytes that are not UTF-8, "
            "and blanks or backslashes at its end"
        )
    return quote(path).replace("$$", "$") if quoted else path.replace("%", "%%")


def unit_text(name: str, command: Sequence[str], needs: Needs) -> str:
    """The unit file of the service ``name`` that runs ``command``: quoted words, the first one an absolute path.

    Raises :class:`~edge.errors.UsageError` if a path or the user in ``needs`` cannot stand in a unit.
    """
    if needs.user is not None and not _USER.fullmatch(needs.user):
        raise UsageError(
            f"--user {needs.user!r}: not the name of a user; it has letters, digits, and . _ - @ after the first letter"
        )
    watchdog_s = WATCHDOG_S + int(2 * needs.every_s)
    lines = [
        f"# Written by edge service. Secrets go into {environment_file(name)} (owner root, mode 600), not in here.",
        "[Unit]",
        f"Description=Edge for Poets: {_purpose(needs)}",
        "Documentation=man:systemd.service(5)",
        *(["Wants=network-online.target", "After=network-online.target"] if needs.network else []),
        *(f"RequiresMountsFor={path_setting(path)}" for path in needs.mounts),
        *_wanted_mounts(needs.folder),
        f"StartLimitIntervalSec={START_LIMIT_S}",
        f"StartLimitBurst={START_LIMIT_BURST}",
        "",
        "[Service]",
        "Type=notify",
        "ExecStart=" + " ".join(command),
        "ExecReload=/bin/kill -HUP $MAINPID",
        f"EnvironmentFile=-{environment_file(name)}",
        *(f"LoadCredential={key}:{path_setting(path, quoted=False)}" for key, path in needs.credentials),
        "",
        "# Start again after any fault, but not after exit codes that another start would not change:",
        f"# {exit_codes.USAGE} is a wrong option, {exit_codes.CONFIGURATION} something that is not installed.",
        "Restart=on-failure",
        f"RestartSec={RESTART_S}",
        f"RestartPreventExitStatus={exit_codes.USAGE} {exit_codes.CONFIGURATION}",
        *_watchdog(watchdog_s, needs),
        f"TimeoutStopSec={needs.stop_s}",
        "LimitCORE=0",
        "",
        *_user(needs.user),
        *(["SupplementaryGroups=video"] if needs.camera or needs.pi_camera else []),
        # lgpio makes a file in the folder that LG_WD names, else in the current one, where the service may not.
        *(["SupplementaryGroups=gpio", f"Environment=LG_WD=/run/{name}"] if needs.pins else []),
        *(f"SupplementaryGroups={group}" for group in needs.delegate_groups or ()),
        f"RuntimeDirectory={name}",
        f"StateDirectory={name}",
        "UMask=0077",
        "MemoryMax=75%",
        "TasksMax=256",
        "",
        *_devices(needs),
        "CapabilityBoundingSet=",
        "AmbientCapabilities=",
        "NoNewPrivileges=yes",
        "ProtectSystem=strict",
        *(f"ReadWritePaths=-{path_setting(path)}" for path in needs.write_paths),
        f"ProtectHome={'read-only' if needs.home else 'yes'}",
        f"PrivateTmp={'no' if needs.temporary else 'yes'}",
        "PrivateMounts=yes",
        "ProtectProc=invisible",
        "ProtectClock=yes",
        "ProtectControlGroups=yes",
        "ProtectHostname=yes",
        "ProtectKernelLogs=yes",
        "ProtectKernelModules=yes",
        "ProtectKernelTunables=yes",
        "RestrictNamespaces=yes",
        "RestrictRealtime=yes",
        "RestrictSUIDSGID=yes",
        "RemoveIPC=yes",
        "LockPersonality=yes",
        # Both interpreters and OpenCV run with it. For libcamera's Python bindings and for delegates it was not tried.
        *([] if needs.pi_camera or needs.delegate_groups is not None else ["MemoryDenyWriteExecute=yes"]),
        *_network(needs),
        "SystemCallArchitectures=native",
        "SystemCallFilter=@system-service",
        "SystemCallFilter=~@privileged",
        "SystemCallErrorNumber=EPERM",
        "",
        "[Install]",
        "WantedBy=multi-user.target",
    ]
    return "\n".join(lines) + "\n"


def _purpose(needs: Needs) -> str:
    if needs.serves:
        return "label pictures over HTTP"
    return "teach a model at the camera" if needs.teaches else "label a live stream"


def _wanted_mounts(folder: str | None) -> list[str]:
    """What WantsMountsFor does, which systemd has from release 256 on."""
    names = " ".join(mount_units(folder)) if folder else ""
    return [f"Wants={names}", f"After={names}"] if names else []


def _watchdog(watchdog_s: int, needs: Needs) -> list[str]:
    if needs.teaches:
        return ["# No watchdog: the page works without a camera.", "TimeoutStartSec=infinity"]
    if needs.serves:
        return [f"WatchdogSec={WATCHDOG_S}", "TimeoutStartSec=infinity"]
    if needs.steady_frames:
        return [f"WatchdogSec={watchdog_s}", f"TimeoutStartSec={watchdog_s}"]
    return ["# No watchdog: the time of the next picture is not known.", "TimeoutStartSec=infinity"]


def _user(user: str | None) -> list[str]:
    return [f"User={user}"] if user else ["DynamicUser=yes"]


def _devices(needs: Needs) -> list[str]:
    if needs.delegate_groups is not None:  # what its device is called, nobody can know: its groups decide
        return ["DevicePolicy=auto"]
    if not (needs.camera or needs.pi_camera or needs.pins):
        return ["PrivateDevices=yes", "DevicePolicy=closed"]
    # By type, not by name: a camera that is plugged in again may get another number.
    types = ["char-video4linux"] if needs.camera or needs.pi_camera else []
    types += ["char-media", "char-dma_heap"] if needs.pi_camera else []
    types += ["char-gpiochip"] if needs.pins else []
    return ["DevicePolicy=closed", *(f"DeviceAllow={name} rw" for name in types)]


def _network(needs: Needs) -> list[str]:
    families = ["AF_UNIX"]
    families += ["AF_INET", "AF_INET6"] if needs.network else []
    listens = needs.pi_camera or needs.delegate_groups is not None
    families += ["AF_NETLINK"] if listens else []  # libcamera and libusb listen to udev
    alone = [] if needs.network or listens else ["PrivateNetwork=yes", "IPAddressDeny=any"]
    return [*alone, f"RestrictAddressFamilies={' '.join(families)}"]
