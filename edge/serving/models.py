"""The models that are served, by name: each is checked when it is loaded, and replaced when its file changes."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import NamedTuple

from edge.live.confirmation import StoreConfirmation
from edge.live.model import LiveModel, ModelChoice
from edge.live.swap import Counts, ModelSwap
from edge.modelfile.model_file import ModelFile
from edge.printable import printable
from edge.serving.answers import Refused
from edge.shorten import list_names, shorten
from edge.store.layout import Store, store_of
from edge.store.start import start_model
from edge.types import ModelCard


class ServedModel(NamedTuple):
    """The model that has a ``name`` now.

    ``confirm`` is called with its sha256 after it has labelled a picture, and does not wait. It is None if this is not
    the model of a store.
    """

    name: str
    file: ModelFile
    card: ModelCard
    confirm: Callable[[str], None] | None


class ServedModels:
    """Loads the models, and takes a changed file after it was checked on a thread of its own.

    :meth:`get` and :meth:`all` may be called by one thread only.
    """

    def __init__(
        self, choices: Mapping[str, ModelChoice], counts: Counts, write_message: Callable[[str], None]
    ) -> None:
        """Serve the model of each name in ``choices``; the first one is the default.

        ``counts`` counts ``model_swaps`` and ``model_refusals``; ``write_message`` gets a line about each.
        """
        self._choices, self._counts, self._write_message = choices, counts, write_message
        self._swaps = {name: ModelSwap(choice, counts, write_message) for name, choice in choices.items()}
        self._stores: dict[str, Store] = {}
        self._confirmations: dict[str, StoreConfirmation] = {}
        self._now: dict[str, ServedModel] = {}

    def load(self) -> None:
        """Load all models and run their self-tests; a start with a model of a store is counted there.

        Raises what :meth:`edge.live.model.ModelChoice.load` and :func:`edge.store.start.start_model` raise.
        """
        for choice in self._choices.values() if len(self._choices) > 1 else ():
            choice.try_delegate()  # of one model, its load does it
        for name, choice in self._choices.items():
            if store := store_of(choice.path):
                start_model(store, self._write_message)
                self._stores[name] = store
            model = self._swaps[name].load_first()
            for line in model.messages():
                self._write_message(line)
            self._set(name, model)

    def get(self, name: str | None) -> ServedModel:
        """The model ``name`` as it is now; None means the first one.

        Raises :class:`Refused`, 404, if there is none of this name.
        """
        if name is None:
            name = next(iter(self._now))
        elif name not in self._now:
            shown = shorten(printable(name.encode(errors="replace").decode()), 60)
            raise Refused(404, f"there is no model {shown!r} here; there is {list_names(list(self._now))}")
        if (new := self._swaps[name].take()) is not None:
            self._counts.count("model_swaps")
            self._set(name, new)
            self._write_message(f"model {name}: from now on {new.card.sha256[:12]}")
        return self._now[name]

    def all(self) -> list[ServedModel]:
        """All models as they are now, the default first."""
        return [self.get(name) for name in self._choices]

    def request(self) -> None:
        """Read all files again now, and print a message about each."""
        for swap in self._swaps.values():
            swap.request()

    def stop(self) -> None:
        """Stop watching the files, and wait a moment for the store."""
        for swap in self._swaps.values():
            swap.stop()
        for confirmation in self._confirmations.values():
            confirmation.close()

    def _set(self, name: str, model: LiveModel) -> None:
        confirm = None
        if store := self._stores.get(name):
            # One for each model: the last pictures of the model before this one are no reason to confirm that again.
            self._confirmations[name] = StoreConfirmation(store, self._write_message)
            confirm = self._confirmations[name].confirm_beside
        self._now[name] = ServedModel(name, model.classifier.model, model.card, confirm)
