"""Many targets at once: some first, so many side by side, and none begun after a failure where that is asked for."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor, wait
from typing import NamedTuple

from edge.errors import EdgeError, UnavailableError
from trainer.flash.outcome import NOT_STARTED, Outcome
from trainer.flash.target import Target

Work = Callable[[Target], Outcome]
"""Does one target; an :class:`~edge.errors.EdgeError` is that target's failure."""


class Rollout(NamedTuple):
    """``jobs`` targets at once; the first ``canary`` alone before all others; whether a failure stops the rest."""

    jobs: int = 8
    canary: int = 0
    abort_on_failure: bool = False


def roll_out(targets: list[Target], work: Work, rollout: Rollout, stopping: threading.Event) -> list[Outcome]:
    """Do ``work`` for every target and return the outcomes in the order of ``targets``.

    A target's failure never keeps others from being done, unless it is a canary or ``abort_on_failure`` is set; then
    the outcome of those that were not begun is :data:`~trainer.flash.outcome.NOT_STARTED`.

    A :class:`KeyboardInterrupt` sets ``stopping``, on which ``work`` is to end soon, and waits for what runs.
    """
    failed: list[str] = []
    outcomes: dict[Target, Outcome] = {}

    def run(target: Target, patient: bool) -> None:
        if stopping.is_set() or (failed and not patient):
            return
        outcome = outcomes[target] = _attempt(target, work)
        if not outcome.good:
            failed.append(target.name)

    def finish(group: list[Target], patient: bool) -> None:
        with ThreadPoolExecutor(max_workers=max(1, min(rollout.jobs, len(group)))) as pool:
            futures = [pool.submit(run, target, patient) for target in group]
            try:
                wait(futures)
            except KeyboardInterrupt:
                stopping.set()
                pool.shutdown(cancel_futures=True)
                raise
        for future in futures:
            future.result()  # a bug keeps its traceback

    canaries, rest = targets[: rollout.canary], targets[rollout.canary :]
    if canaries:
        finish(canaries, patient=not rollout.abort_on_failure)
    if not (canaries and failed):
        finish(rest, patient=not rollout.abort_on_failure)
    return [outcomes.get(target) or _not_started(target, failed) for target in targets]


def _attempt(target: Target, work: Work) -> Outcome:
    started = time.monotonic()
    try:
        return work(target)._replace(duration_s=time.monotonic() - started)
    except EdgeError as error:
        return Outcome.failed(target.name, error, time.monotonic() - started)


def _not_started(target: Target, failed: list[str]) -> Outcome:
    detail = f"because {failed[0]} failed; mend that and run the same command again"
    return Outcome(target.name, NOT_STARTED, detail, UnavailableError.exit_code)
