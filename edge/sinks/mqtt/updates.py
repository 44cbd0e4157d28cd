"""What a watch needs of the store of models: which there are, another one, and the one before."""

from __future__ import annotations

import json
from typing import NamedTuple, Protocol

from edge.shorten import plain_text

_LONGEST_SUMMARY = 255
"""Home Assistant shows no more characters of a summary."""


class ModelVersions(NamedTuple):
    """The model that is current and the newest one that can be installed: the same if there is no newer one.

    ``summary`` says in one line what the newest one is.
    """

    current: str
    newest: str
    summary: str


class ModelUpdates(Protocol):
    """Knows the models of the store, and changes which one is current: :class:`edge.live.model_updates.StoreUpdates`.

    The methods are called on one thread.
    """

    def versions(self) -> ModelVersions:
        """What is current and what is newest, now."""

    def install_newest(self) -> str:
        """Make the newest model current, and wait until it labels frames; returns one line.

        Raises :class:`~edge.errors.EdgeError` if it is refused, or did not work.
        """

    def roll_back(self) -> str:
        """Make the previous model current; returns one line. Raises :class:`~edge.errors.EdgeError`."""


def model_json(versions: ModelVersions, in_progress: bool) -> str:
    """The state of the entity of the model, as Home Assistant reads it."""
    return json.dumps(
        {
            "installed_version": versions.current,
            "latest_version": versions.newest,
            "release_summary": plain_text(versions.summary, _LONGEST_SUMMARY),
            "in_progress": in_progress,
        }
    )
