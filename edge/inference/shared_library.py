"""Shared libraries that the user names: loaded, or refused with the reason that the system's loader does not give."""

from __future__ import annotations

import ctypes
import os
import stat
from pathlib import Path
from typing import Literal

_MACHINES = {3: "i386", 21: "ppc64", 22: "s390x", 40: "arm (32 bits)", 62: "x86_64", 183: "aarch64", 243: "riscv"}
# e_machine in the header of an ELF file: https://refspecs.linuxfoundation.org/elf/gabi4+/ch4.eheader.html
_HEADER_BYTES, _CLASS_AT, _ORDER_AT, _MACHINE_AT = 20, 4, 5, 18
_THIS_PROGRAM = "/proc/self/exe"


class WrongFile(OSError):
    """The file is there, but it is no library for this machine."""


def open_library(name: str) -> ctypes.CDLL:
    """The shared library ``name``: a path, or a name that the system's loader finds.

    Raises :class:`WrongFile` if the path leads to something else than a file (a pipe would be waited for), or to a
    library for another processor, and :class:`OSError` with the words of the loader in all other cases.
    """
    is_path = "/" in name or os.sep in name
    if is_path and (kind := _other_kind(name)):
        raise WrongFile(f"{name} is {kind}, not a library")
    try:
        return ctypes.CDLL(name)
    except OSError:
        if is_path and (words := _other_processor(name)):
            raise WrongFile(words) from None
        raise


def _other_kind(path: str) -> str | None:
    """What is at ``path`` if it is not a file; None for a file, and if nothing can be said."""
    try:
        mode = os.stat(path).st_mode
    except (OSError, ValueError):
        return None
    if stat.S_ISREG(mode):
        return None
    return "a folder" if stat.S_ISDIR(mode) else "a pipe, a device or a socket"


def _other_processor(path: str) -> str | None:
    """One sentence if the library at ``path`` is for another processor than this process.

    The loader calls it a file that is not there, or names a number. What is compared is this process, not the
    machine: a system of 32 bits can run on a processor of 64.
    """
    theirs, ours = _processor(path), _processor(_THIS_PROGRAM)
    if theirs is None or ours is None or theirs == ours:
        return None
    return f"{path} was built for {_text(theirs, ours)}, this Python for {_text(ours, theirs)}"


_Processor = tuple[int, int, str]


def _processor(path: str) -> _Processor | None:
    """Number of the processor, bits and byte order in the ELF header of the file at ``path``; None if it has none."""
    try:
        with Path(path).open("rb") as file:
            head = file.read(_HEADER_BYTES)
    except OSError:
        return None
    if len(head) < _HEADER_BYTES or head[:4] != b"\x7fELF" or head[_CLASS_AT] not in (1, 2):
        return None
    order: Literal["big", "little"] = "big" if head[_ORDER_AT] == 2 else "little"
    return int.from_bytes(head[_MACHINE_AT:], order), 32 * head[_CLASS_AT], order


def _text(processor: _Processor, other: _Processor) -> str:
    machine, bits, order = processor
    name = _MACHINES.get(machine, f"processor {machine}")
    if machine != other[0]:
        return name
    return f"{name} with {bits} bits, {order}-endian"  # x32, or one of both orders of Arm and Power
