"""Other processors than this one, and the settings that make this one compute as they do.

NumPy, OpenBLAS, LiteRT, TensorFlow and Pillow choose their kernels by the processor that they find. For each there is a
setting that makes it use the kernels of another processor.
"""

from __future__ import annotations

import json
import os
import platform
import re
import subprocess
import sys
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
    """One processor.

    ``openblas`` is OpenBLAS's name of the processor whose kernels it uses. ``without`` is a regular expression; NumPy
    does not use the features that match it. ``xnnpack`` says whether LiteRT uses XNNPACK; ``vectors`` says whether
    TensorFlow uses oneDNN, and Pillow vector instructions for JPEG files. ``cores`` is the number of cores (None: all).
    ``tests`` is pytest's expression of the marks of the tests to run. ``with_python`` says whether the oldest or the
    newest Python runs its tests as this processor: :func:`processors_of_pythons`. Only machines for which
    :func:`platform.machine` returns one of ``machines`` can compute like this processor.
    """

    name: str
    openblas: str
    without: str
    xnnpack: bool = True
    vectors: bool = True
    cores: int | None = None
    tests: str = "numeric and not tensorflow"
    with_python: bool = False
    machines: tuple[str, ...] = ("x86_64", "AMD64")

    def environment(self, features: list[str], *, checkout: bool = True) -> dict[str, str]:
        """The environment variables with these settings; ``features`` are those of NumPy that can be switched off.

        Python imports the packages of the ``checkout``, or those that are installed.
        """
        disabled = " ".join(feature for feature in features if re.fullmatch(self.without, feature))
        found = {"OPENBLAS_CORETYPE": self.openblas, "NPY_DISABLE_CPU_FEATURES": disabled}
        if not self.vectors:
            found |= {"TF_ENABLE_ONEDNN_OPTS": "0", "JSIMD_FORCENONE": "1"}
        paths = [] if self.xnnpack else [str(HERE / "without_xnnpack")]
        if checkout:
            paths += [str(REPOSITORY), *filter(None, [os.environ.get("PYTHONPATH")])]
        return {**os.environ, **found, "PYTHONPATH": os.pathsep.join(paths)}


ARM = ("aarch64", "arm64")

PROCESSORS = (
    Processor("an Intel of 2013 or an AMD Zen", "Haswell", r"AVX512.*|X86_V4", with_python=True),
    Processor("an Intel of 2011, on one core", "Sandybridge", r"AVX512.*|X86_V[34]|AVX2|FMA3|F16C", cores=1),
    Processor(
        "an Intel of 2009, without XNNPACK", "Nehalem", r"AVX.*|X86_V[34]|FMA3|F16C", xnnpack=False, with_python=True
    ),
    Processor("the least Intel or AMD", "Prescott", r".*", xnnpack=False, vectors=False, tests="numeric"),
    Processor("a Cortex-A57, on one core", "cortexa57", r"ASIMD.*|SVE", cores=1, machines=ARM),
    Processor("a Neoverse N1", "neoversen1", r"SVE", with_python=True, machines=ARM),
    Processor("the least Arm of 64 bits", "armv8", r".*", False, False, tests="numeric", machines=ARM),
)


def processors_of_pythons() -> list[Processor]:
    """Those as which the oldest and the newest Python run their tests in CI, which has no time for each apart."""
    return [one for one in PROCESSORS if one.with_python and platform.machine() in one.machines]


def probe_as(processor: Processor, here: dict[str, Any], python: str = sys.executable) -> dict[str, Any] | None:
    """What :func:`probe` finds with the settings of ``processor``; None if this machine cannot compute like it.

    ``here`` is what :func:`probe` finds without them, in the same ``python``.
    """
    if platform.machine() not in processor.machines:
        return None
    found = probe(processor.environment(here["numpy"]), python)
    # OpenBLAS ignores a name that it does not know; for some names it reports another one's kernels.
    if found is None or (processor.openblas not in found["openblas"] and found["openblas"] == here["openblas"]):
        return None
    assert processor.xnnpack or not found["xnnpack"], "XNNPACK is still in use"
    return found


def probe(environment: dict[str, str], python: str = sys.executable) -> dict[str, Any] | None:
    """Which kernels compute in ``environment``; None if this machine cannot run them."""
    command = [python, "-c", PROBE, str(REPOSITORY / "tests" / "data" / "tiny-float32.tflite")]
    done = subprocess.run(command, cwd=REPOSITORY, env=environment, stdout=subprocess.PIPE, text=True)
    return json.loads(done.stdout) if done.returncode == 0 else None


def description(found: dict[str, Any]) -> str:
    """One line about what :func:`probe` found."""
    xnnpack = "with" if found["xnnpack"] else "without"
    features = " ".join(found["numpy"]) or "the least instructions"
    return f"OpenBLAS for {' and '.join(found['openblas'])}, NumPy with {features}, LiteRT {xnnpack} XNNPACK"


@contextmanager
def cores(count: int | None) -> Iterator[None]:
    """Use no more than ``count`` cores in the block (None: all). Only Linux can do that; other systems use all."""
    if count is None or not hasattr(os, "sched_setaffinity"):
        yield
        return
    allowed = os.sched_getaffinity(0)
    os.sched_setaffinity(0, sorted(allowed)[:count])
    try:
        yield
    finally:
        os.sched_setaffinity(0, allowed)
