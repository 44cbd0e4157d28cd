"""Work on many targets: first the canaries, then several at the same time, and none after a failure if wanted."""

from __future__ import annotations

import threading
import time
import traceback
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor, wait
from typing import NamedTuple

from edge.errors import EdgeError, UnavailableError
from trainer.flash.device_result import NOT_STARTED, DeviceResult
from trainer.flash.target import Target

Work = Callable[[Target], DeviceResult]
"""Does the work for one target; an exception is the failure of that target alone."""


class Rollout(NamedTuple):
    """``jobs`` targets at the same time, the first ``canary`` before all others.

    With ``abort_on_failure`` no further target is started after a failure.
    """

    jobs: int = 8
    canary: int = 0
    abort_on_failure: bool = False


def roll_out(targets: list[Target], work: Work, rollout: Rollout, stopping: threading.Event) -> list[DeviceResult]:
    """Do ``work`` for every target and return the results in the order of ``targets``.

    After the failure of a canary, or of any target if ``abort_on_failure`` is set, no further target is started. Any
    other failure stops no target. The targets that were not started have the state
    :data:`~trainer.flash.device_result.NOT_STARTED`.

    A :class:`KeyboardInterrupt` sets ``stopping``, waits for the running targets and is raised again. ``work``
    must end soon after ``stopping`` is set.
    """
    failed: list[str] = []
    results: dict[Target, DeviceResult] = {}

    def run(target: Target) -> None:
        if stopping.is_set() or (failed and rollout.abort_on_failure):
            return
        result = results[target] = _attempt(target, work)
        if not result.succeeded:
            failed.append(target.name)

    def run_all(group: list[Target]) -> None:
        with ThreadPoolExecutor(max_workers=max(1, min(rollout.jobs, len(group)))) as pool:
            futures = [pool.submit(run, target) for target in group]
            try:
                wait(futures)
            except KeyboardInterrupt:
                stopping.set()
                pool.shutdown(cancel_futures=True)
                raise

    canaries, others = targets[: rollout.canary], targets[rollout.canary :]
    if canaries:
        run_all(canaries)
    if not (canaries and failed):
        run_all(others)
    return [results.get(target) or _not_started(target, failed) for target in targets]


def _attempt(target: Target, work: Work) -> DeviceResult:
    started = time.monotonic()
    try:
        return work(target)._replace(duration_s=time.monotonic() - started)
    except EdgeError as error:
        return DeviceResult.failed(target.name, error, time.monotonic() - started)
    except Exception as error:  # a bug: the results of the other targets must not be lost with it
        traceback.print_exc()
        bug = EdgeError(f"a bug of this program ({type(error).__name__}); please report it with the lines above")
        return DeviceResult.failed(target.name, bug, time.monotonic() - started)


def _not_started(target: Target, failed: list[str]) -> DeviceResult:
    detail = f"because {failed[0]} failed; fix that and run the same command again"
    return DeviceResult(target.name, NOT_STARTED, detail, exit_code=UnavailableError.exit_code)
