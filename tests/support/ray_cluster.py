"""A real Ray cluster of several node processes on loopback, for tests."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

from support.paths import PACKAGES, python_path
from support.s3_server import KEYS

os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")
os.environ.setdefault("RAY_ENABLE_WINDOWS_OR_OSX_CLUSTER", "0")  # Ray's name for: listen on loopback alone

WITHOUT_EDGE = """
import sys

class Without:
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] in ("edge", "trainer"):
            raise ModuleNotFoundError(f"No module named {name!r}", name=name)

sys.meta_path.insert(0, Without())
"""


class RealCluster:
    """Two nodes with a core each, beside a head without one."""

    def __init__(self) -> None:
        from ray.cluster_utils import Cluster

        self._small = {"object_store_memory": 80 << 20}
        # As with Ray's own settings, a node's death is known later than calls of its workers are given up, but after
        # 10 s, not 15 to 20.
        health = {
            "health_check_initial_delay_ms": 500,
            "health_check_period_ms": 1000,
            "health_check_failure_threshold": 10,
        }
        head = {"num_cpus": 0, "include_dashboard": False, "_system_config": health, **self._small}
        self._cluster = Cluster(initialize_head=True, head_node_args=head)
        self.nodes = [self.add(), self.add()]
        self.address = str(self._cluster.address)

    def add(self, **options: Any) -> Any:
        """Start a node with one core and a key for buckets."""
        variables = {"PYTHONPATH": python_path(PACKAGES), **KEYS, **options.pop("env_vars", {})}
        return self._cluster.add_node(num_cpus=1, env_vars=variables, **self._small, **options)

    def add_without_edge(self, folder: Path) -> Any:
        """Start a node whose Python has neither edge nor the trainer."""
        (folder / "sitecustomize.py").write_text(WITHOUT_EDGE)
        return self.add(env_vars={"PYTHONPATH": str(folder)})

    def kill(self, node: Any) -> None:
        """End all processes of ``node`` at once."""
        self._cluster.remove_node(node, allow_graceful=False)
        if node in self.nodes:
            self.nodes.remove(node)

    def shutdown(self) -> None:
        """End the cluster."""
        self._cluster.shutdown()
