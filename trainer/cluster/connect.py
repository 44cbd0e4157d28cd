"""Connecting to a Ray cluster, or starting one on this machine, with a limit of time and one line if it fails."""

from __future__ import annotations

import contextlib
import logging
import os
import re
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from edge.distribution import install_command
from edge.errors import ConfigurationError, UnavailableError, UsageError
from edge.parallel import available_cores
from edge.shorten import shorten
from trainer.bottlenecks.workers import Threads, Workers
from trainer.cluster.cluster_watch import ClusterWatch, is_head
from trainer.cluster.nodes import own_address
from trainer.cluster.ray_workers import RayWorkers
from trainer.progress import Progress

AUTO, LOCAL = "auto", "local"
"""Addresses with a meaning: the cluster that this machine belongs to, and one of this machine alone."""

_KEPT: list[BaseException] = []
"""Errors of lost clusters, with the results on their way in their frames: to free them, Ray would end the process."""

_LOGGERS = ("ray", "ray.data")
_OBJECT_STORE_BYTES = 200 << 20  # of a local cluster: runs and results are small, and /dev/shm of a container may be


@contextlib.contextmanager
def connected(address: str | None, progress: Progress) -> Iterator[Workers]:
    """Workers on the cluster at ``address``: :data:`AUTO`, :data:`LOCAL` or HOST:PORT; without one, threads of here.

    In the end the connection is closed, which ends what still runs for it on the cluster. After Ctrl-C the end of this
    process does that: while results are on their way, Ray's code in C++ may end it with exit code 1 if it is asked to.

    Raises :class:`~edge.errors.UsageError` if it is no address, :class:`~edge.errors.ConfigurationError` if Ray is
    missing or another version, and :class:`~edge.errors.UnavailableError` if the cluster does not answer, or no more.
    """
    if address is None:
        yield Threads()
        return
    _check(address)
    os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")
    os.environ.setdefault("RAY_BACKEND_LOG_LEVEL", "fatal")  # Ray's code in C++ writes to stderr too
    if address == LOCAL:
        os.environ.setdefault("RAY_ENABLE_WINDOWS_OR_OSX_CLUSTER", "0")  # Ray's name for: listen on loopback alone
    import ray

    interrupted, lost, workers, watch = False, False, None, None
    try:
        with Path(os.devnull).open("w") as nowhere, contextlib.redirect_stdout(nowhere):  # Ray writes news there
            with _without_stderr():
                context = _init(ray, address)
            import ray.data

            # A thread of Ray prints what fails on the cluster, after Ctrl-C too, when stdout is here again. There is no
            # option for it; this is what Ray's own debugger does.
            ray._private.worker._worker_logs_enabled = False
            ray.data.DataContext.get_current().enable_progress_bars = False
            for name in _LOGGERS:
                logging.getLogger(name).setLevel(logging.CRITICAL)
            dashboard = f"; its dashboard: http://{context.dashboard_url}" if context.dashboard_url else ""
            workers = RayWorkers(progress)
            head = ray.get_runtime_context().gcs_address
            progress.message(f"connected to the Ray cluster at {head}{dashboard}")
            watch = ClusterWatch(head, own_address())
            with watch.watching():
                yield workers
    except BaseException as error:
        interrupted = isinstance(error, KeyboardInterrupt)
        if lost := watch is not None and watch.is_lost():
            _KEPT.append(error)
        raise
    finally:
        # That cluster would outlive this process. What is lost cannot be closed, and Ray would wait for it.
        if (not interrupted or address == LOCAL) and not lost:
            if workers is not None:
                workers.close()
            ray.shutdown()  # also after an _init that failed half-way
        for name in _LOGGERS:
            logging.getLogger(name).setLevel(logging.NOTSET)


@contextlib.contextmanager
def _without_stderr() -> Iterator[None]:
    """Close stderr to code in C++, which says there at its start that it will be silent, and why it cannot connect."""
    kept = os.dup(2)
    with Path(os.devnull).open("w") as nowhere:
        os.dup2(nowhere.fileno(), 2)
    try:
        yield
    finally:
        os.dup2(kept, 2)
        os.close(kept)


def _check(address: str) -> None:
    """Find out what can be found out without Ray, which waits long and writes much."""
    if find_spec("ray") is None:
        raise ConfigurationError(f"--ray needs Ray: {install_command('ray')}")
    if address in (AUTO, LOCAL):
        return
    found = re.fullmatch(r"([^\s/:]+|\[[0-9a-fA-F:]+\]):(\d{1,5})", address)
    if found is None or not 0 < int(found[2]) < 65536:
        raise UsageError(f"--ray {shorten(address)}: give {AUTO}, {LOCAL} or HOST:PORT of the cluster's head")
    try:
        speaks_http2 = is_head(address)
    except OSError as error:
        raise UnavailableError(
            f"--ray {address}: no cluster answers ({error.strerror or error}); start it there: ray start --head"
        ) from None
    if not speaks_http2:
        raise UnavailableError(
            f"--ray {address}: no Ray cluster answers; give the address that 'ray start --head' says"
        )


def _init(ray: Any, address: str) -> Any:
    quiet = {"log_to_driver": False, "logging_level": logging.CRITICAL}
    try:
        if address != LOCAL:
            return ray.init(address=address, **quiet)
        return ray.init(address=LOCAL, num_cpus=available_cores(), object_store_memory=_OBJECT_STORE_BYTES, **quiet)
    except ConnectionError as error:
        if address == AUTO:
            raise UnavailableError(
                f"--ray {AUTO}: this machine belongs to no cluster; join one with ray start --address=HEAD:6379, or "
                f"give --ray {LOCAL}"
            ) from None
        raise UnavailableError(f"--ray {address}: {_line(error)}") from None
    except (RuntimeError, ValueError, TimeoutError) as error:
        text = _line(error)
        if "ersion mismatch" in text:
            raise ConfigurationError(
                f"--ray {address}: the cluster has another version of Ray or Python; install the same on all machines "
                f"({text})"
            ) from None
        raise UnavailableError(
            f"--ray {address}: cannot connect; this machine must be a node of the cluster: ray start "
            f"--address={address} --num-cpus=0 ({text})"
        ) from None


def _line(error: BaseException) -> str:
    return shorten(" ".join(str(error).split()), 300)
