"""The systemd unit of ``edge watch``: what a service may do, and when it is started again."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

WATCHDOG_S = 60
"""How long a service may be without a fresh labelled frame; also how long it may take to the first one.

Longer than a camera or a stream usually takes to come back by itself, which the grabber sees to without a restart.
"""

RESTART_S = 10
START_LIMIT_S, START_LIMIT_BURST = 600, 30
"""systemd gives up after 30 starts within 600 s.

A camera that is away for days must never exhaust that: each start then lasts :data:`WATCHDOG_S` and is followed by
:data:`RESTART_S`, 70 s, which makes 9 starts in 600 s. A program that dies at once starts every 10 or 11 s and is given
up after five or six minutes: no restart will mend it.
"""


class Needs(NamedTuple):
    """What the options of a stream need of the system."""

    camera: bool = False
    pi_camera: bool = False
    network: bool = False
    steady_frames: bool = True
    """Whether the source is one that gives frames all the time, so that none for a minute is a fault."""
    write_paths: tuple[str, ...] = ()
    credentials: tuple[tuple[str, str], ...] = ()
    """Name and path of each file with a secret."""
    home: bool = False
    """Whether something that is read lies in a home folder."""
    temporary: bool = False
    """Whether something that is read or written lies in a folder for temporary files."""


def quote(argument: str) -> str:
    r"""``argument`` as one word of a unit's command line, whatever it holds (``systemd.service(5)``).

    Quotes and backslashes are escaped, ``%`` and ``$`` doubled, control characters and bytes that are not UTF-8
    written as ``\xNN``. A zero byte cannot be passed to any program and is not expected.
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


def unit_text(name: str, command: Sequence[str], needs: Needs, every_s: float, user: str | None) -> str:
    """The unit file of the service ``name`` that runs ``command``: words already quoted, the first a full path.

    ``every_s`` is the least time between labelled frames. Without ``user`` systemd makes a user up.
    """
    watchdog_s = WATCHDOG_S + int(2 * every_s)
    lines = [
        f"# Written by edge service. Secrets belong into /etc/{name}.env (owner root, mode 600), never in here.",
        "[Unit]",
        "Description=Edge for Poets: label a live stream",
        "Documentation=man:systemd.service(5)",
        *(["Wants=network-online.target", "After=network-online.target"] if needs.network else []),
        f"StartLimitIntervalSec={START_LIMIT_S}",
        f"StartLimitBurst={START_LIMIT_BURST}",
        "",
        "[Service]",
        "Type=notify",
        "ExecStart=" + " ".join(command),
        "ExecReload=/bin/kill -HUP $MAINPID",
        f"EnvironmentFile=-/etc/{name}.env",
        *(f"LoadCredential={key}:{path.replace('%', '%%')}" for key, path in needs.credentials),
        "",
        "# Started again after a fault, whatever it was, but not where another start would change nothing:",
        "# 2 is a wrong option, 78 something that is not installed.",
        "Restart=on-failure",
        f"RestartSec={RESTART_S}",
        "RestartPreventExitStatus=2 78",
        *_watchdog(watchdog_s, needs.steady_frames),
        "TimeoutStopSec=5",
        "LimitCORE=0",
        "",
        *_user(user),
        *(["SupplementaryGroups=video"] if needs.camera or needs.pi_camera else []),
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
        *(f"ReadWritePaths=-{quote(path).replace('$$', '$')}" for path in needs.write_paths),
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
        # Both interpreters and OpenCV run with it; what libcamera's Python bindings need is not known.
        *([] if needs.pi_camera else ["MemoryDenyWriteExecute=yes"]),
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


def _watchdog(watchdog_s: int, steady_frames: bool) -> list[str]:
    if steady_frames:
        return [f"WatchdogSec={watchdog_s}", f"TimeoutStartSec={watchdog_s}"]
    return ["# No watchdog: nobody knows when the next picture comes.", "TimeoutStartSec=infinity"]


def _user(user: str | None) -> list[str]:
    return [f"User={user}"] if user else ["DynamicUser=yes"]


def _devices(needs: Needs) -> list[str]:
    if not (needs.camera or needs.pi_camera):
        return ["PrivateDevices=yes", "DevicePolicy=closed"]
    # By kind, not by name: a camera that is plugged in again may come back under another number.
    kinds = ["char-video4linux", *(["char-media", "char-dma_heap"] if needs.pi_camera else [])]
    return ["DevicePolicy=closed", *(f"DeviceAllow={kind} rw" for kind in kinds)]


def _network(needs: Needs) -> list[str]:
    families = ["AF_UNIX"]
    families += ["AF_INET", "AF_INET6"] if needs.network else []
    families += ["AF_NETLINK"] if needs.pi_camera else []  # libcamera listens to udev
    alone = [] if needs.network or needs.pi_camera else ["PrivateNetwork=yes", "IPAddressDeny=any"]
    return [*alone, f"RestrictAddressFamilies={' '.join(families)}"]
