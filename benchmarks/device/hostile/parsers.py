"""The parsers of bytes from outside, fuzzed by atheris: changes that reach new lines of code are changed further."""

from __future__ import annotations

import importlib.util
import re
import sys
from collections.abc import Iterator
from pathlib import Path

from benchmarks.device.hostile.case import HANG_S, PEAK_BYTES, CaseResult, Ended, Result, run_limited
from benchmarks.device.hostile.parser_targets import TARGETS
from edge.errors import ConfigurationError

_AREA = "parsers"
_RUNS = 150_000  # of one parser
_TIME_S = 180.0  # the longest time of one parser
_PATIENCE_S = 120.0
_MEMORY_MB = int(PEAK_BYTES / 1e6)
_DONE = re.compile(r"^stat::number_of_executed_units: (\d+)", re.MULTILINE)
_FAULTS: dict[str, Result] = {
    "Uncaught Python exception": "traceback",
    "libFuzzer: timeout": "hang",
    "libFuzzer: out-of-memory": "peak",
    "libFuzzer: deadly signal": "signal",
}


def cases(folder: Path, seed: int) -> Iterator[CaseResult]:
    """Fuzz each parser of :data:`~benchmarks.device.hostile.parser_targets.TARGETS`, up to its first fault.

    Raises :class:`~edge.errors.ConfigurationError` if atheris is missing.
    """
    if importlib.util.find_spec("atheris") is None:
        raise ConfigurationError("the parsers need a fuzzer: pip install atheris")
    for number, name in enumerate(TARGETS):
        yield fuzz(name, folder / str(number), seed)


def fuzz(name: str, folder: Path, seed: int, runs: int = _RUNS) -> CaseResult:
    """Fuzz the parser ``name`` with ``runs`` inputs; ``folder``, which is made, keeps those that are worth it."""
    folder.mkdir()
    options = {
        "runs": runs,
        "seed": seed,
        "max_total_time": int(_TIME_S),
        "timeout": int(HANG_S),
        "rss_limit_mb": _MEMORY_MB,
        "print_final_stats": 1,
        "verbosity": 0,
        "artifact_prefix": f"{folder}/fault-",
    }
    command = [sys.executable, "-m", "benchmarks.device.hostile.parser_process", name, str(folder / "corpus")]
    ended = run_limited(
        [*command, *(f"-{key}={value}" for key, value in options.items())], limit_s=_TIME_S + _PATIENCE_S
    )
    return _result(name, ended)


def _result(name: str, ended: Ended) -> CaseResult:
    said = ended.out + ended.err
    done = _DONE.search(said)
    inputs = int(done[1]) if done else 0
    fault = next((result for text, result in _FAULTS.items() if text in said), None)
    if fault is None and ended.code == 0 and inputs:
        return CaseResult(_AREA, name, "ok", cases=inputs)
    lines = [line for line in said.splitlines() if line.strip()]
    at = next((index for index, line in enumerate(lines) if any(text in line for text in _FAULTS)), len(lines) - 2)
    detail = " | ".join(lines[at : at + 12])[:2000]
    return CaseResult(_AREA, name, fault or ("hang" if ended.stopped else "signal"), detail, max(inputs, 1))
