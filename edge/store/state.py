"""``state.json``: which models must be current and previous, and whether the current one is confirmed."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, replace
from typing import Any

from edge.store.durable import as_storage_errors, set_link, write_file
from edge.store.layout import Store, is_sha256


@dataclass(frozen=True)
class Return:
    """That the store went back from one model to another, and why; ``by_itself`` if no command asked for it."""

    source: str
    target: str
    reason: str
    by_itself: bool


@dataclass(frozen=True)
class State:
    """What the store has decided; models are named by their sha256.

    While ``pending``, the current model is not confirmed yet: ``starts`` counts how often a program started with it,
    ``previous`` is the model that the store goes back to, and ``earlier`` the one that was previous before.
    ``history`` lists every model ever installed, in the order of its first installation. ``returned`` is the
    last time that the store went back, until another model is activated.
    """

    current: str | None = None
    previous: str | None = None
    pending: bool = False
    starts: int = 0
    earlier: str | None = None
    history: tuple[str, ...] = ()
    returned: Return | None = None

    def is_older(self, sha256: str) -> bool:
        """Whether ``sha256`` was first installed here before the current model was."""
        if sha256 == self.current or sha256 not in self.history or self.current not in self.history:
            return False
        return self.history.index(sha256) < self.history.index(self.current)

    def with_installed(self, sha256: str) -> State:
        """The state after ``sha256`` was installed; models that were installed before keep their place."""
        return self if sha256 in self.history else replace(self, history=(*self.history, sha256))

    def protected(self) -> set[str]:
        """The models that must not be removed."""
        return {sha256 for sha256 in (self.current, self.previous, self.earlier) if sha256}


def read_state(store: Store) -> State:
    """The state of ``store``; if ``state.json`` is missing or damaged, what the links say."""
    try:
        return _parse(json.loads((store.root / "state.json").read_bytes()))
    except (OSError, ValueError, TypeError, KeyError):
        known = sorted(store.installed(), key=lambda sha256: store.folder(sha256).stat().st_mtime_ns)
        return State(store.linked("current"), store.linked("previous"), history=tuple(known))


def write_state(store: Store, state: State) -> None:
    """Write ``state`` to the disk, then set the links; once it is on the disk, the change is made.

    Raises :class:`~edge.errors.StorageError`.
    """
    write_file(store.root / "state.json", json.dumps(asdict(state), indent=1).encode() + b"\n")
    settle(store, state)


def settle(store: Store, state: State) -> None:
    """Set the links to what ``state`` says; they differ only if the last change was interrupted."""
    with as_storage_errors(store.root):
        for name in ("current", "previous"):
            wanted = getattr(state, name)
            if wanted != store.linked(name) and (wanted is None or store.model(wanted).is_file()):
                set_link(store.root / name, wanted and f"models/{wanted}")


def _parse(fields: dict[str, Any]) -> State:
    returned = fields["returned"]
    state = State(
        fields["current"],
        fields["previous"],
        bool(fields["pending"]),
        int(fields["starts"]),
        fields["earlier"],
        tuple(fields["history"]),
        Return(**returned) if returned else None,
    )
    named = (state.current, state.previous, state.earlier, *state.history)
    if not all(sha256 is None or is_sha256(sha256) for sha256 in named):
        raise ValueError("not a sha256")
    return state
