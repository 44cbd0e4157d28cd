"""Ray Data hands runs of photos to actors and hands back their results; what a lost node took with it is done again."""

from __future__ import annotations

import inspect
import pickle
import time
import warnings
from collections.abc import Generator, Iterator
from typing import TYPE_CHECKING, Any

from edge.errors import UnavailableError
from trainer.cluster.errors_of_ray import explained
from trainer.cluster.nodes import Examined, alive_nodes, silent_nodes
from trainer.cluster.photo_actor import Outcome, PhotoActor
from trainer.cluster.same_numbers import Node

if TYPE_CHECKING:
    import pyarrow

LONGEST_RUN = 64
"""The most photos of a run, which one actor computes at once. If the actor dies, its run is computed again."""

MOST_DEATHS = 5
"""How often a run of photos is computed again because its worker died: a photo may be what ends it, again and again.

Ray also counts the calls of a worker whose node is lost, until it knows that: 15 s by its settings.
"""

FETCH_LIMIT_S = 600.0
"""How long a result that is ready may take to come from a node that lives, in seconds."""

_LOOK_S = 2.0
_RUNS_EACH = 8  # at least, for each core, so that none waits long for the last one


class Executions:
    """Executions of Ray Data with one ``actor``, made by :func:`~trainer.cluster.photo_actor.pack`."""

    def __init__(self, actor: bytes, examined: Examined) -> None:
        self._actor = actor
        self._cores = examined.cores
        self._left_out = set(examined.left_out)
        self._used: set[Node] = set()
        self._lost: set[Node] = set()

    def lost(self) -> list[Node]:
        """The nodes that were lost on the way."""
        return sorted(self._lost | self._used - set(alive_nodes()))

    def compute(self, items: list[Any]) -> Generator[tuple[Node, Outcome], None, None]:
        """The outcome of each of ``items``, once, with the node that computed it.

        Results that are ready wait on their node, and Ray Data ends its actors as soon as all is computed. If a node is
        lost then, or Ray gives its work up before it knows of the loss, what is missing has an execution of its own.

        Raises what :func:`~trainer.cluster.errors_of_ray.explained` does if no node was lost.
        """
        missing = dict(enumerate(items))
        with explained():
            while missing:
                nodes = set(alive_nodes()) - self._left_out - self._lost
                self._used |= nodes
                yield from self._execute(missing, nodes)
                if missing and not self._find_lost(nodes):
                    raise UnavailableError(f"the cluster lost {len(missing)} photos; run again to go on")

    def _execute(self, missing: dict[int, Any], nodes: set[Node]) -> Generator[tuple[Node, Outcome], None, None]:
        """One execution of what is ``missing``; what it gives is missing no more. It ends early if a node is lost."""
        import ray

        try:
            for block in self._blocks(list(missing.items()), nodes):
                for row in block["outcomes"].to_pylist():
                    node, outcomes = pickle.loads(row)
                    for outcome in outcomes:
                        if missing.pop(outcome.place, None) is not None:
                            yield node, outcome
        except ray.exceptions.RayError:
            lost = self._find_lost(nodes)
            if not lost or (lost == nodes and nodes & set(alive_nodes())):  # they live, and none of them can work
                raise

    def _find_lost(self, nodes: set[Node]) -> set[Node]:
        """Which of ``nodes``, those of the last execution, are lost; no other execution uses them."""
        lost = silent_nodes(nodes)
        self._lost |= lost
        return lost

    def _blocks(self, numbered: list[tuple[int, Any]], nodes: set[Node]) -> Iterator[pyarrow.Table]:
        """The blocks of results, each as soon as it is ready, but those that were lost with a node."""
        import pyarrow
        import ray.data

        size = max(1, min(LONGEST_RUN, -(-len(numbered) // (_RUNS_EACH * self._cores))))
        runs = [pickle.dumps(numbered[start : start + size]) for start in range(0, len(numbered), size)]
        source = ray.data.from_arrow([pyarrow.table({"run": pyarrow.array([run], pyarrow.binary())}) for run in runs])
        away = ",".join(sorted(node.id for node in self._left_out | self._lost))
        # Ray 2.64 will not take it any more, and says so on stderr before.
        takes_retries = "ray_remote_args" in inspect.signature(source.map_batches).parameters
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", DeprecationWarning)
            computed = source.map_batches(
                PhotoActor,
                fn_constructor_args=(self._actor,),
                batch_size=1,
                batch_format="pyarrow",
                # Not always as many as there are cores: the actors of a lost node would wait for it, and Ray Data for
                # them.
                concurrency=(1, self._cores),
                num_cpus=1,
                **({"max_task_retries": MOST_DEATHS} if takes_retries else {}),
                **({"label_selector": {"ray.io/node-id": f"!in({away})"}} if away else {}),
            )
        # Not iter_batches: it asks for results in a thread of its own, which waits for ever for those that are lost.
        for bundle in computed.iter_internal_ref_bundles():
            for reference in bundle.block_refs:
                if _arrives(reference, nodes):
                    yield ray.get(reference)


def _arrives(reference: Any, nodes: set[Node]) -> bool:
    """Whether the block of ``reference`` comes here, and was not lost with one of ``nodes``."""
    import ray

    until = time.monotonic() + FETCH_LIMIT_S
    while not ray.wait([reference], timeout=_LOOK_S)[0]:
        if nodes - set(alive_nodes()):
            return False
        if time.monotonic() > until:
            raise UnavailableError(f"a node gave no results for {FETCH_LIMIT_S:g} s; run again to go on")
    return True
