"""The trainer command as its users meet it: one-line errors, exit codes, tables and JSON."""

from __future__ import annotations

import json
import os
import shutil
from pathlib import Path

import pytest

from support import tiny
from support.complaint import complaint
from support.paths import DATA
from trainer.backbones.architectures import architectures
from trainer.cli import COMMANDS, app


@pytest.mark.parametrize("command", ["retrain", "bottlenecks", "evaluate"])
def test_bad_folder_ends_in_65_and_one_line(trainer, tmp_path: Path, command: str) -> None:
    """A missing folder, an empty one and one without class folders are named with what to do."""
    (tmp_path / "empty").mkdir()
    (tmp_path / "flat").mkdir()
    tiny.paint("red", 1).save(tmp_path / "flat" / "1.png")
    before = [DATA / "tiny-int8.tflite"] if command == "evaluate" else []
    for name, said in (
        ("gone", "no such folder"),
        ("empty", "no photos in it"),
        ("flat", "its photos are in no class folder"),
    ):
        line = complaint(trainer(command, *before, tmp_path / name), 65)
        assert line.startswith(f"{tmp_path / name}: {said}")


def test_one_class_only_ends_in_65(trainer, photos: Path, tiny_arguments: list[object], tmp_path: Path) -> None:
    """One folder of photos cannot be distinguished from anything."""
    shutil.rmtree(photos / "red")
    shutil.rmtree(photos / "green")
    line = complaint(trainer("retrain", *tiny_arguments, "--output", tmp_path / "m.tflite"), 65)
    assert line == (
        f"{photos}: training needs photos of at least two classes, found only 'blue'; add a folder with photos of "
        "another class"
    )
    assert not (tmp_path / "m.tflite").exists()


def test_too_few_photos_end_in_65(trainer, photos: Path, tiny_arguments: list[object], tmp_path: Path) -> None:
    """The class and its count are named."""
    for path in sorted((photos / "red").iterdir())[2:]:
        path.unlink()
    line = complaint(trainer("retrain", *tiny_arguments, "--output", tmp_path / "m.tflite"), 65)
    assert line.startswith("class 'red' has too few photos (2)")


def test_bad_places_end_in_74(trainer, tiny_arguments: list[object], tmp_path: Path, read_only_disk: Path) -> None:
    """An output that is a folder, an unwritable output and a cache that is a folder are storage errors."""
    assert "is a folder; give the name of a file" in complaint(
        trainer("retrain", *tiny_arguments, "--output", tmp_path), 74
    )
    assert "Read-only file system" in complaint(
        trainer("retrain", *tiny_arguments, "--output", read_only_disk / "m.tflite"), 74
    )
    shutil.copytree(Path(str(tiny_arguments[-1])), tmp_path / "half")
    (tmp_path / "half" / "bottlenecks.sqlite").mkdir()
    cached = [*tiny_arguments[:-1], tmp_path / "half"]
    assert "--bottleneck-dir" in complaint(trainer("bottlenecks", *cached), 74)


@pytest.mark.xdist_group("tensorflow")
def test_a_cache_that_is_read_only_ends_in_74(
    trainer, tiny_arguments: list[object], tmp_path: Path, read_only_disk: Path
) -> None:
    """No backbone can be built into it."""
    cached = [*tiny_arguments[:-1], read_only_disk]
    assert "Read-only file system" in complaint(trainer("retrain", *cached, "--output", tmp_path / "m.tflite"), 74)


def test_full_disk_ends_in_74_with_nothing_half_written(
    trainer, tiny_arguments: list[object], small_disk, tmp_path: Path
) -> None:
    """Whether the cache or the model does not fit: one line, no file."""
    disk = small_disk("32k")
    shutil.copytree(Path(str(tiny_arguments[-1])), disk / "cache")
    line = complaint(trainer("retrain", *tiny_arguments[:-1], disk / "cache", "--output", tmp_path / "m.tflite"), 74)
    assert "choose another place with --bottleneck-dir" in line
    other = small_disk("8k")
    (other / "full").write_bytes(bytes(8192))
    line = complaint(trainer("retrain", *tiny_arguments, "--output", other / "m.tflite"), 74)
    assert "No space left on device" in line
    assert [path.name for path in other.iterdir()] == ["full"]
    assert not (tmp_path / "m.tflite").exists()


