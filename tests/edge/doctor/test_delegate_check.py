"""The check of a delegate, and what ``edge doctor`` makes of real ones."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from edge.cli import main
from edge.doctor.check import OK, PROBLEM, WARNING
from edge.doctor.delegate_check import delegate_checks
from edge.doctor.machine_facts import MachineFacts
from support.delegates import words

FACTS = MachineFacts("3.11", "x86_64", "1.26", "pi")


def _check(**facts: object) -> tuple[str, str]:
    (check,) = delegate_checks(FACTS._replace(delegate="libx.so", **facts))
    return check.outcome, check.text


def test_each_result() -> None:
    """It loads, it computes in some places, it has nothing to do, or it cannot be used."""
    assert delegate_checks(FACTS) == []
    assert _check() == (OK, "libx.so: it loads")
    assert _check(delegate_parts=1) == (OK, "libx.so: it computes in 1 place of the model")
    assert _check(delegate_parts=2) == (OK, "libx.so: it computes in 2 places of the model")
    assert _check(delegate_parts=0)[0] == WARNING
    assert _check(delegate_error="libx.so crashes") == (PROBLEM, "libx.so crashes")


def test_a_crash_is_a_problem_of_the_delegate_alone(
    delegate_library: Path, int8_model: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """A delegate that crashes when it is made is a problem; the model is then tried without it."""
    monkeypatch.setattr("edge.doctor.runtime_trial.compare_runtimes", lambda *_, **__: None)
    assert main(["doctor", "--json", "--model", str(int8_model), *words(delegate_library, crash="create")]) == 78
    checks = {check["name"]: check for check in json.loads(capsys.readouterr().out)["checks"]}
    assert (checks["delegate"]["outcome"], checks["model"]["outcome"]) == (PROBLEM, OK)
    assert "the process crashed (SIGSEGV)" in checks["delegate"]["text"]
