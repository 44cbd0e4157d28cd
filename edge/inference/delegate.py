"""Which delegate computes a model: a library of another party that takes over operators, often for a device."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator
from pathlib import PurePath
from typing import Any, NamedTuple

TAKES_NOTHING = "takes over no operator of this model: the processor computes all of it"
"""What is said of a delegate that has nothing to do, after its name."""


class DelegateChoice(NamedTuple):
    """The ``library`` of a delegate, a path or a name that the system's loader finds, and its ``options``, in order."""

    library: str
    options: tuple[tuple[str, str], ...] = ()

    @property
    def name(self) -> str:
        """The library's name without its folder, such as ``libedgetpu.so.1``."""
        return PurePath(self.library).name

    @property
    def words(self) -> list[str]:
        """Each option as ``key=value``, without folders: results must not show those of the user."""
        return [f"{key}={PurePath(value).name or value}" for key, value in self.options]

    @property
    def text(self) -> str:
        """The name and the options in one line, without folders."""
        return " ".join([self.name, *self.words])

    @property
    def is_path(self) -> bool:
        """Whether the library is a file; else the system's loader finds it by its name."""
        return "/" in self.library or os.sep in self.library

    def as_json(self) -> dict[str, Any]:
        """The delegate as plain JSON values, with the library as it was given."""
        return {"library": self.library, "options": dict(self.options)}


def for_child(choice: DelegateChoice | None) -> dict[str, Any] | None:
    """``choice`` for a process that starts in another folder: library and options may be paths from this folder on."""
    if choice is None:
        return None
    try:
        folder = os.getcwd()
    except OSError:  # it was removed
        folder = None
    return {**choice.as_json(), "folder": folder}


def from_parent(given: dict[str, Any] | None) -> DelegateChoice | None:
    """What :func:`for_child` was given; this process goes into the folder of the other one."""
    if given is None:
        return None
    if given["folder"] is not None:
        os.chdir(given["folder"])
    return DelegateChoice(given["library"], tuple(given["options"].items()))


@contextlib.contextmanager
def guarded(choice: DelegateChoice | None) -> Iterator[None]:
    """In the block, the delegate ``choice``, if there is one, has a limit: :mod:`edge.inference.delegate_guard`."""
    if choice is None:
        yield
        return
    from edge.inference.delegate_guard import limited  # few users have one

    with limited(choice.library):
        yield
