"""What errors of Ray become; those that a real cluster gives are in the other tests."""

from __future__ import annotations

import pytest

from edge.errors import EdgeError, StorageError, UnavailableError
from trainer.cluster.errors_of_ray import explained, why_failed

exceptions = pytest.importorskip("ray.exceptions", reason="the extra ray is not installed")


@pytest.mark.parametrize(
    ("name", "expected", "told"),
    [
        (
            "OutOfDiskError",
            StorageError,
            r"^the disk of a node, .* is full \(/tmp/ray\); free some space there and run",
        ),
        ("ObjectStoreFullError", StorageError, "^the disk of a node, "),
        (
            "OutOfMemoryError",
            UnavailableError,
            "^a worker had to end because its node has too little memory; free some",
        ),
        ("NodeDiedError", UnavailableError, r"^the cluster is lost \(some details\); run again to go on$"),
        ("RayActorError", UnavailableError, r"^workers of the cluster die again and again \("),
    ],
)
def test_one_line_with_what_to_do(name: str, expected: type[EdgeError], told: str) -> None:
    """Also if it is behind the error of a task."""
    error = getattr(exceptions, name)(*[] if name == "RayActorError" else ["some\n details"])
    with pytest.raises(expected, match=told), explained():
        raise error
    if name.startswith("O"):
        with pytest.raises(expected, match=told), explained():
            raise exceptions.RayTaskError("map", "a traceback", error)


def test_our_own_errors_and_bugs_stay() -> None:
    """A worker's error comes as it was raised; a bug keeps its traceback."""
    own = StorageError("s: no answer")
    with pytest.raises(StorageError) as told, explained():
        raise exceptions.RayTaskError("map", "a traceback", own)
    assert told.value is own
    bug = exceptions.RayTaskError("map", "a traceback", KeyError("bug"))
    with pytest.raises(exceptions.RayTaskError) as kept, explained():
        raise bug
    assert kept.value is bug


def test_why_a_node_is_left_out() -> None:
    """Its memory, its workers, or the end of what Ray says."""
    assert why_failed(exceptions.OutOfMemoryError("much text")) == "it has too little memory: free some there"
    assert why_failed(exceptions.WorkerCrashedError()).startswith("its workers die: make sure that its disk (/tmp/ray)")
    assert why_failed(exceptions.NodeDiedError("a\nb")) == "it failed (a b)"
