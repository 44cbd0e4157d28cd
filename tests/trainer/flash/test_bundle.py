"""Bundles and bootstraps make a real environment, of wheels that stand in for those of the index."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import tarfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from typer.testing import CliRunner

from benchmarks.device.faults.loopback import SSHD, Sshd, running
from support import tiny
from support.paths import DATA
from support.stand_in_wheels import MACHINE, PYTHON, no_index, write_index
from trainer.cli import app

pytestmark = [
    pytest.mark.skipif(MACHINE not in ("x86_64", "aarch64"), reason="bundles are for other machines than this"),
    pytest.mark.xdist_group("sshd"),
]
MODEL = DATA / "tiny-int8.tflite"


@pytest.fixture(autouse=True)
def _no_index(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let pip fetch nothing from a network."""
    no_index(monkeypatch)


@pytest.fixture
def index(tmp_path: Path) -> Path:
    """A folder in place of the package index."""
    return write_index(tmp_path / "index")


@pytest.fixture
def python_on_path(tmp_path: Path) -> Path:
    """A folder in which ``python3`` is this Python, like the system's Python on a device."""
    folder = tmp_path / "python"
    folder.mkdir()
    (folder / "python3").symlink_to(Path(sys.base_prefix) / "bin" / f"python{PYTHON}")
    return folder


def bundle(output: Path, *options: object) -> Path:
    """Run ``trainer bundle`` for this machine and return the archive."""
    arguments = ["bundle", str(MODEL), "--platform", MACHINE, "--python", PYTHON, "--output", str(output)]
    done = CliRunner().invoke(app, [*arguments, *map(str, options)], catch_exceptions=False)
    assert (done.exit_code, done.stdout) == (0, f"{output}\n")
    return output


def test_a_bundle_installs_without_network_and_labels(tmp_path: Path, index: Path, python_on_path: Path) -> None:
    """Two bundles have the same bytes; the installer of one makes an environment that labels a picture."""
    archive = bundle(tmp_path / "one.tar.gz", "--find-links", index)
    assert archive.read_bytes() == bundle(tmp_path / "two.tar.gz", "--find-links", index).read_bytes()
    with tarfile.open(archive) as packed:
        assert {(entry.uid, entry.gid, entry.mtime) for entry in packed} == {(0, 0, 0)}
        packed.extractall(tmp_path, filter="data")
    home, store = tmp_path / "home", tmp_path / "store"
    variables = {"PATH": f"{python_on_path}:/usr/bin:/bin", "EDGE_HOME": str(home), "EDGE_STORE": str(store)}
    alone = ["unshare", "-n"] if os.geteuid() == 0 and shutil.which("unshare") else []
    install = [*alone, "sh", str(tmp_path / "edge-bundle/install.sh")]
    done = subprocess.run(install, env=variables, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    tiny.paint("red", 1).save(tmp_path / "red.png")
    label = [home / "venv/bin/edge", "label", "--model", store / "current/model.tflite", tmp_path / "red.png"]
    done = subprocess.run(label, env=variables, capture_output=True, text=True)
    assert done.stdout.startswith("red (score="), done.stderr
    # The installer refuses a bundle with one changed byte.
    (tmp_path / "edge-bundle/model.tflite").write_bytes(MODEL.read_bytes()[:-1] + b"x")
    done = subprocess.run(install, env=variables, capture_output=True, text=True)
    assert done.returncode == 65
    assert "the bundle is damaged" in done.stderr


def test_a_missing_wheel_is_named(tmp_path: Path) -> None:
    """If a wheel is missing, the error names it and no bundle is written."""
    done = CliRunner().invoke(app, ["bundle", str(MODEL), "--platform", "armv7l", "--output", str(tmp_path / "b")])
    assert "numpy" in str(done.exception)
    assert "--find-links" in str(done.exception)
    assert not (tmp_path / "b").exists()


@pytest.fixture
def bare(tmp_path: Path, python_on_path: Path) -> Iterator[Sshd]:
    """A device that has Python but not edge."""
    if SSHD is None:
        pytest.skip("no sshd here: apt install openssh-server")
    with running(tmp_path / "bare", with_edge=False) as server:
        (server.binaries / "python3").symlink_to(python_on_path / "python3")
        yield server


def test_a_bare_device_is_made_ready_once(bare: Sshd, index: Path) -> None:
    """Without --bootstrap it is refused; with it, a dry run names the steps, a flash does them, a repeat none."""

    def flash(*flags: str) -> tuple[int, dict[str, object]]:
        arguments = ["flash", str(MODEL), "pi1", "--ssh-config", str(bare.config), "--find-links", str(index), "--json"]
        done = CliRunner().invoke(app, [*arguments, *flags], catch_exceptions=False)
        return done.exit_code, json.loads(done.stdout)["targets"][0]

    code, row = flash()
    assert (code, row["state"]) == (78, "failed")
    assert "--bootstrap" in str(row["detail"])
    code, row = flash("--bootstrap", "--dry-run")
    assert (code, row["state"]) == (0, "would flash")
    assert f"{MACHINE}, Python {PYTHON}" in str(row["detail"])
    assert not bare.base("pi1").exists()
    code, row = flash("--bootstrap")
    assert (code, row["state"]) == (0, "flashed"), row
    environment = (bare.base("pi1") / "venv").readlink()
    code, row = flash("--bootstrap")
    assert (code, row["state"], row["sent_bytes"]) == (0, "unchanged", 0)
    assert (bare.base("pi1") / "venv").readlink() == environment
