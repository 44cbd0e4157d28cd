"""Faults of a real mosquitto and around it, while a real ``edge watch`` publishes to it."""

from __future__ import annotations

import functools
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

from benchmarks.device.hostile.broker_faults import FAULTS
from benchmarks.device.hostile.broker_scene import Scene
from benchmarks.device.hostile.broker_starts import CERTIFIED, REFUSED, STARTS
from benchmarks.device.hostile.case import CaseResult, Ended, as_result, fault_of
from benchmarks.device.hostile.certificates import make_certificates
from benchmarks.device.hostile.mqtt_scene import WatchProcess, stream
from edge.errors import EdgeError

_AREA = "brokers"

Fault = Callable[[Scene], "str | None"]
"""Does a fault, and returns None, or what is wrong afterwards; ``hang`` in it means that it did not recover in time."""


def cases(folder: Path, _: int) -> Iterator[CaseResult]:
    """Run all faults."""
    certificates = make_certificates(folder / "certificates")
    with stream() as source:
        certified = {name: functools.partial(fault, certificates=certificates) for name, fault in CERTIFIED.items()}
        faults: dict[str, Fault] = {**FAULTS, **STARTS, **certified}
        for number, (name, fault) in enumerate(faults.items()):
            yield run_fault(name, fault, Scene(folder / str(number), source))
        for name, address in REFUSED.items():
            watch = WatchProcess(source, "--mqtt", address)
            ended = _ended(watch)
            yield _result(f"address: {name}", [ended], None if ended.code == 2 else f"exit code {ended.code}")


def _ended(watch: WatchProcess) -> Ended:
    """How ``edge watch`` ends by itself, or at the time limit."""
    try:
        watch.process.wait(30)
    except subprocess.TimeoutExpired:
        return watch.end()._replace(stopped=True)
    return watch.end()


def run_fault(name: str, fault: Fault, scene: Scene) -> CaseResult:
    """The result of ``fault``; everything that ``scene`` has started is ended."""
    try:
        wrong = fault(scene)
    except (OSError, EdgeError) as error:
        wrong = f"the case itself failed: {error}"
    finally:
        scene.end()
    return _result(name, scene.ended, wrong)


def _result(name: str, ended: list[Ended], wrong: str | None) -> CaseResult:
    for one in ended:
        if (found := fault_of(one)) != "ok":
            return CaseResult(_AREA, name, found, (one.err.strip().splitlines() or [""])[-1][:300])
    return as_result(_AREA, name, wrong)
