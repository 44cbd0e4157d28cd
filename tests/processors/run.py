"""Runs the numeric tests again as other processors would compute them: ``make test-processors``.

Where this machine has no such kernels, a line says so. Arguments are pytest's.
"""

from __future__ import annotations

import os
import platform
import subprocess
import sys
import time

from kinds import PROCESSORS, REPOSITORY, cores, probe, probe_as, told


def main(arguments: list[str]) -> int:
    """Run the tests of each of :data:`PROCESSORS` and sum up; 0 if all passed."""
    here = probe(dict(os.environ))
    assert here is not None, "the tests' own environment does not compute"
    print(f"this machine: {platform.machine()}, {told(here)}", flush=True)
    lines, failed = [], False
    for processor in PROCESSORS:
        found = probe_as(processor, here)
        if found is None:
            lines.append(f"left out: {processor.name}: OpenBLAS has no kernels of {processor.openblas} here")
            print(lines[-1], flush=True)
            continue
        print(f"as {processor.name}: {told(found)}", flush=True)
        began = time.monotonic()
        with cores(processor.cores):
            command = [sys.executable, "-m", "pytest", "-q", "-n", "auto", "--dist=loadgroup", "-m", processor.tests]
            environment = processor.environment(here["numpy"])
            code = subprocess.run([*command, *arguments], cwd=REPOSITORY, env=environment).returncode
        failed |= code != 0
        lines.append(f"{'passed' if code == 0 else 'FAILED'} in {time.monotonic() - began:.0f} s: as {processor.name}")
    print(*lines, sep="\n")
    return int(failed)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
