"""The models of the store, for whoever may change the one that a running stream labels with."""

from __future__ import annotations

import json
import time
from pathlib import Path
from typing import Any

from edge.errors import ModelError
from edge.sinks.mqtt.updates import ModelVersions
from edge.statistics import StreamStatistics
from edge.store.activate import activate, rollback
from edge.store.health import confirm_by_self_test, go_back_from, window_of
from edge.store.layout import Store, short, store_of
from edge.store.retention import newest_first
from edge.store.state import State, read_state

HEALTH_WINDOW_S = 30.0
"""How long a new model may take until it labels a frame, in seconds; at least twice the time between two frames."""

_POLL_S = 0.1


class StoreUpdates:
    """Knows which model of the store is newest, and makes it current; goes back if it does not label a frame."""

    def __init__(
        self, store: Store, statistics: StreamStatistics, every_s: float = 0.0, window_s: float = HEALTH_WINDOW_S
    ) -> None:
        """Change ``store``, whose current model labels a stream with ``statistics``, a frame every ``every_s``."""
        self._store, self._statistics = store, statistics
        self._window_s = window_of(window_s, every_s)

    def versions(self) -> ModelVersions:
        """What is current, and the newest model: one from which the store went back by itself is not offered."""
        state = read_state(self._store)
        current, newest = self._store.linked("current"), self._newest(state)
        returned = state.returned
        went_back = (
            f"; the store went back from it: {returned.reason}" if returned and returned.source == newest else ""
        )
        return ModelVersions(self._name(current), self._name(newest), f"{self._facts(newest)}{went_back}")

    def install_newest(self) -> str:
        """Make the newest model current, and wait until it has labelled a frame; returns one line.

        If no frame comes meanwhile, or the stream is switched off, its self-test decides.

        Raises :class:`~edge.errors.ModelError` if it is refused, or after going back because it did not label a frame,
        and what :func:`edge.store.activate.activate` raises.
        """
        sha256 = self._newest(read_state(self._store))
        if sha256 is None or sha256 == self._store.linked("current"):
            return f"{short(sha256)} is current already"
        refusals = self._statistics.snapshot().model_refusals
        activate(self._store, sha256)
        labelled = self._statistics.snapshot().frames_labelled
        halfway_s, end_s = time.monotonic() + self._window_s / 2, time.monotonic() + self._window_s
        while (now_s := time.monotonic()) < end_s:
            counts, state = self._statistics.snapshot(), read_state(self._store)
            if state.current != sha256:
                raise ModelError(f"{short(sha256)} is not current any more: {short(state.current)} is")
            if not state.pending:
                return f"{short(sha256)} is current, and has labelled a frame"
            if counts.model_refusals > refusals:
                raise go_back_from(self._store, sha256, "the running edge watch refused it")
            if now_s < halfway_s:  # what counts are frames of the second half
                labelled = counts.frames_labelled
            time.sleep(_POLL_S)
        if self._statistics.snapshot().frames_labelled > labelled:
            raise go_back_from(self._store, sha256, f"no frame was labelled with it within {self._window_s:g} s")
        confirm_by_self_test(self._store, sha256)
        return f"{short(sha256)} is current, confirmed by its self-test"

    def roll_back(self) -> str:
        """Go back to the previous model; returns one line. Raises what :func:`edge.store.activate.rollback` raises."""
        return f"{short(rollback(self._store).current)} is current"

    def _newest(self, state: State) -> str | None:
        doubtful = state.returned.source if state.returned and state.returned.by_itself else None
        models = (sha256 for sha256 in newest_first(self._store, state) if sha256 != doubtful)
        newest = next(models, None)
        return self._store.linked("current") if newest is None or state.is_older(newest) else newest

    def _name(self, sha256: str | None) -> str:
        # Home Assistant compares versions as numbers if it can; two words are no number.
        return f"{self._record(sha256).get('architecture') or 'model'} {short(sha256)}"

    def _facts(self, sha256: str | None) -> str:
        record = self._record(sha256)
        accuracy = record.get("test_accuracy")
        facts = [
            record.get("architecture"),
            record.get("quantization"),
            f"{record.get('labels', '?')} labels",
            f"{accuracy:.1%} of its test photos right" if isinstance(accuracy, float) else None,
        ]
        return ", ".join(str(fact) for fact in facts if fact)

    def _record(self, sha256: str | None) -> dict[str, Any]:
        try:
            record = json.loads(self._store.record(sha256).read_bytes()) if sha256 else {}
        except (OSError, ValueError):
            return {}
        return record if isinstance(record, dict) else {}


def model_updates(path: Path, statistics: StreamStatistics, every_s: float) -> StoreUpdates | None:
    """The models of the store whose current model is ``path``; None if it is not in a store."""
    store = store_of(path)
    return StoreUpdates(store, statistics, every_s) if store else None
