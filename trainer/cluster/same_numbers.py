"""Whether a node computes the same numbers as this machine, bit for bit: it computes some photos, and both compare."""

from __future__ import annotations

import platform
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from edge.distribution import DISTRIBUTION, installed_version
from edge.errors import ConfigurationError, EdgeError, ImageError, StorageError, UnavailableError
from trainer.cluster.readers import NoAnswerError, Readers, WhatIsRead, how_to_reach
from trainer.photos.reading import read_photo

COMPARED = 8
"""How many photos each node computes before it takes part. They show other kernels: these change nearly every photo."""

_PACKAGES = (DISTRIBUTION, "pillow", "numpy", "ai-edge-litert", "tflite-runtime")


class Node(NamedTuple):
    """A node of the cluster: its ``id`` in Ray and the ``name`` of its machine."""

    id: str
    name: str

    def __str__(self) -> str:
        return f"{self.name} ({self.id[:8]})"


def here() -> Node:
    """The node that this process runs on."""
    import ray

    return Node(ray.get_runtime_context().get_node_id(), platform.node())


class Installation(NamedTuple):
    """What numbers depend on: the kind of processor, and the versions of what is installed, None if it is not."""

    machine: str
    versions: tuple[tuple[str, str | None], ...]

    @classmethod
    def of_this_machine(cls) -> Installation:
        """That of the running process."""
        return cls(platform.machine(), tuple((name, installed_version(name)) for name in _PACKAGES))

    def difference(self, other: Installation) -> str:
        """What differs in ``other``, as text; empty if nothing does."""
        if self.machine != other.machine:
            return f"it has another kind of processor ({other.machine}, here {self.machine})"
        for (name, ours), (_, theirs) in zip(self.versions, other.versions, strict=True):
            if ours != theirs:
                wanted = f"pip install {name}=={ours}" if ours else f"pip uninstall {name}"
                return f"it has {name} {theirs or 'not'} installed, this machine {ours or 'not'}: {wanted} there"
        return ""


class Check(NamedTuple):
    """What a node must have and compute: ``results`` of ``items``, as the machine computed them that made it."""

    installation: Installation
    items: Sequence[Any]
    results: Sequence[Any]

    @classmethod
    def of(cls, make_worker: Callable[[], Any], items: Sequence[Any]) -> Check:
        """The check whose answer is what this machine computes of ``items``.

        Raises the error of :meth:`~trainer.cluster.readers.NoAnswerError.ending` if one of them is not read in time.
        """
        return cls(Installation.of_this_machine(), items, _compute(make_worker, items))

    def run(self, make_worker: Callable[[], Any]) -> None:
        """Compute the items on this node.

        Raises :class:`~edge.errors.ConfigurationError` if the installation or a number differs.
        """
        if why := self.why_not(make_worker):
            raise ConfigurationError(f"node {here()}: {why}")

    def why_not(self, make_worker: Callable[[], Any]) -> str:
        """Why this node cannot take part, as text; empty if it can."""
        if why := self.installation.difference(Installation.of_this_machine()):
            return why
        try:
            results = _compute(make_worker, self.items)
        except (ConfigurationError, StorageError, UnavailableError) as error:
            return str(error)
        for item, ours, theirs in zip(self.items, self.results, results, strict=True):
            if ours != theirs:
                try:
                    read_photo(item.path)
                except EdgeError as error:
                    return f"{item.path}: {error}; {how_to_reach(item.path)}"
                return f"it computes other numbers than this machine ({item.path}): leave it out"
        return ""


def _compute(make_worker: Callable[[], Any], items: Sequence[Any]) -> list[Any]:
    worker, readers = make_worker(), Readers(1)

    def read(path: Path) -> WhatIsRead:
        found = readers.wait(readers.ask(path))
        if isinstance(found, NoAnswerError):  # the other photos would take a minute each too
            raise found.ending(path)
        if isinstance(found, ImageError):
            raise found
        return found

    results = []
    for item in items:
        try:
            results.append(worker(item, read))
        except (ConfigurationError, StorageError, UnavailableError):
            raise
        except EdgeError as error:
            results.append(str(error))
    return results
