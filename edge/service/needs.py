"""What the unit of ``edge watch`` must allow, and the user that it needs."""

from __future__ import annotations

import grp
import os
import pwd
import shlex
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

import edge
from edge.errors import UsageError
from edge.inference.delegate import DelegateChoice
from edge.messages import print_message
from edge.service.arguments import WatchArguments
from edge.service.command_line import PASSWORD_CREDENTIAL, SECRET_CREDENTIAL
from edge.service.unit import Needs
from edge.sinks.secret_file import is_lasting
from edge.store.layout import store_of

# Of USB devices (as libedgetpu's rules for udev have it), of NPUs that are drivers for graphics, and of Coral on PCIe.
_DEVICE_GROUPS = ("plugdev", "render", "apex")


def find_needs(arguments: WatchArguments, user: str | None) -> Needs:
    """What a service with ``arguments`` needs, run by ``user``.

    Without ``user`` it is a user that systemd makes for the service. If that user could not read or write all files, it
    is the current user, and under ``sudo`` the user that called ``sudo``.

    Raises :class:`~edge.errors.UsageError` if that user has no name, or a secret is in a pipe.
    """
    local, sinks = arguments.local_source, arguments.sinks
    teach = arguments.teach
    # The service writes there that it started the model, and that the model works.
    store = store_of(arguments.model) if arguments.model else None
    taught = (teach.backbone, teach.weights, teach.folder) if teach else ()
    library = delegate_file(arguments.delegate)
    given = (arguments.model, *taught, arguments.labels, library, arguments.ca_file, sinks.mqtt_ca, local)
    actions = arguments.actions
    programs = [command.words[0] for command in actions.commands]
    read = absolute(Path(sys.executable), Path(edge.__file__), *programs, *given)
    status_folder = arguments.status and arguments.status.parent
    store_root = store.root if store else None
    written = absolute(sinks.capture, status_folder, store_root, *(teach.written if teach else ()))
    account = find_account(read, written, user)
    missing = [str(path) for path in written if not path.exists()] if teach else []
    if missing:
        print_message(f"make these folders first, because the service may not: mkdir -p {shlex.join(missing)}")
    network = sinks.web or sinks.mqtt or sinks.prometheus or teach
    return Needs(
        user=account.user,
        every_s=arguments.every_s,
        camera=arguments.is_camera,
        pi_camera=arguments.source.startswith("picamera2:"),
        pins=bool(actions.gpio),
        delegate_groups=delegate_groups(arguments.delegate),
        # A command may be one that tells another machine.
        network=bool("://" in arguments.source or network or actions.webhook or actions.commands),
        steady_frames=not arguments.is_folder,
        teaches=teach is not None,
        mounts=tuple(map(str, absolute(*given[:-1], None if arguments.is_folder else local))),
        folder=str(local.absolute()) if local and arguments.is_folder else None,
        write_paths=tuple(dict.fromkeys(map(str, written))),
        credentials=(
            *credential(PASSWORD_CREDENTIAL, sinks.mqtt_password_file, "--mqtt-password-file"),
            *credential(SECRET_CREDENTIAL, actions.webhook_secret_file, "--webhook-secret-file"),
        ),
        home=account.home,
        temporary=account.temporary,
    )


def credential(name: str, file: Path | None, option: str) -> tuple[tuple[str, str], ...]:
    """The credential ``name`` of a unit, whose secret is in ``file``, which ``option`` gives; none without a file.

    Raises :class:`~edge.errors.UsageError` if the file is gone when the service starts.
    """
    if file is None:
        return ()
    if not is_lasting(file):
        raise UsageError(f"{option} {file}: a service reads the secret at each start; give a file that stays, no pipe")
    return ((name, str(file.absolute())),)


def delegate_file(delegate: DelegateChoice | None) -> Path | None:
    """The library of ``delegate``, None if the system's loader finds it."""
    return Path(delegate.library) if delegate and delegate.is_path else None


def delegate_groups(delegate: DelegateChoice | None) -> tuple[str, ...] | None:
    """The groups of this machine that may use the devices of delegates; None if there is no ``delegate``."""
    if delegate is None:
        return None
    known = {group.gr_name for group in grp.getgrall()}
    return tuple(name for name in _DEVICE_GROUPS if name in known)


class Account(NamedTuple):
    """The user of a service, None for one that systemd makes, and in which kinds of folders its files are."""

    user: str | None
    home: bool
    temporary: bool


def find_account(read: Sequence[Path], written: Sequence[Path], user: str | None) -> Account:
    """The user that can read the files ``read`` and write into ``written``: ``user``, if it is given.

    Raises :class:`~edge.errors.UsageError` if it is the current user, and that one has no name.
    """
    temporary = [path for path in (*read, *written) if _is_temporary(path)]
    if temporary:
        print_message(f"{temporary[0]} is in a folder for temporary files, which are lost at the next start; move it")
    if user is None and (written or temporary or not all(map(_all_may_read, read))):
        user = _caller()
    home = any(path.parts[1:2] in (("home",), ("root",)) for path in (*read, *written))
    return Account(user, home, bool(temporary))


def absolute(*paths: Path | str | None) -> list[Path]:
    """The ``paths`` that are given, from the root on; links stay."""
    return [Path(path).absolute() for path in paths if path]


def _is_temporary(path: Path) -> bool:
    return path.parts[1:2] == ("tmp",) or path.parts[1:3] == ("var", "tmp")


def _all_may_read(path: Path) -> bool:
    """Whether every user may read ``path`` and enter all folders above it; links are followed."""
    try:
        real = path.resolve(strict=True)
        return bool(real.stat().st_mode & 0o004) and all(folder.stat().st_mode & 0o001 for folder in real.parents)
    except OSError:
        return False


def _caller() -> str:
    try:
        user = os.environ.get("SUDO_USER") or pwd.getpwuid(os.getuid()).pw_name
    except KeyError:
        raise UsageError("the current user has no name: name the user of the service with --user USER") from None
    if user == "root":
        print_message("the service would run as root, because only root can read or write its files; use --user USER")
    return user
