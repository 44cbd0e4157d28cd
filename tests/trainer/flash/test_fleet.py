"""Many targets: who is begun, in which order, and what a failure stops."""

from __future__ import annotations

import threading

import pytest

from edge.errors import ModelError, UnavailableError
from trainer.flash.fleet import Rollout, roll_out
from trainer.flash.outcome import FAILED, FLASHED, NOT_STARTED, Outcome, exit_code
from trainer.flash.target import Target

TARGETS = [Target.parse(f"pi{number}") for number in range(5)]


def states(rollout: Rollout, broken: set[str]) -> tuple[list[str], list[str]]:
    """The state of every target, and the names in the order in which they were begun."""
    begun: list[str] = []

    def work(target: Target) -> Outcome:
        begun.append(target.name)
        if target.name in broken:
            raise UnavailableError("does not answer")
        return Outcome(target.name, FLASHED)

    outcomes = roll_out(TARGETS, work, rollout, threading.Event())
    assert [outcome.target for outcome in outcomes] == [target.name for target in TARGETS]
    return [outcome.state for outcome in outcomes], begun


def test_a_failure_leaves_the_others_alone() -> None:
    """One of five is down; four are flashed."""
    assert states(Rollout(), {"pi1"})[0] == [FLASHED, FAILED, FLASHED, FLASHED, FLASHED]


def test_a_canary_that_fails_stops_all_others() -> None:
    """The two canaries are both tried, and nobody else is touched."""
    found, begun = states(Rollout(canary=2), {"pi0"})
    assert found == [FAILED, FLASHED, NOT_STARTED, NOT_STARTED, NOT_STARTED]
    assert sorted(begun) == ["pi0", "pi1"]


def test_after_canaries_that_live_a_failure_stops_nobody() -> None:
    """A canary guards the others, not each from each."""
    assert states(Rollout(canary=1), {"pi2"})[0] == [FLASHED, FLASHED, FAILED, FLASHED, FLASHED]


def test_abort_on_failure_begins_nobody_else() -> None:
    """What was begun before is finished; with one job that is everything before the failure."""
    found, begun = states(Rollout(jobs=1, abort_on_failure=True), {"pi2"})
    assert found == [FLASHED, FLASHED, FAILED, NOT_STARTED, NOT_STARTED]
    assert begun == ["pi0", "pi1", "pi2"]


def test_so_many_at_once_and_no_more() -> None:
    """Two jobs: a third target is begun only when one of two has ended."""
    running, most = 0, 0
    lock, both = threading.Lock(), threading.Barrier(2, timeout=30)

    def work(target: Target) -> Outcome:
        nonlocal running, most
        with lock:
            running += 1
            most = max(most, running)
        if target.name in ("pi0", "pi1"):
            both.wait()
        with lock:
            running -= 1
        return Outcome(target.name, FLASHED)

    roll_out(TARGETS, work, Rollout(jobs=2), threading.Event())
    assert most == 2


def test_a_bug_keeps_its_traceback() -> None:
    """Only expected errors become outcomes."""
    with pytest.raises(ZeroDivisionError):
        roll_out(TARGETS, lambda target: 1 / 0, Rollout(), threading.Event())  # type: ignore[arg-type, return-value]


def test_the_exit_code_tells_of_unavailable_hosts_first() -> None:
    """0 only where all are good; 69 wins over a refused model, else the first failure's code counts."""
    good = Outcome("a", FLASHED)
    refused = Outcome.failed("b", ModelError("refused"), 1)
    down = Outcome.failed("c", UnavailableError("down"), 1)
    assert exit_code([good]) == 0
    assert exit_code([good, refused]) == 65
    assert exit_code([good, refused, down]) == 69
