"""Modules of edge and trainer see the system ``$OTHER_SYSTEM``, ``win32`` or ``darwin``, and not this Linux.

That holds in every Python process that has this folder in its ``PYTHONPATH``: Python imports a module of this name at
its start. What those modules import as ``ctypes``, ``os``, ``signal``, ``socket`` and ``sys`` lacks what the other
system lacks, and modules that it lacks cannot be imported. The standard library and all other packages see this system
as it is: they have code of their own for Windows, which cannot run here. As on Windows, no file can be replaced,
renamed or removed as long as this process has it open.
"""

from __future__ import annotations

import builtins
import ctypes
import fcntl
import os
import signal
import socket
import sys
from collections.abc import Mapping, Sequence
from types import ModuleType
from typing import Any

_OURS = ("edge", "trainer")
_SYSTEM = os.environ["OTHER_SYSTEM"]
_WINDOWS = _SYSTEM == "win32"
_POSIX_MODULES = {"fcntl", "grp", "pty", "pwd", "readline", "resource", "syslog", "termios", "tty"}
_NO_MODULES = _POSIX_MODULES if _WINDOWS else set()
# Python's documentation names the availability of each.
_LINUX_ALONE: dict[ModuleType, set[str]] = {
    os: {
        *("O_PATH", "SCHED_BATCH", "eventfd", "memfd_create", "posix_fadvise", "posix_fallocate", "sched_getaffinity"),
        *("sched_getscheduler", "sched_setaffinity", "waitid"),
    },
    socket: {"SOCK_CLOEXEC"},
}
_POSIX: dict[ModuleType, set[str]] = {
    os: {
        *("O_ASYNC", "O_CLOEXEC", "O_DIRECTORY", "O_DSYNC", "O_NOCTTY", "O_NOFOLLOW", "O_NONBLOCK", "O_PATH", "O_SYNC"),
        *("P_PID", "SCHED_FIFO", "SCHED_OTHER", "SCHED_RR", "WEXITED", "WNOHANG", "WNOWAIT"),
        *("chown", "confstr", "eventfd", "fchmod", "fchown", "fork", "forkpty", "getegid", "geteuid", "getgid"),
        *("getgrouplist", "getloadavg", "getpgid", "getpriority", "getuid", "killpg", "lchown", "mkfifo", "mknod"),
        *("memfd_create", "nice", "openpty", "posix_fadvise", "posix_fallocate", "posix_spawn", "pread", "pwrite"),
        *("register_at_fork", "sched_getaffinity", "sched_getscheduler", "sched_setaffinity", "sendfile"),
        *("set_blocking", "setpriority", "setsid", "statvfs", "sync", "sysconf", "uname", "wait", "wait3", "wait4"),
        *("waitid", "writev"),
    },
    signal: {
        *("ITIMER_REAL", "SIGALRM", "SIGCHLD", "SIGCONT", "SIGHUP", "SIGKILL", "SIGPIPE", "SIGQUIT", "SIGSTOP"),
        *("SIGUSR1", "SIGUSR2", "SIGXCPU", "alarm", "pthread_kill", "pthread_sigmask", "setitimer", "sigwait"),
    },
    socket: {"AF_UNIX", "SOCK_CLOEXEC"},
}
_NO_NAMES = _POSIX if _WINDOWS else _LINUX_ALONE


def _open(path: Any, flags: int, mode: int = 0o777, *, dir_fd: int | None = None) -> int:
    """Windows opens no folder."""
    if dir_fd is not None:
        raise NotImplementedError("dir_fd unavailable on this platform")
    if os.path.isdir(path):
        raise PermissionError(13, "Permission denied", os.fspath(path))
    return os.open(path, flags, mode)


def _scandir(path: Any = ".") -> Any:
    if isinstance(path, int):
        raise TypeError("scandir: path should be string, bytes, os.PathLike or None, not int")
    return os.scandir(path)


def _symlink(source: Any, target: Any, *_: Any, **__: Any) -> None:
    raise OSError(1314, "A required privilege is not held by the client", os.fspath(target))


class _Library(ctypes.CDLL):
    def __init__(self, name: str | None, *arguments: Any, **options: Any) -> None:
        if name is None:
            raise TypeError("argument of type 'NoneType' is not iterable")
        super().__init__(name, *arguments, **options)


_OF_WINDOWS = {"O_BINARY": 0, "O_NOINHERIT": os.O_CLOEXEC, "open": _open, "scandir": _scandir, "symlink": _symlink}
_OTHER_NAMES: dict[ModuleType, dict[str, Any]] = {
    ctypes: {"CDLL": _Library} if _WINDOWS else {},
    os: _OF_WINDOWS if _WINDOWS else {},
    signal: {},
    socket: {},
    sys: {"platform": _SYSTEM},
}


class _Seen(ModuleType):
    """A module as the other system has it."""

    def __init__(self, module: ModuleType) -> None:
        super().__init__(module.__name__)
        self.__dict__["_module"] = module

    def __getattr__(self, name: str) -> Any:
        module = self.__dict__["_module"]
        other = _OTHER_NAMES[module]
        if name in other:
            return other[name]
        if name in _NO_NAMES.get(module, ()):
            raise AttributeError(f"module {module.__name__!r} has no attribute {name!r} on {_SYSTEM}")
        return getattr(module, name)

    def __setattr__(self, name: str, value: Any) -> None:
        setattr(self.__dict__["_module"], name, value)


def _locking(descriptor: int, mode: int, count: int) -> None:
    """Windows locks bytes from the place of ``descriptor`` on; here all of the file."""
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        raise PermissionError(13, "Permission denied") from None


_MSVCRT = ModuleType("msvcrt")
_MSVCRT.__dict__.update(LK_NBLCK=2, locking=_locking)
_seen = {module.__name__: _Seen(module) for module in _OTHER_NAMES}
_import = builtins.__import__


def _import_there(
    name: str,
    globals: Mapping[str, Any] | None = None,
    locals: Mapping[str, Any] | None = None,
    fromlist: Sequence[str] | None = (),
    level: int = 0,
) -> ModuleType:
    package = str((globals or {}).get("__package__") or (globals or {}).get("__name__") or "").partition(".")[0]
    if package not in _OURS:
        return _import(name, globals, locals, fromlist or (), level)
    if name.partition(".")[0] in _NO_MODULES:
        raise ModuleNotFoundError(f"No module named {name!r} on {_SYSTEM}", name=name)
    if _WINDOWS and name == "msvcrt":
        return _MSVCRT
    found = _import(name, globals, locals, fromlist or (), level)
    return _seen.get(name, found)


def _refuse_open_files(event: str, arguments: tuple[Any, ...]) -> None:
    """Of os.rename, os.replace, os.remove and os.unlink: Windows refuses it for a file that is open."""
    if event not in ("os.rename", "os.remove"):
        return
    for path in arguments[:2] if event == "os.rename" else arguments[:1]:
        if isinstance(path, (str, bytes, os.PathLike)) and _is_open(os.fsdecode(path)):
            raise PermissionError(13, "The process cannot access the file because it is being used", os.fsdecode(path))


def _is_open(path: str) -> bool:
    try:
        wanted = os.stat(path)
        for name in os.listdir("/proc/self/fd"):
            try:
                if os.path.samestat(os.stat(int(name)), wanted):
                    return True
            except OSError:
                continue
    except OSError:
        pass
    return False


builtins.__import__ = _import_there  # type: ignore[assignment]
if _WINDOWS:
    sys.addaudithook(_refuse_open_files)
