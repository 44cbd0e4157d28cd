"""The measurements so far, each written to the disk when it is made: a kill loses at most one."""

from __future__ import annotations

import contextlib
import json
import os
from io import FileIO
from pathlib import Path
from types import TracebackType
from typing import Any

from edge.bench.plan import Task
from edge.errors import DataError, StorageError, UsageError
from edge.system.locks import try_lock

Identity = dict[str, Any]
_Key = tuple[str, str, str, int, "str | None", int]


class Journal:
    """An append-only file of JSON lines: one that says which run this is, then one for each measurement.

    Without a path nothing is written. Use it in a ``with`` block; the file stays until :meth:`remove`.
    """

    def __init__(self, path: Path | None, identity: Identity, start: dict[str, Any]) -> None:
        """Open the journal at ``path``, and continue it if it exists.

        A journal is continued only with the same ``identity``; ``start`` holds facts about the beginning of the
        run. Both are plain JSON values.

        While it is open no other process can open it, where the file system has locks.

        Raises :class:`~edge.errors.UsageError` if the journal belongs to a run with another identity, or to one that
        runs now,
        :class:`~edge.errors.DataError` if the file is not a journal, and
        :class:`~edge.errors.StorageError` or :class:`OSError` if it cannot be written.
        """
        self.start = start
        self._answers: dict[_Key, dict[str, Any]] = {}
        self._path = path
        self._file = None
        if path is None:
            return
        self._file = _open_alone(path)
        try:
            whole = self._read(path, identity)
            self._file.truncate(whole)  # the last line may have been cut short by a kill
            if not whole:
                self._write({"identity": identity, "start": start})
        except BaseException:
            self._file.close()
            raise

    def __enter__(self) -> Journal:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        if self._file is not None:
            self._file.close()

    def answer(self, task: Task) -> dict[str, Any] | None:
        """What the worker answered for ``task``, None if it has not been measured yet."""
        return self._answers.get(_key(task))

    def add(self, task: Task, answer: dict[str, Any]) -> None:
        """Keep the ``answer`` for ``task``; it is on the disk when this returns.

        Raises :class:`~edge.errors.StorageError`.
        """
        self._answers[_key(task)] = answer
        self._write({"key": _key(task), "answer": answer})

    def remove(self) -> None:
        """Close and delete the file, after its content was written to the results."""
        if self._path is not None and self._file is not None:
            self._file.close()  # Windows removes no open file
            with contextlib.suppress(PermissionError):  # Windows, and another run looks into it in this moment
                self._path.unlink(missing_ok=True)

    def _write(self, record: dict[str, Any]) -> None:
        if self._file is None:
            return
        line = json.dumps(record).encode() + b"\n"
        try:
            while line:
                line = line[self._file.write(line) :]
            os.fsync(self._file.fileno())
        except OSError as error:
            raise StorageError(
                f"{self._path}: cannot be written ({error.strerror}); free space and run again"
            ) from None

    def _read(self, path: Path, identity: Identity) -> int:
        """Read what the file holds; returns how many bytes of it are whole lines."""
        assert self._file is not None
        self._file.seek(0)
        content = self._file.read()
        whole = content.rfind(b"\n") + 1
        lines = content[:whole].splitlines()
        try:
            records = [json.loads(line) for line in lines]
            answers = {tuple(record["key"]): record["answer"] for record in records[1:]}
            begun = records[0]["identity"] if records else identity
            self.start = records[0]["start"] if records else self.start
        except (ValueError, TypeError, KeyError):
            raise DataError(f"{path}: damaged, or not of an unfinished benchmark; delete it and run again") from None
        if begun != identity:
            raise UsageError(
                f"{path}: belongs to an unfinished run with other settings ({_difference(begun, identity)}); "
                "repeat its command to finish it, or delete the file"
            )
        self._answers.update(answers)
        return whole


def _open_alone(path: Path) -> FileIO:
    """The file at ``path``, made if it is missing, open for this process alone.

    Raises :class:`~edge.errors.UsageError` if another process has it.
    """
    while True:
        file = FileIO(os.open(path, os.O_RDWR | os.O_CREAT | os.O_APPEND, 0o666), "r+")
        try:
            if not _locked(file):
                raise UsageError(
                    f"{path}: another edge bench writes it now; wait for its end, or give another --output"
                )
            if os.fstat(file.fileno()).st_nlink:
                return file
            file.close()  # the other run has ended and removed it in between
        except BaseException:
            file.close()
            raise


def _locked(file: FileIO) -> bool:
    try:
        return try_lock(file.fileno())
    except OSError:  # a file system without locks: another run cannot be seen
        return True


def _key(task: Task) -> _Key:
    return (*task.configuration.key, task.round)


def _difference(one: Identity, other: Identity) -> str:
    """The names of what differs between two identities."""
    names = [name for name in {**one, **other} if one.get(name) != other.get(name)]
    return ", ".join(names)
