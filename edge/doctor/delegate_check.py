"""The check of the delegate: whether its library works here, and whether it has something to do with the model."""

from __future__ import annotations

from edge.doctor.check import OK, PROBLEM, WARNING, Check
from edge.doctor.machine_facts import MachineFacts
from edge.inference.delegate import TAKES_NOTHING


def delegate_checks(facts: MachineFacts) -> list[Check]:
    """One check if a delegate was given."""
    if facts.delegate is None:
        return []
    if facts.delegate_error is not None:
        return [Check("delegate", PROBLEM, facts.delegate_error)]
    if facts.delegate_parts == 0:
        fix = "give a model that was made for its device, or leave out --delegate"
        return [Check("delegate", WARNING, f"{facts.delegate} {TAKES_NOTHING}", fix)]
    if facts.delegate_parts is None:
        return [Check("delegate", OK, f"{facts.delegate}: it loads")]
    places = f"{facts.delegate_parts} place{'s' * (facts.delegate_parts > 1)}"
    return [Check("delegate", OK, f"{facts.delegate}: it computes in {places} of the model")]
