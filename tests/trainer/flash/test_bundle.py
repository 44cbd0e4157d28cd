"""Bundles and bootstraps make a real environment, of wheels that stand in for those of the index."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import subprocess
import sys
import tarfile
from collections.abc import Iterator
from pathlib import Path, PureWindowsPath

import pytest
from typer.testing import CliRunner

from benchmarks.device.faults.loopback import SSHD, Sshd, running
from edge.store.signature import SYSTEM_SIGNERS
from support import surgery, tiny
from support.paths import DATA
from support.stand_in_wheels import MACHINE, PYTHON, no_index, write_index, write_wheel
from support.user_name import needs_ssh_keygen
from trainer.cli import app
from trainer.wheels.environment import shell_functions

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


def test_a_bundle_installs_without_network_and_labels(
    tmp_path: Path, index: Path, python_on_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Two bundles have the same bytes; the installer of one makes an environment that labels a picture.

    Paths of the device have its own separators, whatever those of the workstation are.
    """
    archive = bundle(tmp_path / "one.tar.gz", "--find-links", index)
    monkeypatch.setattr("trainer.flash.bundle.SYSTEM_SIGNERS", PureWindowsPath(SYSTEM_SIGNERS))
    assert archive.read_bytes() == bundle(tmp_path / "two.tar.gz", "--find-links", index).read_bytes()
    with tarfile.open(archive) as packed:
        assert {(entry.uid, entry.gid, entry.mtime) for entry in packed} == {(0, 0, 0)}
        packed.extractall(tmp_path)
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


@needs_ssh_keygen
def test_the_list_of_sums_is_covered_by_the_signature(tmp_path: Path, index: Path, python_on_path: Path) -> None:
    """A device that asks for signatures refuses an unsigned bundle, another key, and a wheel that was changed later."""
    keys = [tmp_path / name for name in ("allowed", "other")]
    for key in keys:
        subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", "", "-f", key], check=True)
    store = tmp_path / "store"
    store.mkdir()
    (store / "allowed_signers").write_text(f"poet {keys[0].with_suffix('.pub').read_text()}")
    variables = {"PATH": f"{python_on_path}:/usr/bin:/bin", "EDGE_HOME": str(tmp_path / "h"), "EDGE_STORE": str(store)}

    def install(archive: Path, change: bool = False) -> tuple[int, str]:
        shutil.rmtree(tmp_path / "edge-bundle", ignore_errors=True)
        with tarfile.open(archive) as packed:
            packed.extractall(tmp_path)
        folder = tmp_path / "edge-bundle"
        if change:  # a wheel, and its sum in the list: everything but the signature fits
            (wheel,) = (folder / "wheels").glob("numpy*")
            old, new = (hashlib.sha256(content).hexdigest() for content in (wheel.read_bytes(), b"changed"))
            wheel.write_bytes(b"changed")
            sums = (folder / "SHA256SUMS").read_text()
            (folder / "SHA256SUMS").write_text(sums.replace(old, new))
        done = subprocess.run(["sh", str(folder / "install.sh")], env=variables, capture_output=True, text=True)
        return done.returncode, done.stderr

    unsigned, other, signed = (tmp_path / f"{name}.tar.gz" for name in ("unsigned", "by-other", "signed"))
    bundle(unsigned, "--find-links", index)
    bundle(other, "--find-links", index, "--sign", keys[1])
    bundle(signed, "--find-links", index, "--sign", keys[0])
    code, err = install(unsigned)
    assert code == 65 and "refused: the bundle is not signed" in err
    for archive, change in ((other, False), (signed, True)):
        code, err = install(archive, change)
        assert code == 65 and "refused: the bundle's signature is not one that" in err
    assert not (tmp_path / "h").exists()
    code, err = install(signed)
    assert code == 0, err
    assert (store / "current").is_symlink()
    # A list that cannot be read must not turn signatures off.
    (store / "allowed_signers").unlink()
    (store / "allowed_signers").symlink_to("nowhere")
    code, err = install(unsigned)
    assert code == 78 and "allowed_signers cannot be read" in err


def test_a_wheel_that_does_not_have_its_hash_is_not_installed(
    tmp_path: Path, index: Path, python_on_path: Path
) -> None:
    """The device's pip checks each wheel against requirements.txt, in a bundle as in a bootstrap."""
    archive = bundle(tmp_path / "one.tar.gz", "--find-links", index)
    with tarfile.open(archive) as packed:
        packed.extractall(tmp_path)
    wheels = tmp_path / "edge-bundle" / "wheels"
    (numpy,) = wheels.glob("numpy*")
    write_wheel(wheels, "numpy", numpy.name.split("-")[1], text="import evil\n")
    script = f"set -eu\n{shell_functions()}\nmake_environment {tmp_path}/h new python3 {wheels} offline"
    variables = {"PATH": f"{python_on_path}:/usr/bin:/bin"}
    done = subprocess.run(["sh", "-c", script], env=variables, capture_output=True, text=True)
    assert done.returncode != 0
    assert "THESE PACKAGES DO NOT MATCH THE HASHES" in done.stderr
    assert not (tmp_path / "h/venv").exists()


def test_a_missing_wheel_is_named(tmp_path: Path) -> None:
    """If a wheel is missing, the error names it and no bundle is written."""
    command = ["bundle", str(MODEL), "--platform", "armv7l", "--python", "3.11", "--output", str(tmp_path / "b")]
    done = CliRunner().invoke(app, command)
    assert str(done.exception).startswith(
        "no interpreter: tflite-runtime==2.14.0 has no wheel for armv7l and Python 3.11"
    )
    write_wheel(tmp_path / "index", "tflite_runtime", "2.14.0", "cp311-cp311-manylinux_2_34_armv7l")
    done = CliRunner().invoke(app, [*command, "--find-links", str(tmp_path / "index")])
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


def test_a_bare_device_is_made_ready_once(bare: Sshd, index: Path, tmp_path: Path) -> None:
    """Without --bootstrap it is refused; with it, a dry run names the steps, a flash does them, a repeat none.

    The dry run also refuses a model that the interpreter among the wheels would not run.
    """
    future = tmp_path / "future.tflite"
    future.write_bytes(surgery.numbered(7, minimum_runtime="99.0.0"))

    def flash(*flags: str, model: Path = MODEL) -> tuple[int, dict[str, object]]:
        arguments = ["flash", str(model), "pi1", "--ssh-config", str(bare.config), "--find-links", str(index), "--json"]
        done = CliRunner().invoke(app, [*arguments, *flags], catch_exceptions=False)
        return done.exit_code, json.loads(done.stdout)["targets"][0]

    code, row = flash()
    assert (code, row["state"]) == (78, "failed")
    assert "--bootstrap" in str(row["detail"])
    code, row = flash("--bootstrap", "--dry-run")
    assert (code, row["state"]) == (0, "would flash")
    assert f"{MACHINE}, Python {PYTHON}" in str(row["detail"])
    assert not bare.base("pi1").exists()
    code, row = flash("--bootstrap", "--dry-run", model=future)
    assert (code, row["state"]) == (65, "failed")
    assert "the model needs TensorFlow Lite 99.0.0; " in str(row["detail"])
    code, row = flash("--bootstrap")
    assert (code, row["state"]) == (0, "flashed"), row
    environment = (bare.base("pi1") / "venv").readlink()
    code, row = flash("--bootstrap")
    assert (code, row["state"], row["sent_bytes"]) == (0, "unchanged", 0)
    assert (bare.base("pi1") / "venv").readlink() == environment
