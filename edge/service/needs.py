"""What the unit of ``edge watch`` must be allowed to do, and the user that it needs."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

import edge
from edge.errors import UsageError
from edge.messages import tell
from edge.service.unit import Needs
from edge.store.layout import store_of

PASSWORD_OPTION, PASSWORD_CREDENTIAL = "--mqtt-password-file", "mqtt-password"


def local_path(source: str) -> Path | None:
    """The file or folder that ``source`` means, None where it means a camera or an address."""
    path = Path(source.removeprefix("file:").removeprefix("folder:"))
    return None if source.isdecimal() or source.startswith("/dev/") or not path.exists() else path


def find_needs(parsed: argparse.Namespace, model: Path, user: str | None) -> tuple[Needs, str | None]:
    """What the unit must allow, and the user it needs (None: one that systemd makes up)."""
    source, local = parsed.source, local_path(parsed.source)
    read = [Path(sys.executable), Path(edge.__file__), model]
    read += [Path(path) for path in (parsed.labels, parsed.mqtt_ca) if path] + ([local] if local else [])
    store = store_of(model)  # where the start of a model is noted, and that it works
    places = (parsed.capture, parsed.status and parsed.status.parent, store and store.root)
    written = [path.absolute() for path in places if path]
    read = [path.absolute() for path in read]
    temporary = list(filter(_is_temporary, (*read, *written)))
    if temporary:
        tell(f"{temporary[0]} lies in a folder for temporary files, which the next start empties; better move it")
    if user is None and (written or temporary or not all(map(_is_for_all, read))):
        user = _caller()
    needs = Needs(
        camera=source.isdecimal() or source.startswith("/dev/"),
        pi_camera=source.startswith("picamera2:"),
        network=bool("://" in source or parsed.web or parsed.mqtt or parsed.prometheus),
        steady_frames=not (local and local.is_dir()),
        write_paths=tuple(map(str, written)),
        credentials=((PASSWORD_CREDENTIAL, str(parsed.mqtt_password_file.absolute())),)
        if parsed.mqtt_password_file
        else (),
        home=any(path.parts[1:2] in (("home",), ("root",)) for path in (*read, *written)),
        temporary=bool(temporary),
    )
    return needs, user


def _is_temporary(path: Path) -> bool:
    return path.parts[1:2] == ("tmp",) or path.parts[1:3] == ("var", "tmp")


def _is_for_all(path: Path) -> bool:
    """Whether any user may read ``path``, through all folders above it; links followed."""
    try:
        real = path.resolve(strict=True)
        return bool(real.stat().st_mode & 0o004) and all(folder.stat().st_mode & 0o001 for folder in real.parents)
    except OSError:
        return False


def _caller() -> str:
    """Who asks: behind ``sudo`` the one who typed it."""
    import os
    import pwd

    try:
        user = os.environ.get("SUDO_USER") or pwd.getpwuid(os.getuid()).pw_name
    except KeyError:
        raise UsageError("you have no name here: say with --user USER who is to run the service") from None
    if user == "root":
        tell("the service would run as root, who alone can read or write its files: better give --user USER")
    return user
