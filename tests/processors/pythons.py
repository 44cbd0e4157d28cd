"""``make pythons``: the tests that need no TensorFlow on several versions of Python, from the built wheel.

``python tests/processors/pythons.py [3.10 3.12 ...]`` takes the versions that are named. Without a name it takes each
version of the project that this machine has, and names the others on stderr. It ends with 1 if a test failed, or if no
Python was found for a version that was named.

``--ends`` takes the oldest and the newest of these: CI has no time for those between, which ``make pythons`` tries.
Both run their tests as two other processors would compute them, which saves CI two more runs: what fails because of
both is rare, and a line before the tests names both.

Each version gets an environment of its own in ``build/pythons``: the wheel, every extra that needs no TensorFlow, the
trainer's other requirements, and the tools of the tests.
"""

from __future__ import annotations

import email
import email.message
import os
import re
import shutil
import subprocess
import sys
import zipfile
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from itertools import zip_longest
from pathlib import Path

from kinds import REPOSITORY, Processor, description, probe, probe_as, processors_of_pythons

BUILD = REPOSITORY / "build" / "pythons"
EXTRAS = "camera,heif,litert,mqtt,prometheus,web"
TOOLS = ("hypothesis", "pytest", "pytest-xdist")
OTHER_INTERPRETER = ("tflite-runtime==2.14.0; python_version < '3.12'", "numpy<2; python_version < '3.12'")
"""The tests run both interpreters where both are; on 64 bits the package itself brings LiteRT."""

PIP = ("-m", "pip", "--quiet", "--disable-pip-version-check")
TESTS = ("-q", "-n", "auto", "--dist=loadgroup", "-p", "no:cacheprovider", "-m", "not tensorflow")

_SHOW_VERSION = "import sys; print('%d.%d' % sys.version_info[:2])"
_NO_TENSORFLOW = "import importlib.util, sys; sys.exit(importlib.util.find_spec('tensorflow') is not None)"


def main(names: list[str]) -> int:
    """Test each Python of ``names``, or all of the project's that are here, or their ``--ends``; the exit code."""
    wheel = _build_wheel()
    metadata = _read_metadata(wheel)
    ends = names == ["--ends"]
    names = [] if ends else names
    wanted = names or [line.split()[-1] for line in metadata.get_all("Classifier", []) if ":: 3." in line]
    pythons = {version: find_python(version) for version in wanted}
    missing = [version for version, python in pythons.items() if python is None]
    if ends:
        found = [version for version, python in pythons.items() if python]
        pythons = {version: pythons[version] for version in found[:1] + found[1:][-1:]}
    here = {version: python for version, python in pythons.items() if python}
    with ThreadPoolExecutor(max_workers=os.cpu_count()) as pool:  # pip uses one core
        list(pool.map(lambda item: _make_environment(*item, wheel), here.items()))
    processors = processors_of_pythons() if ends else []
    for processor in processors[len(here) :]:
        print(f"pythons: no Python is left for {processor.name}", file=sys.stderr)
    pairs = list(zip_longest(here, processors[: len(here)]))
    failed = [version for version, processor in pairs if not _run_tests(version, processor)]
    if missing:
        print(f"pythons: not on this machine: {', '.join(missing)}", file=sys.stderr)
    if failed:
        print(f"pythons: tests failed on {', '.join(failed)}", file=sys.stderr)
    return int(bool(failed) or len(missing) == len(wanted) or bool(names and missing))


def find_python(version: str) -> str | None:
    """The interpreter ``version`` (such as ``3.12``) on PATH or, the newest, among those of pyenv; None without one."""
    candidates: list[str | Path] = [f"python{version}"]
    if shutil.which("pyenv"):
        root = subprocess.run(["pyenv", "root"], capture_output=True, text=True, check=True).stdout.strip()
        releases = Path(root, "versions").glob(f"{version}.*/bin/python{version}")
        candidates += sorted(releases, key=lambda path: int(re.findall(r"\d+", path.parts[-3])[2]), reverse=True)
    for python in candidates:
        # A name on PATH may be a shim of pyenv that leads nowhere: only an answer counts.
        try:
            answer = subprocess.run([python, "-c", _SHOW_VERSION], capture_output=True, text=True)
        except OSError:
            continue
        if answer.returncode == 0 and answer.stdout.strip() == version:
            return str(python)
    return None


def trainer_requirements(requirements: Iterable[str]) -> list[str]:
    """What the extra ``trainer`` needs, TensorFlow excepted; ``requirements`` are those of the wheel's metadata."""
    lines = (line.partition(";") for line in requirements)
    needed = [name.strip() for name, _, marker in lines if marker.strip().replace('"', "'") == "extra == 'trainer'"]
    return [name for name in needed if not name.startswith("tensorflow")]


def _build_wheel() -> Path:
    folder = BUILD / "wheel"
    shutil.rmtree(folder, ignore_errors=True)
    command = [sys.executable, *PIP, "wheel", "--no-deps", "--wheel-dir", folder, REPOSITORY]
    subprocess.run(command, check=True)
    (wheel,) = folder.glob("*.whl")
    return wheel


def _read_metadata(wheel: Path) -> email.message.Message:
    with zipfile.ZipFile(wheel) as archive:
        (name,) = [name for name in archive.namelist() if name.endswith(".dist-info/METADATA")]
        return email.message_from_bytes(archive.read(name))


def _make_environment(version: str, python: str, wheel: Path) -> None:
    folder = BUILD / version
    own = folder / "bin" / "python"
    needed = [f"{wheel}[{EXTRAS}]", *trainer_requirements(_read_metadata(wheel).get_all("Requires-Dist", []))]
    needed += [*TOOLS, *OTHER_INTERPRETER]
    install = [own, *PIP, "install", "-c", REPOSITORY / "constraints.txt"]
    steps = [
        [python, "-m", "venv", folder],
        [*install, *needed],
        [*install, "--force-reinstall", "--no-deps", wheel],
        [own, "-c", _NO_TENSORFLOW],
    ]
    for step in steps:
        subprocess.run(step, check=True, env=_environment())
    # Tests start programs of benchmarks/, which no wheel has: the checkout comes last, after what is installed.
    (site,) = folder.glob("lib/python*/site-packages")
    (site / "checkout.pth").write_text(f"{REPOSITORY}\n")


def _run_tests(version: str, processor: Processor | None) -> bool:
    python = str(BUILD / version / "bin" / "python")
    environment, name = _environment(), f"Python {version}"
    if processor is not None:
        here = probe(environment, python)
        assert here is not None, f"the environment of {name} does not compute"
        found = probe_as(processor, here, python)
        if found is None:
            print(f"pythons: skipped: {processor.name}: this machine cannot compute like it", flush=True)
        else:
            environment = processor.environment(here["numpy"], checkout=False)
            name += f" as {processor.name}: {description(found)}"
    print(f"pythons: {name}", flush=True)
    tests = [BUILD / version / "bin" / "pytest", *TESTS, "tests/edge", "tests/trainer"]
    return subprocess.run(tests, cwd=REPOSITORY, env=environment).returncode == 0


def _environment() -> dict[str, str]:
    return {name: value for name, value in os.environ.items() if name not in ("PYTHONHOME", "PYTHONPATH")}


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
