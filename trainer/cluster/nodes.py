"""The nodes of a cluster: which of them can take part, and why the others cannot."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

from edge.distribution import install_command
from trainer.cluster.errors_of_ray import why_failed
from trainer.cluster.same_numbers import Check, Node

EXAMINE_LIMIT_S = 90.0
"""How long a node may take to start Python and compute a few photos, in seconds, before it is left out."""


class Examined(NamedTuple):
    """The nodes that take part, with the ``cores`` of all of them, and for each other one the reason why not."""

    nodes: list[Node]
    cores: int
    left_out: dict[Node, str]


def examine_nodes(packed: Callable[[], bytes]) -> Examined:
    """Let each node of the cluster that has cores do what :class:`~trainer.cluster.same_numbers.Check` says.

    ``packed`` gives the worker and the check, pickled.
    """
    import ray
    from ray.util.scheduling_strategies import NodeAffinitySchedulingStrategy

    alive = {
        Node(node["NodeID"], node["NodeManagerHostname"]): int(node["Resources"].get("CPU", 0))
        for node in ray.nodes()
        if node["Alive"] and node["Resources"].get("CPU", 0) >= 1
    }
    task, argument = ray.remote(num_cpus=0, max_retries=0)(_examine_here()), ray.put(packed())
    asked = {
        task.options(scheduling_strategy=NodeAffinitySchedulingStrategy(node.id, soft=False)).remote(argument): node
        for node in alive
    }
    answered, _ = ray.wait(list(asked), num_returns=len(asked), timeout=EXAMINE_LIMIT_S) if asked else ([], [])
    left_out = dict.fromkeys(alive, f"no answer within {EXAMINE_LIMIT_S:g} s")
    nodes = []
    for reference in answered:
        try:
            why = ray.get(reference)
        except ray.exceptions.RayError as error:
            why = why_failed(error)
        if why:
            left_out[asked[reference]] = why
        else:
            del left_out[asked[reference]]
            nodes.append(asked[reference])
    return Examined(nodes, sum(alive[node] for node in nodes), left_out)


def lost_nodes(nodes: list[Node]) -> list[Node]:
    """Those of ``nodes`` that do not belong to the cluster any more."""
    import ray

    alive = {node["NodeID"] for node in ray.nodes() if node["Alive"]}
    return [node for node in nodes if node.id not in alive]


def _examine_here() -> Callable[[bytes], str]:
    """The task of a node. It travels as code, not by its name: a node without this package can run it too."""
    remedy = install_command("ray")

    def examine(pickled: bytes) -> str:
        import pickle

        try:
            make_worker, check = pickle.loads(pickled)
        except ModuleNotFoundError as error:
            return f"it has no module {error.name}: {remedy} there"
        why: str = check.why_not(make_worker)
        return why

    return examine


def pack_check(make_worker: Callable[[], Any], check: Check) -> bytes:
    """What :func:`examine_nodes` sends to each node."""
    from ray import cloudpickle

    packed: bytes = cloudpickle.dumps((make_worker, check))
    return packed
