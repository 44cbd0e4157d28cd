"""The folders and files of a store."""

from __future__ import annotations

import os
import re
import shutil
import sys
from dataclasses import dataclass
from pathlib import Path

from edge.errors import ConfigurationError, UsageError
from edge.home import user_folder

ROOT_VARIABLE = "EDGE_STORE"
SYSTEM_ROOT = Path("/var/lib/edge")
MODEL_NAME = "model.tflite"
_SHA256 = re.compile(r"[0-9a-f]{64}")


def default_root() -> Path:
    """``$EDGE_STORE``, else ``/var/lib/edge`` if this user may write there, else the user's own data folder.

    A user without a home folder has no other store than ``/var/lib/edge``.
    """
    named = os.environ.get(ROOT_VARIABLE)
    if named:
        return Path(named)
    # A store is for Linux; on Windows there is none to be found, and no such user.
    if sys.platform != "win32" and (os.geteuid() == 0 or os.access(SYSTEM_ROOT, os.W_OK)):
        return SYSTEM_ROOT
    try:
        return user_folder("XDG_DATA_HOME", ".local", "share") / "edge"
    except ConfigurationError:
        return SYSTEM_ROOT


def is_sha256(text: str) -> bool:
    """Whether ``text`` is a sha256 in lower-case hexadecimal."""
    return _SHA256.fullmatch(text) is not None


@dataclass(frozen=True)
class Store:
    """The paths of the store in the folder ``root``, which need not exist yet. Reading needs no lock."""

    root: Path

    @property
    def models(self) -> Path:
        """The folder with a folder for each model, named by the model's sha256."""
        return self.root / "models"

    @property
    def current_model(self) -> Path:
        """The current model file, through the link: the path stays the same when another model becomes current."""
        return self.root / "current" / MODEL_NAME

    @property
    def incoming(self) -> Path:
        """The folder of uploads."""
        return self.root / "incoming"

    def existing_folder(self) -> Path:
        """The folder of the store, or the nearest one above it that is there."""
        return next(path for path in (self.root, *self.root.absolute().parents) if path.is_dir())

    def free_bytes(self) -> int:
        """The free space of its disk, in bytes."""
        return shutil.disk_usage(self.existing_folder()).free

    def folder(self, sha256: str) -> Path:
        """The folder of one model."""
        return self.models / sha256

    def model(self, sha256: str) -> Path:
        """The model file."""
        return self.folder(sha256) / MODEL_NAME

    def signature(self, sha256: str) -> Path:
        """The model's signature; there need not be one."""
        return self.folder(sha256) / f"{MODEL_NAME}.sig"

    def record(self, sha256: str) -> Path:
        """The JSON file that says when and how the model was installed."""
        return self.folder(sha256) / "install.json"

    def linked(self, name: str) -> str | None:
        """The sha256 that the link ``name`` (``current`` or ``previous``) leads to; None if it leads to no model."""
        try:
            sha256 = (self.root / name).readlink().name
        except OSError:
            return None
        return sha256 if is_sha256(sha256) and self.model(sha256).is_file() else None

    def installed(self) -> list[str]:
        """The sha256 of every model here, in alphabetical order."""
        try:
            return sorted(entry.name for entry in self.models.iterdir() if is_sha256(entry.name))
        except (FileNotFoundError, NotADirectoryError):
            return []

    def find(self, prefix: str) -> str:
        """The one installed model whose sha256 begins with ``prefix``.

        Raises :class:`~edge.errors.UsageError` if there is none, or several.
        """
        found = [sha256 for sha256 in self.installed() if prefix and sha256.startswith(prefix.lower())]
        if len(found) == 1:
            return found[0]
        if found:
            raise UsageError(
                f"{prefix}: {len(found)} models begin with it; give more digits (edge store list shows them)"
            )
        have = ", ".join(short(sha256) for sha256 in self.installed()) or "none"
        raise UsageError(f"{prefix}: not in {self.root} (installed: {have}); install it first")


def store_of(path: Path) -> Store | None:
    """The store whose :attr:`Store.current_model` is ``path``; None if it is not in a store."""
    if path.name == MODEL_NAME and path.parent.name == "current" and path.parent.is_symlink():
        return Store(path.parent.parent)
    return None


def short(sha256: str | None) -> str:
    """The first 12 digits of a sha256, enough to distinguish the models of a device; ``none`` without one."""
    return sha256[:12] if sha256 else "none"
