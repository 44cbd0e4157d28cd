"""Runs the numeric tests again as other processors would compute them: ``make test-processors``.

If this machine cannot compute like one of them, a line says so. ``--rest`` leaves out those as which the oldest and the
newest Python run their tests (``make pythons PYTHONS=--ends``). Other arguments are pytest's.

A processor of one core would leave the other cores of this machine idle. Its tests run beside those of the other
processors, and their output is printed when they have ended.
"""

from __future__ import annotations

import contextlib
import os
import platform
import subprocess
import sys
import tempfile
import time
from typing import IO, Any, NamedTuple

from kinds import PROCESSORS, REPOSITORY, Processor, cores, description, probe, probe_as


class Run(NamedTuple):
    """The running tests of one processor, and the file of their output (None: this program's own)."""

    processor: Processor
    began: float
    process: subprocess.Popen[bytes]
    output: IO[bytes] | None

    def end(self) -> tuple[bool, str]:
        """Wait for the end and print the output; whether all tests passed, and the line that says so."""
        passed = self.process.wait() == 0
        took_s = time.monotonic() - self.began
        if self.output:
            self.output.seek(0)
            print(self.output.read().decode(errors="replace"), flush=True)
        return passed, f"{'passed' if passed else 'FAILED'} in {took_s:.0f} s: as {self.processor.name}"


def main(arguments: list[str]) -> int:
    """Run the tests of each of :data:`PROCESSORS` and sum up; 0 if all passed, 1 if one failed or none could run."""
    rest = "--rest" in arguments
    arguments = [argument for argument in arguments if argument != "--rest"]
    here = probe(dict(os.environ))
    assert here is not None, "the tests' own environment does not compute"
    print(f"this machine: {platform.machine()}, {description(here)}", flush=True)
    lines, beside, results = [], [], []
    with contextlib.ExitStack() as files:
        for processor in sorted(PROCESSORS, key=lambda one: one.cores is None):
            if rest and processor.with_python:
                continue
            found = probe_as(processor, here)
            if found is None:
                lines.append(f"skipped: {processor.name}: this machine cannot compute like it")
                print(lines[-1], flush=True)
                continue
            print(f"as {processor.name}: {description(found)}", flush=True)
            if processor.cores:
                output = files.enter_context(tempfile.TemporaryFile())
                beside.append(_start(processor, here, arguments, output))
            else:
                results.append(_start(processor, here, arguments, None).end())
        results += [run.end() for run in beside]
    print(*(line for _, line in results), *lines, sep="\n")
    if not results:
        print("nothing was tested: this machine cannot compute like any of these processors", file=sys.stderr)
    return int(not results or not all(passed for passed, _ in results))


def _start(processor: Processor, here: dict[str, Any], arguments: list[str], output: IO[bytes] | None) -> Run:
    command = [sys.executable, "-m", "pytest", "-q", "-n", "auto", "--dist=loadgroup", "-p", "no:cacheprovider"]
    command += ["-m", processor.tests, *arguments]
    environment = processor.environment(here["numpy"])
    with cores(processor.cores):
        process = subprocess.Popen(command, cwd=REPOSITORY, env=environment, stdout=output, stderr=output)
    return Run(processor, time.monotonic(), process, output)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
