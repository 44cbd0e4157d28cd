"""Many targets: which are started, in which order, and what a failure stops."""

from __future__ import annotations

import threading

import pytest

from edge.errors import ModelError, UnavailableError
from trainer.flash.device_result import FAILED, FLASHED, NOT_STARTED, DeviceResult
from trainer.flash.exit_code import exit_code_of
from trainer.flash.rollout import Rollout, roll_out
from trainer.flash.target import Target

TARGETS = [Target.parse(f"pi{number}") for number in range(5)]


def states(rollout: Rollout, failing: set[str]) -> tuple[list[str], list[str]]:
    """The state of every target, and the names of the started ones in their order."""
    started: list[str] = []

    def work(target: Target) -> DeviceResult:
        started.append(target.name)
        if target.name in failing:
            raise UnavailableError("it does not answer")
        return DeviceResult(target.name, FLASHED)

    results = roll_out(TARGETS, work, rollout, threading.Event())
    assert [result.target for result in results] == [target.name for target in TARGETS]
    return [result.state for result in results], started


def test_a_failure_does_not_stop_the_others() -> None:
    """One of five is down; four are flashed."""
    assert states(Rollout(), {"pi1"})[0] == [FLASHED, FAILED, FLASHED, FLASHED, FLASHED]


def test_a_canary_that_fails_stops_all_others() -> None:
    """Both canaries are started, and no other target."""
    found, started = states(Rollout(canary=2), {"pi0"})
    assert found == [FAILED, FLASHED, NOT_STARTED, NOT_STARTED, NOT_STARTED]
    assert sorted(started) == ["pi0", "pi1"]


def test_a_failure_after_the_canaries_stops_no_target() -> None:
    """Only the failure of a canary stops other targets."""
    assert states(Rollout(canary=1), {"pi2"})[0] == [FLASHED, FLASHED, FAILED, FLASHED, FLASHED]


def test_abort_on_failure_starts_no_further_target() -> None:
    """With one job, the targets before the failure are done and those after it are not started."""
    found, started = states(Rollout(jobs=1, abort_on_failure=True), {"pi2"})
    assert found == [FLASHED, FLASHED, FAILED, NOT_STARTED, NOT_STARTED]
    assert started == ["pi0", "pi1", "pi2"]


def test_no_more_than_jobs_targets_run_at_the_same_time() -> None:
    """With two jobs, two targets run at the same time and never three."""
    running, most = 0, 0
    lock, both = threading.Lock(), threading.Barrier(2, timeout=30)

    def work(target: Target) -> DeviceResult:
        nonlocal running, most
        with lock:
            running += 1
            most = max(most, running)
        if target.name in ("pi0", "pi1"):
            both.wait()
        with lock:
            running -= 1
        return DeviceResult(target.name, FLASHED)

    roll_out(TARGETS, work, Rollout(jobs=2), threading.Event())
    assert most == 2


def test_a_bug_keeps_its_traceback_and_the_results_of_the_others(capsys: pytest.CaptureFixture[str]) -> None:
    """Any error is the failure of its target alone; one that is not an EdgeError is printed whole."""

    def work(target: Target) -> DeviceResult:
        if target.name == "pi1":
            raise ZeroDivisionError("no")
        return DeviceResult(target.name, FLASHED)

    results = roll_out(TARGETS, work, Rollout(), threading.Event())
    assert [result.target for result in results if not result.succeeded] == ["pi1"]
    assert results[1].detail == "a bug of this program (ZeroDivisionError); please report it with the lines above"
    assert results[1].exit_code == 1
    assert capsys.readouterr().err.endswith("ZeroDivisionError: no\n")


def test_the_exit_code_is_69_if_a_host_was_unavailable() -> None:
    """0 if all succeeded; 69 even if another target failed first; else the code of the first failure."""
    succeeded = DeviceResult("a", FLASHED)
    refused = DeviceResult.failed("b", ModelError("refused"), 1)
    down = DeviceResult.failed("c", UnavailableError("down"), 1)
    assert exit_code_of([succeeded]) == 0
    assert exit_code_of([succeeded, refused]) == 65
    assert exit_code_of([succeeded, refused, down]) == 69
