"""Runs the numeric tests again as other processors would compute them: ``make test-processors``.

NumPy, OpenBLAS, LiteRT, TensorFlow and Pillow choose their kernels by the processor that they find, and each can be
told to take those of another one. Where this machine has no such kernels, a line says so. Arguments are pytest's.
"""

from __future__ import annotations

import json
import os
import platform
import re
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple

HERE = Path(__file__).parent
REPOSITORY = HERE.parents[1]

PROBE = """
import json, sys
import numpy as np
import scipy.linalg
from threadpoolctl import threadpool_info
try:
    from numpy._core._multiarray_umath import __cpu_dispatch__, __cpu_features__
except ImportError:
    from numpy.core._multiarray_umath import __cpu_dispatch__, __cpu_features__
from edge.inference.interpreter import ImageInterpreter
from edge.modelfile.model_file import ModelFile
square = np.ones((300, 300))
assert (square @ square == 300).all()
interpreter = ImageInterpreter(ModelFile.load(sys.argv[1]), runtime="litert")
operators = [detail["op_name"] for detail in interpreter._interpreter._get_ops_details()]
print(json.dumps({
    "openblas": sorted({library.get("architecture", "") for library in threadpool_info()} - {""}),
    "numpy": [feature for feature in __cpu_dispatch__ if __cpu_features__[feature]],
    "xnnpack": "DELEGATE" in operators,
}))
"""


class Processor(NamedTuple):
    """One way to compute.

    ``openblas`` is the kind of processor that OpenBLAS shall take this one for, None for its own choice;
    ``without`` the pattern of NumPy's features that shall not be used; the rest says whether LiteRT uses XNNPACK,
    whether TensorFlow uses oneDNN and Pillow the vector instructions for JPEG files, and how many cores there are.
    ``tests`` is pytest's expression of the marks of the tests to run.
    """

    name: str
    openblas: str | None
    without: str
    xnnpack: bool = True
    vectors: bool = True
    cores: int | None = None
    tests: str = "numeric and not tensorflow"

    def environment(self, features: list[str]) -> dict[str, str]:
        """The variables that bring it about, where NumPy finds ``features`` that can be switched off."""
        disabled = " ".join(feature for feature in features if re.fullmatch(self.without, feature))
        found = {"NPY_DISABLE_CPU_FEATURES": disabled} if disabled else {}
        if self.openblas is not None:
            found["OPENBLAS_CORETYPE"] = self.openblas
        if not self.vectors:
            found |= {"TF_ENABLE_ONEDNN_OPTS": "0", "JSIMD_FORCENONE": "1"}
        paths = [] if self.xnnpack else [str(HERE / "without_xnnpack")]
        return {**os.environ, **found, "PYTHONPATH": os.pathsep.join([*paths, str(REPOSITORY)])}


PROCESSORS = (
    Processor("an Intel of 2013, or an AMD Zen", "Haswell", r"AVX512.*|X86_V4"),
    Processor("an Intel of 2011, on one core", "Sandybridge", r"AVX512.*|X86_V[34]|AVX2|FMA3|F16C", cores=1),
    Processor("a processor that XNNPACK does not know", "Zen", r"AVX512.*|X86_V4", xnnpack=False),
    Processor("the least that runs", "Prescott", r".*", xnnpack=False, vectors=False, tests="numeric"),
)


def main(arguments: list[str]) -> int:
    """Run the tests of each of :data:`PROCESSORS` and sum up; 0 if all passed."""
    here = _probe(dict(os.environ))
    assert here is not None, "the tests' own environment does not compute"
    print(f"this machine: {platform.machine()}, {_told(here)}", flush=True)
    lines, failed = [], False
    for processor in PROCESSORS:
        environment = processor.environment(here["numpy"])
        found = _probe(environment)
        if found is None or (processor.openblas and processor.openblas not in found["openblas"]):
            lines.append(f"left out: {processor.name}: there are no kernels of {processor.openblas} here")
            print(lines[-1], flush=True)
            continue
        print(f"as {processor.name}: {_told(found)}", flush=True)
        assert processor.xnnpack or not found["xnnpack"], "XNNPACK is still in use"
        began = time.monotonic()
        with _cores(processor.cores):
            command = [sys.executable, "-m", "pytest", "-q", "-n", "auto", "--dist=loadgroup", "-m", processor.tests]
            code = subprocess.run([*command, *arguments], cwd=REPOSITORY, env=environment).returncode
        failed |= code != 0
        lines.append(f"{'passed' if code == 0 else 'FAILED'} in {time.monotonic() - began:.0f} s: as {processor.name}")
    print(*lines, sep="\n")
    return int(failed)


def _probe(environment: dict[str, str]) -> dict[str, Any] | None:
    """What computes in ``environment``; None if this processor cannot run it."""
    command = [sys.executable, "-c", PROBE, str(REPOSITORY / "tests" / "data" / "tiny-float32.tflite")]
    done = subprocess.run(command, cwd=REPOSITORY, env=environment, stdout=subprocess.PIPE, text=True)
    return json.loads(done.stdout) if done.returncode == 0 else None


def _told(found: dict[str, Any]) -> str:
    xnnpack = "with" if found["xnnpack"] else "without"
    features = " ".join(found["numpy"]) or "the least instructions"
    return f"OpenBLAS for {' and '.join(found['openblas'])}, NumPy with {features}, LiteRT {xnnpack} XNNPACK"


@contextmanager
def _cores(count: int | None) -> Iterator[None]:
    """Use no more than ``count`` cores meanwhile; None are all. Only Linux can."""
    if count is None or not hasattr(os, "sched_setaffinity"):
        yield
        return
    allowed = os.sched_getaffinity(0)
    os.sched_setaffinity(0, sorted(allowed)[:count])
    try:
        yield
    finally:
        os.sched_setaffinity(0, allowed)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
