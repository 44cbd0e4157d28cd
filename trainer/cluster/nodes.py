"""The nodes of a cluster: which of them can take part, and why the others cannot."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any, NamedTuple

from edge.distribution import install_command
from trainer.cluster.errors_of_ray import why_failed
from trainer.cluster.same_numbers import Check, Node

ASK_LIMIT_S = 90.0
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

    alive = alive_nodes()
    answers = _ask(alive, _examine_here(), ray.put(packed()))
    left_out = {node: answers.get(node, f"no answer within {ASK_LIMIT_S:g} s") for node in alive}
    nodes = [node for node, why in left_out.items() if not why]
    return Examined(nodes, sum(alive[node] for node in nodes), {node: why for node, why in left_out.items() if why})


def alive_nodes() -> dict[Node, int]:
    """The nodes that belong to the cluster and have cores, each with how many, as far as the cluster knows."""
    import ray

    return {
        Node(node["NodeID"], node["NodeManagerHostname"]): int(node["Resources"].get("CPU", 0))
        for node in ray.nodes()
        if node["Alive"] and node["Resources"].get("CPU", 0) >= 1
    }


def own_address() -> str:
    """Where the node of this machine listens, as ``HOST:PORT``."""
    import ray

    own = ray.get_runtime_context().get_node_id()
    (node,) = [node for node in ray.nodes() if node["NodeID"] == own]
    return f"{node['NodeManagerAddress']}:{node['NodeManagerPort']}"


def silent_nodes(nodes: set[Node]) -> set[Node]:
    """Those of ``nodes`` that do not answer: they are lost, though the cluster may not know it for a minute."""
    answers = _ask(nodes, lambda: "")  # it travels as code, as any lambda does
    return {node for node in nodes if answers.get(node) != ""}


def _ask(nodes: Iterable[Node], question: Callable[..., str], *arguments: Any) -> dict[Node, str]:
    """What a task on each of ``nodes`` answers, or why it failed; those that do not answer in time are left out."""
    import ray
    from ray.util.scheduling_strategies import NodeAffinitySchedulingStrategy

    task = ray.remote(num_cpus=0, max_retries=0)(question)
    asked = {
        task.options(scheduling_strategy=NodeAffinitySchedulingStrategy(node.id, soft=False)).remote(*arguments): node
        for node in nodes
    }
    answered, _ = ray.wait(list(asked), num_returns=len(asked), timeout=ASK_LIMIT_S) if asked else ([], [])
    answers = {}
    for reference in answered:
        try:
            answers[asked[reference]] = ray.get(reference)
        except ray.exceptions.RayError as error:
            answers[asked[reference]] = why_failed(error)
    return answers


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
