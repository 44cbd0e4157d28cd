"""Sessions that are killed while they save: photos, file and store stay whole, and the next save ends well."""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import sys
from pathlib import Path

from edge.store.layout import Store
from edge.store.state import read_state
from support import tiny
from support.killed_save import save
from support.paths import PACKAGES, TESTS, python_path


def test_a_kill_while_saving_leaves_the_store_whole(tmp_path: Path, photos: Path, cache: Path) -> None:
    """After a kill at any moment of a save the current model is the old or the new one, and its file is whole."""
    template = tmp_path / "template"
    shutil.copytree(photos, template / "photos")
    shutil.copytree(cache, template / "cache")
    assert save(template).state == "running"
    old = read_state(Store(template / "store")).current
    tiny.paint_folder(template / "photos", per_class=14, seed=1)
    names = sorted(path.name for path in (template / "photos").rglob("*"))
    command = [sys.executable, "-m", "support.killed_save", template, tmp_path / "killed", "4"]
    environment = {**os.environ, "PYTHONPATH": python_path(PACKAGES, TESTS), "OPENBLAS_NUM_THREADS": "1"}  # it forks
    done = subprocess.run(command, capture_output=True, text=True, env=environment)
    assert done.stderr == ""
    found, files = set(), set()
    for number in done.stdout.split():
        place = tmp_path / "killed" / number
        store = Store(place / "store")
        current = read_state(store).current
        found.add(current)
        assert store.linked("current") in store.installed()
        for sha256 in store.installed():
            assert hashlib.sha256(store.model(sha256).read_bytes()).hexdigest() == sha256
        files.add(hashlib.sha256((place / "taught.tflite").read_bytes()).hexdigest())
        assert sorted(path.name for path in (place / "photos").rglob("*")) == names
        after = save(place)
        assert after.state == "running", (number, after.text)
        new = read_state(store).current
        assert new != old
    assert found == files == {old, new}
