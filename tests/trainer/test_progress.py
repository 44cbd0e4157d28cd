"""Progress without a terminal: a function that is called, or silence."""

from __future__ import annotations

import pytest

from trainer.progress import SILENT, Progress, Stage, as_progress


def test_a_function_is_called_with_every_step() -> None:
    """It gets the name, what is done so far and the total: once at the start, then for each advance."""
    seen: list[Stage] = []
    with as_progress(seen.append).stage("bottlenecks", 3) as advance:
        advance(1)
        advance(2)
    assert seen == [Stage("bottlenecks", 0, 3), Stage("bottlenecks", 1, 3), Stage("bottlenecks", 3, 3)]


def test_stages_count_apart() -> None:
    """A second stage begins at nothing done; one without a total says None."""
    seen: list[Stage] = []
    progress = Progress(seen.append)
    with progress.stage("head") as advance:
        advance(5)
    with progress.stage("evaluation", 2):
        pass
    assert seen[-1] == Stage("evaluation", 0, 2)
    assert seen[1] == Stage("head", 5, None)


def test_silence(capfd: pytest.CaptureFixture[str]) -> None:
    """Without a function nothing is printed by a stage."""
    with as_progress(None).stage("head", 1) as advance:
        advance(1)
    assert capfd.readouterr() == ("", "")


def test_messages_go_to_the_logger(caplog: pytest.LogCaptureFixture) -> None:
    """A message is a warning of the logger ``trainer``, word for word."""
    SILENT.message("classes are out of balance: 100 % roses")
    assert caplog.record_tuples == [("trainer", 30, "classes are out of balance: 100 % roses")]


def test_a_progress_stays_itself() -> None:
    """What is a Progress already is taken as it is."""
    assert as_progress(SILENT) is SILENT