def test_corrupt_cache_costs_one_line_and_the_run_goes_on(
    trainer, tiny_arguments: list[object], tmp_path: Path
) -> None:
    """The cache is set aside, said so once, and the model is made."""
    (Path(str(tiny_arguments[-1])) / "bottlenecks.sqlite").write_bytes(b"garbage" * 999)
    done = trainer("retrain", *tiny_arguments, "--output", tmp_path / "m.tflite")
    assert done.returncode == 0
    assert done.stderr.count("\n") == 1
    assert "the bottleneck cache is corrupt" in done.stderr
    assert (tmp_path / "m.tflite").is_file()


@pytest.mark.parametrize("content", [b"", b"TFL3", b"not a model " * 50, None])
def test_bad_model_ends_in_65(trainer, photos: Path, tmp_path: Path, content: bytes | None) -> None:
    """An empty, foreign, truncated or missing model is one line."""
    path = tmp_path / "bad.tflite"
    if content is not None:
        path.write_bytes(content)
    assert complaint(trainer("evaluate", path, photos), 65).startswith(f"{path}: ")


def test_missing_weights_file_ends_in_78(trainer, photos: Path, tmp_path: Path) -> None:
    """A weights file that is not there is a configuration error that names it."""
    done = trainer("bottlenecks", photos, "--weights", tmp_path / "gone.h5", "--bottleneck-dir", tmp_path / "c")
    assert complaint(done, 78) == f"{tmp_path / 'gone.h5'}: cannot read the weights (No such file or directory)"


def test_wrong_weights_file_ends_in_78(trainer, photos: Path, tmp_path: Path) -> None:
    """A file that is no weights file is one line."""
    (tmp_path / "wrong.h5").write_bytes(b"nothing of use")
    done = trainer("bottlenecks", photos, "--weights", tmp_path / "wrong.h5", "--bottleneck-dir", tmp_path / "c")
    assert complaint(done, 78).startswith(f"{tmp_path / 'wrong.h5'}: not the weights of mobilenet_1.0_224")


@pytest.mark.parametrize("option", ["--output", "--bottleneck-dir", "--background", "--weights"])
def test_an_address_where_a_path_is_wanted_ends_in_2(trainer, photos: Path, option: str) -> None:
    """A bucket is no folder of this machine, where a folder ``s3:`` would be made."""
    line = complaint(trainer("retrain", photos, option, "s3://bucket/a.tflite"), 2)
    assert line == (
        "s3://bucket/a.tflite is an address; give a path on this machine; only the folder of photos, IMAGE_DIR, may be "
        "in a bucket"
    )


@pytest.mark.parametrize("package", ["typer", "scipy", "flatbuffers"])
def test_missing_extra_ends_in_78(tiny_arguments: list[object], tmp_path: Path, package: str, run_python) -> None:
    """Without the trainer's own packages the line says what to install."""
    (tmp_path / "hidden").mkdir()
    (tmp_path / "hidden" / f"{package}.py").write_text(f"raise ModuleNotFoundError('no', name='{package}')")
    script = f"import sys; sys.path.insert(0, {str(tmp_path / 'hidden')!r}); from trainer.__main__ import main; "
    script += "sys.exit(main())"
    done = run_python("-c", script, "retrain", *tiny_arguments, "--output", tmp_path / "m.tflite")
    assert complaint(done, 78) == f"the trainer needs {package}: pip install 'edge-for-poets[trainer-lite]'"


def test_bottlenecks_fills_the_cache_for_retrain(trainer, tiny_arguments: list[object], tmp_path: Path) -> None:
    """After trainer bottlenecks, retrain computes nothing; the counts are printed."""
    choices = ("--quantization", "int8", "--quantization", "float32")
    first, second = (json.loads(trainer("bottlenecks", *tiny_arguments, *choices, "--json").stdout) for _ in range(2))
    assert [(row["quantization"], row["photos"], row["computed"]) for row in first["bottlenecks"]] == [
        ("int8", 36, 36),
        ("float32", 36, 36),
    ]
    assert [row["computed"] for row in second["bottlenecks"]] == [0, 0]
    done = trainer("retrain", *tiny_arguments, *choices, "--output", tmp_path / "m.tflite", "--json")
    assert [model["computed_bottlenecks"] for model in json.loads(done.stdout)["models"]] == [0, 0]
    assert "float32" in trainer("bottlenecks", *tiny_arguments, *choices).stdout


