"""One real fine-tuning that was killed and continued: processes with TensorFlow."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from support import tiny
from support.fine_tuned import HEAD, RECIPE, as_dataset
from support.paths import PACKAGES, TESTS, python_path
from trainer.fine_tuning.fine_tune import Tuned, find_tuned, fine_tune
from trainer.photos.dataset import Dataset
from trainer.progress import Progress

QUIET = Progress()

KILLED = """
import contextlib, os, signal, sys
from pathlib import Path
from support import tiny
from support.fine_tuned import HEAD, RECIPE, as_dataset
from trainer.fine_tuning.fine_tune import fine_tune
from trainer.progress import Progress

class Deadly(Progress):
    @contextlib.contextmanager
    def stage(self, name, total=None):
        done = 0
        def advance(count):
            nonlocal done
            done += count
            if done > total / RECIPE.epochs * 1.5:
                with open("/proc/self/task/%d/children" % os.getpid()) as children:
                    print(children.read(), flush=True)
                os.kill(os.getpid(), signal.SIGKILL)
        yield advance

fine_tune(Path(sys.argv[1]), tiny.backbone(), as_dataset(Path(sys.argv[2])), RECIPE, head=HEAD, progress=Deadly())
"""


@pytest.fixture(scope="session")
def dataset(tmp_path_factory: pytest.TempPathFactory) -> Dataset:
    """Painted photos."""
    return as_dataset(tiny.paint_folder(tmp_path_factory.mktemp("painted") / "photos"))


@pytest.fixture(scope="session")
def resumed(dataset: Dataset, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Tuned]:
    """A fine-tuning whose parent was killed in the middle of its second epoch, and which was then continued."""
    cache = tmp_path_factory.mktemp("killed")
    paths = python_path(PACKAGES, TESTS, TESTS / "trainer" / "fine_tuning")
    script = [sys.executable, "-c", KILLED, str(cache), str(dataset.photos[0].path.parents[1])]
    done = subprocess.run(script, capture_output=True, text=True, env={**os.environ, "PYTHONPATH": paths})
    assert done.returncode == -signal.SIGKILL, done.stderr
    wait_for_the_end_of(int(done.stdout))
    assert [path.suffix for path in (cache / "tuned").iterdir()] == [".checkpoint"]
    assert find_tuned(cache, tiny.backbone(), dataset, RECIPE) is None
    return cache, fine_tune(cache, tiny.backbone(), dataset, RECIPE, head=HEAD, progress=QUIET)


def wait_for_the_end_of(process: int) -> None:
    """An orphan ends by itself when its parent no longer reads; a minute is more than it needs."""
    for _ in range(600):
        state = Path(f"/proc/{process}/stat")
        if not state.exists() or state.read_text().rpartition(")")[2].split()[0] == "Z":
            return
        time.sleep(0.1)
    raise AssertionError("the child goes on without its parent")
