"""Runs the numeric tests again as other processors would compute them: ``make test-processors``.

If this machine cannot compute like one of them, a line says so. Arguments are pytest's.
"""

from __future__ import annotations

import os
import platform
import subprocess
import sys
import time

from kinds import PROCESSORS, REPOSITORY, cores, description, probe, probe_as


def main(arguments: list[str]) -> int:
    """Run the tests of each of :data:`PROCESSORS` and sum up; 0 if all passed, 1 if one failed or none could run."""
    here = probe(dict(os.environ))
    assert here is not None, "the tests' own environment does not compute"
    print(f"this machine: {platform.machine()}, {description(here)}", flush=True)
    lines, runs, failed = [], 0, False
    for processor in PROCESSORS:
        found = probe_as(processor, here)
        if found is None:
            lines.append(f"skipped: {processor.name}: this machine cannot compute like it")
            print(lines[-1], flush=True)
            continue
        print(f"as {processor.name}: {description(found)}", flush=True)
        began = time.monotonic()
        with cores(processor.cores):
            command = [sys.executable, "-m", "pytest", "-q", "-n", "auto", "--dist=loadgroup", "-m", processor.tests]
            environment = processor.environment(here["numpy"])
            code = subprocess.run([*command, *arguments], cwd=REPOSITORY, env=environment).returncode
        runs += 1
        failed |= code != 0
        lines.append(f"{'passed' if code == 0 else 'FAILED'} in {time.monotonic() - began:.0f} s: as {processor.name}")
    print(*lines, sep="\n")
    if not runs:
        print("nothing was tested: this machine cannot compute like any of these processors", file=sys.stderr)
    return int(failed or not runs)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