def test_cache_is_in_the_users_cache_folder_by_default(trainer, photos: Path, cache: Path, tmp_path: Path) -> None:
    """Without --bottleneck-dir backbones and bottlenecks go where XDG says."""
    shutil.move(cache, tmp_path / "xdg" / "edge-for-poets")
    arguments = ("--architecture", tiny.ARCHITECTURE.name, "--weights", "random", "--json")
    done = trainer("bottlenecks", photos, *arguments, env={"XDG_CACHE_HOME": str(tmp_path / "xdg")})
    assert json.loads(done.stdout)["bottlenecks"][0]["cache"] == str(tmp_path / "xdg" / "edge-for-poets")


def test_architectures_lists_all_networks_with_their_figures(trainer, tmp_path: Path) -> None:
    """A row for each, the grid first, with MACs, parameters, accuracy and source, and whether weights are at hand."""
    env = {"KERAS_HOME": str(tmp_path)}
    rows = json.loads(trainer("architectures", "--json", env=env).stdout)
    assert [row["architecture"] for row in rows] == [network.name for network in architectures()]
    assert (rows[0]["million_macs"], rows[0]["million_parameters"], rows[0]["imagenet_top1"]) == (569, 4.24, 70.9)
    assert {row["weights"] for row in rows[4:-1]} == {"download"}
    assert rows[-1]["weights"] in ("offline extra", "not installed: the extra offline")
    assert (rows[16]["architecture"], rows[16]["imagenet_top1_quantized"]) == ("mobilenet_v2_1.0_224", None)
    (tmp_path / "models").mkdir()
    (tmp_path / "models" / "mobilenet_2_5_128_tf_no_top.h5").touch()
    text = trainer("architectures", env=env).stdout
    lines = [line.split() for line in text.splitlines()]
    assert next(line for line in lines if line[:1] == ["mobilenet_0.25_128"])[-2:] == ["keras", "cache"]
    assert "models/README.md" in text


def test_file_names_that_are_not_utf8_are_named_without_a_traceback(
    trainer, photos: Path, tiny_arguments: list[object], tmp_path: Path
) -> None:
    """Such photos train like others, and a bad one is named with its bytes escaped."""
    shutil.move(photos / "red" / "000.png", os.fsencode(photos) + b"/red/caf\xe9.png")
    Path(os.fsdecode(os.fsencode(photos) + b"/red/bad\xff.png")).write_bytes(b"oops")
    done = trainer("retrain", *tiny_arguments, "--output", tmp_path / "m.tflite", "--json")
    assert done.returncode == 0, done.stderr
    printed = json.loads(done.stdout)
    assert printed["models"][0]["used"] == 36
    assert [entry["path"] for entry in printed["skipped"]] == ["red/bad\udcff.png"]
    assert done.stderr.startswith("trainer: skipped red/bad\\udcff.png: not an image")


def test_many_skipped_files_do_not_flood_the_terminal(trainer, photos: Path, tiny_arguments, tmp_path: Path) -> None:
    """Many of one kind are one line with their number; --json has them all; hidden files are not mentioned."""
    for index in range(25):
        (photos / "red" / f"bad{index:02d}.png").write_bytes(b"oops")
    (photos / "red" / ".hidden").touch()
    done = trainer("retrain", *tiny_arguments, "--output", tmp_path / "m.tflite", "--json")
    assert done.stderr.splitlines() == [
        "trainer: skipped 25 files: not an image of a known format (JPEG, PNG, WEBP, GIF, BMP, TIFF, PPM) "
        "(red/bad00.png, red/bad01.png, red/bad02.png, ...)",
        "trainer: 22 skipped files are not named here; --json names all of them",
    ]
    assert ".hidden" not in done.stderr
    assert len(json.loads(done.stdout)["skipped"]) == 26


def test_one_command_does_not_load_the_others(run_python) -> None:
    """``trainer architectures`` imports no SciPy and no other command; the whole command line has all of them."""
    script = (
        "import sys; sys.argv = ['trainer', 'architectures']\n"
        "from trainer.cli import command_line\n"
        "command_line('architectures')(standalone_mode=False)\n"
        "print([name for name in ('scipy', 'trainer.commands.retrain') if name in sys.modules])"
    )
    assert run_python("-c", script).stdout.splitlines()[-1] == "[]"
    listed = {command.name for command in app.registered_commands}
    assert listed == set(COMMANDS)
