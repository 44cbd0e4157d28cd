"""The parsers that a fuzzer runs: what each may raise, and how a run of the fuzzer is read."""

from __future__ import annotations

import importlib.util
from pathlib import Path
from random import Random

import pytest

from benchmarks.device.hostile import parsers
from benchmarks.device.hostile.case import CaseResult, Ended, count_by_area
from benchmarks.device.hostile.parser_targets import TARGETS
from edge.errors import ConfigurationError

DONE = "stat::number_of_executed_units: 5000\n"


@pytest.mark.parametrize("name", TARGETS)
def test_a_parser_raises_only_its_errors(name: str) -> None:
    """Good inputs, and thirty of them cut or changed, end without another error than those of the parser."""
    target, random = TARGETS[name], Random(18)
    corpus = target.corpus()
    assert all(corpus)
    changed = [bytes([byte ^ 1 << random.randrange(8) for byte in random.choice(corpus)[:2000]]) for _ in range(10)]
    cut = [one[: random.randrange(len(one))] for one in random.choices(corpus, k=20)]
    for content in (*corpus, *changed, *cut, b""):
        try:
            target.parse(content)
        except target.errors as error:
            assert "\n" not in str(error)


@pytest.mark.parametrize(
    ("said", "code", "stopped", "expected"),
    [
        (DONE, 0, False, ("ok", 5000)),
        (f"=== Uncaught Python exception: ===\nIndexError: x\n{DONE}", 77, False, ("traceback", 5000)),
        (f"ERROR: libFuzzer: timeout after 10 seconds\n{DONE}", 70, False, ("hang", 5000)),
        (f"ERROR: libFuzzer: out-of-memory (used: 401Mb; limit: 400Mb)\n{DONE}", 71, False, ("peak", 5000)),
        ("==1== ERROR: libFuzzer: deadly signal\n", 77, False, ("signal", 1)),
        ("", -11, False, ("signal", 1)),
        ("", -9, True, ("hang", 1)),
    ],
)
def test_what_a_run_of_the_fuzzer_means(said: str, code: int, stopped: bool, expected: tuple[str, int]) -> None:
    """Its messages tell the kind of a fault, and the number of its inputs is that of the cases."""
    result = parsers._result("manifest", Ended(code, "", said, 1.0, 1, stopped))
    assert (result.result, result.cases) == expected


def test_inputs_are_counted_as_cases() -> None:
    """A run of a fuzzer stands for as many cases as it had inputs, and for one fault."""
    results = [CaseResult("parsers", "a", "ok", cases=5000), CaseResult("parsers", "b", "hang", cases=7)]
    (row,) = count_by_area(results)
    assert (row["cases"], row["hang"]) == (5007, 1)


def test_the_fuzzer_is_named_if_it_is_missing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without atheris the area ends with one line."""
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    with pytest.raises(ConfigurationError, match="the parsers need a fuzzer: pip install atheris"):
        next(parsers.cases(tmp_path, 1))
