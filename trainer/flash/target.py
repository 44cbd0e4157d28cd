"""Targets of a flash, as a user names them on the command line or in an inventory file."""

from __future__ import annotations

import os
import re
from collections.abc import Iterable
from pathlib import Path
from typing import NamedTuple

from edge.errors import UsageError
from edge.regular_file import SMALL_BYTES, read_regular

# ssh puts host and user into commands of its configuration, so that none of a shell's own characters may be in them.
_HOST = re.compile(r"(?:(?P<user>[\w.+-]+)@)?(?P<host>\[[0-9A-Fa-f:.%\w]+\]|[\w.+-]+)(?::(?P<port>[0-9]{1,5}))?")


class Target(NamedTuple):
    """A device: its ``host`` (with ``user`` and ``port`` if given), or the ``folder`` of its mounted SD card.

    ``name`` is the text that the user wrote; messages and results carry it.
    """

    name: str
    host: str = ""
    user: str | None = None
    port: int | None = None
    folder: Path | None = None

    @property
    def destination(self) -> str:
        """``user@host``, or ``host`` without a user: the argument of ``ssh``."""
        return f"{self.user}@{self.host}" if self.user else self.host

    @classmethod
    def parse(cls, text: str) -> Target:
        """The target that ``text`` names: ``[user@]host[:port]``, or a folder that exists.

        A text with a slash is a folder. Raises :class:`~edge.errors.UsageError` if the text names no target.
        """
        if "/" in text or os.sep in text or text in (".", ".."):
            folder = Path(text)
            if not folder.is_dir():
                raise UsageError(f"{text}: there is no such folder; mount the card, or name a host as user@host")
            return cls(text, folder=folder)
        match = _HOST.fullmatch(text)
        # ssh would read a text that begins with a dash as one of its options.
        if match is None or text.startswith("-") or match["host"].startswith("-"):
            raise UsageError(
                f"{text!r}: is not a target; write user@host, user@host:port or ./folder (user and host have letters, "
                "digits, dots, dashes, + and _)"
            )
        port = int(match["port"]) if match["port"] else None
        if port is not None and not 0 < port < 65536:
            raise UsageError(f"{text}: {port} is not a port; ports are 1 to 65535")
        return cls(text, host=match["host"].strip("[]"), user=match["user"], port=port)


def parse_targets(texts: Iterable[str], inventories: Iterable[Path] = ()) -> list[Target]:
    """The targets that ``texts`` and then the files ``inventories`` name, in their order.

    A text that is the path of a file is read as an inventory too.

    Raises :class:`~edge.errors.UsageError` if there is no target, one is malformed, or one is named twice.
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
        raise UsageError("there is no target; name one as user@host, or give --inventory FILE")
    return targets


def _read_inventory(path: Path) -> list[str]:
    """The texts in the file ``path``, one per line; ``#`` begins a comment."""
    if path.suffix == ".tflite":
        raise UsageError(f"{path}: is a model, not a list of targets; give the model first, then the targets")
    try:
        lines = read_regular(path, SMALL_BYTES).decode("utf-8-sig").splitlines()
    except OSError as error:
        raise UsageError(f"{path}: cannot read the inventory ({error.strerror})") from None
    except UnicodeDecodeError:
        raise UsageError(f"{path}: is not a text file; write one target per line") from None
    return [text for line in lines if (text := line.split("#")[0].strip())]
