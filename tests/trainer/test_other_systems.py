"""The commands of the trainer that a workstation runs, without what Windows and macOS lack."""

from __future__ import annotations

import json
import tarfile
from pathlib import Path

import pytest
from typer.testing import CliRunner

from edge.modelfile.model_file import ModelFile
from support.other_systems import WINDOWS, seen
from support.paths import DATA
from support.stand_in_wheels import MACHINE, PYTHON, no_index, write_index
from trainer.bottlenecks.cache import FILE_NAME
from trainer.cli import app


def test_retrain_evaluate_and_compare(
    trainer, tiny_arguments: list[object], photos: Path, tmp_path: Path, cache: Path
) -> None:
    """The model file has the bytes of one that is made on Linux; a damaged cache is renamed and made anew."""
    model, here = tmp_path / "there.tflite", tmp_path / "here.tflite"
    (cache / FILE_NAME).write_bytes(b"no database at all" * 1000)
    model.write_bytes(b"an older model")
    done = trainer("retrain", *tiny_arguments, "--output", model, env=seen(WINDOWS))
    assert done.returncode == 0, done.stderr
    assert "the bottleneck cache is corrupt" in done.stderr and (cache / f"{FILE_NAME}.corrupt").is_file()
    arguments = ["retrain", *map(str, tiny_arguments), "--output", str(here)]
    assert CliRunner().invoke(app, arguments, catch_exceptions=False).exit_code == 0
    assert model.read_bytes() == here.read_bytes()
    done = trainer("evaluate", model, photos, "--split", "test", "--json", env=seen(WINDOWS))
    assert done.returncode == 0, done.stderr
    manifest = ModelFile.load(model).manifest
    assert manifest is not None and json.loads(done.stdout)["accuracy"] == manifest.accuracy
    done = trainer("compare", model, DATA / "tiny-int8.tflite", photos, "--json", env=seen(WINDOWS))
    assert done.returncode == 0, done.stderr


@pytest.mark.skipif(MACHINE not in ("x86_64", "aarch64"), reason="bundles are for other machines than this")
def test_bundle(trainer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A bundle that is made on Windows has the bytes of one that is made on Linux."""
    no_index(monkeypatch)
    arguments = ["bundle", DATA / "tiny-int8.tflite", "--platform", MACHINE, "--python", PYTHON]
    arguments += ["--find-links", write_index(tmp_path / "index")]
    done = trainer(*arguments, "--output", tmp_path / "there.tar.gz", env=seen(WINDOWS))
    assert done.returncode == 0, done.stderr
    here = [*map(str, arguments), "--output", str(tmp_path / "here.tar.gz")]
    assert CliRunner().invoke(app, here, catch_exceptions=False).exit_code == 0
    assert (tmp_path / "there.tar.gz").read_bytes() == (tmp_path / "here.tar.gz").read_bytes()
    with tarfile.open(tmp_path / "there.tar.gz") as packed:
        script = packed.extractfile("edge-bundle/install.sh")
        assert script is not None and b"\r" not in script.read()


def test_what_a_device_runs_is_refused_in_one_line(run_python) -> None:
    """With exit code 78; the line names what works here, and the help of all commands is there."""
    program = "import sys; from trainer.__main__ import main; sys.argv = ['trainer', '--help']; assert main() == 0; "
    program += "sys.argv = ['trainer', 'teach', '0']; sys.exit(main())"
    done = run_python("-c", program, env=seen(WINDOWS))
    assert done.returncode == 78
    assert done.stderr.startswith("trainer: a session of trainer teach is for Linux and macOS, and this is Windows; ")
    assert done.stderr.count("\n") == 1
    assert "rollback" in done.stdout
