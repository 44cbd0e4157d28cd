"""Finds what other programs changed in the folders of a session."""

from __future__ import annotations

import contextlib
import os
import threading
from pathlib import Path

from trainer.photos.folder import label_problem
from trainer.photos.layout import class_name
from trainer.photos.photo_files import Skipped
from trainer.progress import SILENT
from trainer.teach.folders.actions import Actions
from trainer.teach.folders.list_photos import find_files, folder_names, hash_files
from trainer.teach.folders.photo_table import KnownFile
from trainer.teach.state import TRASH


def rescan(actions: Actions, lock: threading.RLock) -> bool:
    """Bring the photos and classes of ``actions`` up to the disk; whether something was another than known.

    Files are found and read without ``lock``, which protects ``actions``. What actions move meanwhile is looked at
    again under it.
    """
    places, table = actions.places, actions.table
    with lock:
        known = dict(table.files)
    found = find_files(places, trash=False)
    hashed, unread = hash_files(places, found.files, known, {}, SILENT)
    with lock:
        changed = False
        for location, file in hashed.items():
            if table.files.get(location) != file and _is_still(places.path(location), file):
                table.put(location, file)
                changed = True
        for location, file in known.items():
            gone = location.place != TRASH and location not in hashed and table.files.get(location) == file
            if gone and not _is_still(places.path(location), file):
                table.remove(location)
                changed = True
        labels = actions.classes.labels
        actions.classes.set_folders(name for name in folder_names(places.root) if not label_problem(class_name(name)))
        with contextlib.suppress(OSError):  # the order alone, which the next change writes again
            actions.classes.save()
        # An action may have moved a file away before it was read, and back since: then it is known. Or back, and away
        # once more: then it is not there.
        skipped = [
            Skipped(location.relative, reason)
            for location, reason in {**found.unread, **unread}.items()
            if os.path.lexists(places.path(location))
            and (location not in table.files or not _is_still(places.path(location), table.files[location]))
        ]
        skipped = sorted(skipped + found.skipped)
        changed |= labels != actions.classes.labels or skipped != sorted(actions.unread)
        actions.unread = skipped
        return changed


def _is_still(path: Path, file: KnownFile) -> bool:
    """Whether the file at ``path`` has the size and the time of change of ``file``."""
    try:
        status = os.stat(path)
    except OSError:
        return False
    return (status.st_size, status.st_mtime_ns) == (file.size_bytes, file.mtime_ns)
