"""What errors of Ray mean, in one line of this project."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator

from edge.errors import ConfigurationError, EdgeError, StorageError, UnavailableError
from edge.shorten import shorten

_MEMORY = "a worker had to end because its node has too little memory"
_DISK = "the disk of a node, on which Ray keeps its objects, is full (/tmp/ray)"


@contextlib.contextmanager
def explained() -> Iterator[None]:
    """Errors of Ray in the block become errors of this project; a bug stays as it is.

    Raises the error of a worker, :class:`~edge.errors.ConfigurationError` of a worker that would not start,
    :class:`~edge.errors.StorageError` if a node has no room for results, and
    :class:`~edge.errors.UnavailableError` if the cluster is lost, or workers die again and again.
    """
    import ray

    try:
        yield
    except (ray.exceptions.RayError, ConnectionError) as error:
        raise _explain(error) from None
    except OSError as error:
        if error.errno is not None:
            raise
        raise _explain(error) from None  # of Ray's code in C++: the node of this machine is gone


def why_failed(error: BaseException) -> str:
    """Why the first task on a node failed with ``error`` of Ray, in words."""
    import ray

    if isinstance(error, ray.exceptions.OutOfMemoryError):
        return "it has too little memory: free some there"
    if isinstance(error, ray.exceptions.WorkerCrashedError):
        return "its workers die: make sure that its disk (/tmp/ray) and its memory are not full"
    return f"it failed ({' '.join(str(error).split())[-200:]})"


def _explain(error: BaseException) -> BaseException:
    import ray

    found: BaseException | None = error
    while found is not None:
        if isinstance(found, EdgeError):
            return found
        if isinstance(found, (ray.exceptions.OutOfDiskError, ray.exceptions.ObjectStoreFullError)):
            return StorageError(f"{_DISK}; free some space there and run again to go on")
        if isinstance(found, ray.exceptions.OutOfMemoryError):
            return UnavailableError(f"{_MEMORY}; free some, or start it with fewer cores, and run again to go on")
        found = getattr(found, "cause", None) or found.__cause__
    text = str(error)
    if "ConfigurationError: " in text:  # of an actor that would not start: Ray keeps its text alone
        return ConfigurationError(text.rpartition("ConfigurationError: ")[2].splitlines()[0])
    line = shorten(" ".join(text.split()), 200)
    if isinstance(error, ray.exceptions.RayActorError):
        why = "a photo may be what ends them, or their nodes are lost"
        return UnavailableError(f"workers of the cluster die again and again ({line}): {why}; run again to go on")
    is_bug: bool = isinstance(error, ray.exceptions.RayTaskError)
    return error if is_bug else UnavailableError(f"the cluster is lost ({line}); run again to go on")
