"""Which models stay in the store: the newest, and always those that the device may need."""

from __future__ import annotations

import contextlib
import time

from edge.store.durable import as_storage_errors, remove_folder
from edge.store.layout import Store, is_sha256
from edge.store.state import State

KEEP = 3
"""How many models stay by default."""

_UPLOAD_S = 7 * 24 * 3600.0  # an upload that has not grown for this long counts as abandoned


def newest_first(store: Store, state: State) -> list[str]:
    """The installed models, the newest first; those that the history of ``state`` does not name come last."""
    order = {sha256: number for number, sha256 in enumerate(state.history)}
    return sorted(store.installed(), key=lambda sha256: order.get(sha256, -1), reverse=True)


def collect(store: Store, state: State, keep: int = KEEP) -> list[str]:
    """Remove all but the newest ``keep`` installed models, and abandoned uploads; returns the removed models.

    Never removed: the current and the previous model, and the one before them while the current one is pending. The
    lock must be held.

    Raises :class:`~edge.errors.StorageError`.
    """
    models = newest_first(store, state)
    kept = state.protected() | set(models[:keep])
    removed = [sha256 for sha256 in models if sha256 not in kept]
    with as_storage_errors(store.models):
        for sha256 in removed:
            remove_folder(store.folder(sha256))
        _remove_uploads(store)
    return removed


def _remove_uploads(store: Store) -> None:
    for path in store.incoming.glob("*.part*"):
        sha256 = path.name.partition(".")[0]
        with contextlib.suppress(FileNotFoundError):  # an upload needs no lock
            stale = store.model(sha256).is_file() or time.time() - path.stat().st_mtime > _UPLOAD_S
            if is_sha256(sha256) and stale:
                path.unlink()
