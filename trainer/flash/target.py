"""Targets: what a user names on the command line or in an inventory file."""

from __future__ import annotations

import re
from collections.abc import Iterable
from pathlib import Path
from typing import NamedTuple

from edge.errors import UsageError

_HOST = re.compile(r"(?:(?P<user>[^@\s]+)@)?(?P<host>\[[0-9A-Fa-f:.%\w]+\]|[^@:\s\[\]]+)(?::(?P<port>\d{1,5}))?")


class Target(NamedTuple):
    """A device: ``host`` (with ``user`` and ``port`` where they were given), or a mounted card's ``folder``.

    ``name`` is what the user wrote and what results are listed under.
    """

    name: str
    host: str = ""
    user: str | None = None
    port: int | None = None
    folder: Path | None = None

    @property
    def destination(self) -> str:
        """``user@host``, as ``ssh`` takes it."""
        return f"{self.user}@{self.host}" if self.user else self.host

    @classmethod
    def parse(cls, text: str) -> Target:
        """The target that ``text`` names: ``[user@]host[:port]``, or a folder that is there.

        What contains a slash is a folder. Raises :class:`~edge.errors.UsageError` where it is neither.
        """
        if "/" in text or text in (".", ".."):
            folder = Path(text)
            if not folder.is_dir():
                raise UsageError(f"{text}: no such folder; mount the card, or name a host as user@host")
            return cls(text, folder=folder)
        match = _HOST.fullmatch(text)
        # ssh would take a leading dash for an option of its own.
        if match is None or text.startswith("-") or match["host"].startswith("-"):
            raise UsageError(f"{text!r}: not a target; write user@host, user@host:port or ./folder")
        port = int(match["port"]) if match["port"] else None
        if port is not None and not 0 < port < 65536:
            raise UsageError(f"{text}: there is no port {port}; ports are 1 to 65535")
        return cls(text, match["host"].strip("[]"), match["user"], port)


def parse_targets(texts: Iterable[str], inventories: Iterable[Path] = ()) -> list[Target]:
    """The targets that ``texts`` and the files ``inventories`` name, in that order.

    A text that is a file is an inventory too.

    Raises :class:`~edge.errors.UsageError` where there is none, one is malformed, or one is named twice.
    """
    names: list[str] = []
    for text in texts:
        names += _read_inventory(Path(text)) if Path(text).is_file() else [text]
    for path in inventories:
        names += _read_inventory(path)
    targets = [Target.parse(name) for name in names]
    seen: dict[tuple[object, ...], Target] = {}
    for target in targets:
        key = (target.folder.resolve(),) if target.folder else (target.user, target.host.lower(), target.port or 22)
        if key in seen:
            raise UsageError(f"{target.name} is named twice; name every target once")
        seen[key] = target
    if not targets:
        raise UsageError("no target; name one as user@host, or give --inventory FILE")
    return targets


def _read_inventory(path: Path) -> list[str]:
    """The targets in the file ``path``, one a line; ``#`` begins a comment."""
    try:
        lines = path.read_text("utf-8").splitlines()
    except OSError as error:
        raise UsageError(f"{path}: cannot read the inventory ({error.strerror})") from None
    except UnicodeDecodeError:
        raise UsageError(f"{path}: is no inventory; write one target a line") from None
    return [text for line in lines if (text := line.split("#")[0].strip())]
