"""Power cuts, on a model of a disk that keeps only what was synced.

POSIX promises no more: a file's content is on the disk once the file was fsynced, a folder's entries once the folder
was. Real file systems keep more, which is why a power cut simulated on one of them shows little.
"""

from __future__ import annotations

import os
from dataclasses import dataclass, field
from pathlib import Path

from benchmarks.device.faults.strace import Call
from edge.store.layout import Store

LOSSES = ("everything not synced", "content not synced")
"""What a power cut takes: names and content, or, as on ext4 with delayed allocation, content alone."""


@dataclass
class _File:
    content: bytes
    synced: bytes = b""


@dataclass
class _Link:
    target: str


@dataclass
class _Folder:
    entries: dict[str, _Node] = field(default_factory=dict)
    synced: dict[str, _Node] = field(default_factory=dict)


_Node = _File | _Link | _Folder


class Disk:
    """The tree of a store in memory, with what of it would outlast a power cut; all of it is synced at first."""

    def __init__(self, store: Store) -> None:
        """Take over the folder of ``store``."""
        self._path = os.fspath(store.root)
        self._root = _read(store.root)

    def apply(self, call: Call) -> None:
        """Do what the traced ``call`` did.

        Raises :class:`ValueError` for a call that this model does not know.
        """
        paths = [os.fsdecode(part) for part in call.arguments if isinstance(part, bytes)]
        if call.name == "openat":
            if self._look(paths[0]) is None:
                self._enter(paths[0], _File(b""))
        elif call.name in ("write", "pwrite64", "ftruncate"):
            file = self._look(paths[0])
            assert isinstance(file, _File)
            data = call.arguments[2] if call.name != "ftruncate" else b""
            assert isinstance(data, bytes)
            file.content = file.content + data if call.name == "write" else data  # the rest is written from the start
        elif call.name in ("mkdir", "mkdirat"):
            self._enter(paths[-1], _Folder())
        elif call.name == "symlink":
            self._enter(paths[1], _Link(paths[0]))
        elif call.name == "rename":
            self._enter(paths[1], self._leave(paths[0]))
        elif call.name in ("unlink", "rmdir"):
            self._leave(paths[0])
        elif call.name == "unlinkat":
            self._leave("/".join(paths))
        elif call.name == "fsync":
            node = self._look(paths[0])
            if isinstance(node, _File):
                node.synced = node.content
            elif isinstance(node, _Folder):
                node.synced = dict(node.entries)
        elif call.name not in ("chmod", "fchmod", "flock"):
            raise ValueError(f"{call}: not a call of this model")

    def write_to(self, root: Path, loss: str) -> Store:
        """Write what a power cut now leaves, after ``loss`` (of :data:`LOSSES`), to the folder ``root``."""
        _write(self._root, root, with_names=loss == LOSSES[0])
        return Store(root)

    def _parts(self, path: str) -> list[str]:
        return [part for part in path.removeprefix(self._path).split("/") if part]

    def _look(self, path: str) -> _Node | None:
        node: _Node | None = self._root
        for part in self._parts(path):
            node = node.entries.get(part) if isinstance(node, _Folder) else None
        return node

    def _parent(self, path: str) -> tuple[_Folder, str]:
        *above, name = self._parts(path)
        folder = self._look("/".join(above))
        assert isinstance(folder, _Folder)
        return folder, name

    def _enter(self, path: str, node: _Node) -> None:
        folder, name = self._parent(path)
        folder.entries[name] = node

    def _leave(self, path: str) -> _Node:
        folder, name = self._parent(path)
        return folder.entries.pop(name)


def _read(path: Path) -> _Folder:
    folder = _Folder()
    for entry in path.iterdir():
        if entry.is_symlink():
            folder.entries[entry.name] = _Link(os.fspath(entry.readlink()))
        elif entry.is_dir():
            folder.entries[entry.name] = _read(entry)
        else:
            folder.entries[entry.name] = _File(entry.read_bytes(), entry.read_bytes())
    folder.synced = dict(folder.entries)
    return folder


def _write(folder: _Folder, path: Path, with_names: bool) -> None:
    path.mkdir()
    for name, node in (folder.synced if with_names else folder.entries).items():
        if isinstance(node, _Folder):
            _write(node, path / name, with_names)
        elif isinstance(node, _Link):
            (path / name).symlink_to(node.target)
        else:
            (path / name).write_bytes(node.synced)
