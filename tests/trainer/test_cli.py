"""The trainer command as its users meet it: help, one-line errors, exit codes, tables and JSON."""

from __future__ import annotations

import json
import os
import re
import shutil
from pathlib import Path

import pytest

from edge.modelfile.model_file import ModelFile
from support import tiny
from support.paths import DATA
from support.surgery import without_known_photos
from trainer.backbones.architectures import grid
from trainer.cli import app

GROUPS = {"": app, **{f"{group.name} ": group.typer_instance for group in app.registered_groups}}
COMMANDS = [f"{group}{command.name}" for group, commands in GROUPS.items() for command in commands.registered_commands]
RETRAINED_KEYS = {
    *("path", "architecture", "quantization", "weights", "labels", "photos", "used", "skipped", "test_accuracy"),
    *("test_photos", "promised_accuracy", "validation_accuracy", "training_steps", "l2", "computed_bottlenecks"),
    *(
        "size_bytes",
        "test_accuracy_interval",
        "cross_validation",
        "learning_curve",
        "temperature",
        "calibration_error_before",
    ),
    *("calibration_error", "score_threshold", "fine_tuning", "independent", "classes_without_figure"),
    "test_independent",
    "final",
    "learning_curve",
}
SHARES = ("--testing-percentage", 20, "--validation-percentage", 20)


def complaint(done, code: int) -> str:
    """The one line on stderr of a command that ended with ``code`` and printed no data."""
    assert done.returncode == code, done.stderr
    assert done.stdout == ""
    assert done.stderr.count("\n") == 1, done.stderr
    assert done.stderr.startswith("trainer: ")
    return done.stderr.removeprefix("trainer: ").strip()


def test_help_lists_every_command(trainer) -> None:
    """Trainer --help, and trainer alone, name every command, among them the four of the main job."""
    assert {"retrain", "bottlenecks", "evaluate", "architectures"} <= set(COMMANDS)
    done, alone = trainer("--help"), trainer()
    assert (done.returncode, done.stderr) == (0, "")
    for command in COMMANDS:
        assert command.split()[0] in done.stdout
        assert command.split()[0] in alone.stdout + alone.stderr


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_has_help_with_an_example(trainer, command: str) -> None:
    """The example is a line that begins with the command itself."""
    done = trainer(*command.split(), "--help")
    assert (done.returncode, done.stderr) == (0, "")
    assert f"Example: trainer {command}" in " ".join(done.stdout.split())
    assert "--json" in done.stdout


def test_retrain_help_has_the_codelabs_options(trainer) -> None:
    """The options of the codelab's script have the same names here."""
    words = trainer("retrain", "--help").stdout.split()
    for option in ("architecture", "bottleneck-dir", "training-steps", "summaries-dir", "testing-percentage"):
        assert f"--{option}" in words
    for option in ("validation-percentage", "output", "quantization", "seed", "weights", "json"):
        assert f"--{option}" in words


@pytest.mark.parametrize(
    "arguments",
    [
        ["retrain"],
        ["retrain", ".", "--no-such-option"],
        ["retrain", ".", "--quantization", "int4"],
        ["retrain", ".", "--training-steps", "many"],
        ["retrain", ".", "--training-steps", "0"],
        ["retrain", ".", "--architecture", "mobilenet_v2"],
        ["retrain", ".", "--fine-tune", "0"],
        ["retrain", ".", "--fine-tune", "5", "--fine-tune-from", "14"],
        ["retrain", ".", "--fine-tune-from", "6"],
        ["retrain", ".", "--fine-tune", "5", "--cross-validate"],
        ["retrain", ".", "--testing-percentage", "0"],
        ["retrain", ".", "--testing-percentage", "60", "--validation-percentage", "60"],
        ["bottlenecks"],
        ["evaluate", "model.tflite"],
        ["evaluate", "model.tflite", ".", "--split", "some"],
        ["architectures", "surplus"],
        ["no-such-command"],
    ],
    ids=" ".join,
)
def test_usage_error_ends_in_2_without_a_traceback(trainer, arguments: list[str]) -> None:
    """An impossible command line is explained on stderr; stdout stays empty."""
    done = trainer(*arguments)
    assert (done.returncode, done.stdout) == (2, "")
    assert "Traceback" not in done.stderr
    assert done.stderr.strip()


@pytest.mark.parametrize("command", ["retrain", "bottlenecks", "evaluate"])
def test_bad_folder_ends_in_65_and_one_line(trainer, tmp_path: Path, command: str) -> None:
    """A missing folder, an empty one and one without class folders are named with what to do."""
    (tmp_path / "empty").mkdir()
    (tmp_path / "flat").mkdir()
    tiny.paint("red", 1).save(tmp_path / "flat" / "1.png")
    before = [DATA / "tiny-int8.tflite"] if command == "evaluate" else []
    for name, said in (("gone", "no such folder"), ("empty", "no photos in it"), ("flat", "no photos in it")):
        line = complaint(trainer(command, *before, tmp_path / name), 65)
        assert line.startswith(f"{tmp_path / name}: {said}")


def test_one_class_only_ends_in_65(trainer, photos: Path, tiny_arguments: list[object], tmp_path: Path) -> None:
    """One folder of photos cannot be distinguished from anything."""
    shutil.rmtree(photos / "red")
    shutil.rmtree(photos / "green")
    line = complaint(trainer("retrain", *tiny_arguments, "--output", tmp_path / "m.tflite"), 65)
    assert line == f"{photos}: training needs photos of at least two classes, found only 'blue'"
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


@pytest.mark.xdist_group("tensorflow")
def test_wrong_weights_file_ends_in_78(trainer, photos: Path, tmp_path: Path) -> None:
    """A file that is no weights file is one line, through the TensorFlow child."""
    (tmp_path / "wrong.h5").write_bytes(b"nothing of use")
    done = trainer("bottlenecks", photos, "--weights", tmp_path / "wrong.h5", "--bottleneck-dir", tmp_path / "c")
    assert complaint(done, 78).startswith(f"{tmp_path / 'wrong.h5'}: not the weights of mobilenet_1.0_224")


@pytest.mark.parametrize("package", ["typer", "scipy", "flatbuffers"])
def test_missing_extra_ends_in_78(tiny_arguments: list[object], tmp_path: Path, package: str, run_python) -> None:
    """Without the trainer's own packages the line says what to install."""
    (tmp_path / "hidden").mkdir()
    (tmp_path / "hidden" / f"{package}.py").write_text(f"raise ModuleNotFoundError('no', name='{package}')")
    script = f"import sys; sys.path.insert(0, {str(tmp_path / 'hidden')!r}); from trainer.__main__ import main; "
    script += "sys.exit(main())"
    done = run_python("-c", script, "retrain", *tiny_arguments, "--output", tmp_path / "m.tflite")
    assert complaint(done, 78) == f"the trainer needs {package}: pip install 'edge-for-poets[trainer]'"


def test_retrain_prints_a_short_table_and_the_path(trainer, tiny_arguments: list[object], tmp_path: Path) -> None:
    """Classes, photos used and skipped, accuracy, size and place; messages go to stderr."""
    (Path(str(tiny_arguments[0])) / "red" / "notes.txt").write_text("hello")
    output = tmp_path / "m.tflite"
    done = trainer("retrain", *tiny_arguments, "--output", output, *SHARES)
    assert done.returncode == 0
    manifest = ModelFile.load(output).manifest
    assert manifest is not None
    accuracy = f"{100 * manifest.accuracy:.1f} % of {manifest.test_photos}"
    rows = [line.split() for line in done.stdout.splitlines() if line.strip()]
    assert rows[0] == ["mobilenet_0.25_128,", "weights:", "random"]
    assert rows[1] == ["quantization", "classes", "photos", "independent", "skipped", "test", "accuracy", "size"]
    assert rows[3] == ["int8", "3", "36", "36", "1", *accuracy.split(), f"{output.stat().st_size / 1e6:.2f}", "MB"]
    assert rows[-1] == [str(output)]
    assert done.stderr.startswith("trainer: skipped red/notes.txt: not an image of a known format")
    assert done.stderr.count("\n") == 1


def test_retrain_says_how_sure_it_is(trainer, tiny_arguments: list[object], tmp_path: Path) -> None:
    """With few photos the interval is wide and the way out is named; cross-validation evaluates on all."""
    arguments = ("retrain", *tiny_arguments, "--output", tmp_path / "m.tflite", *SHARES)
    plain = trainer(*arguments).stdout
    assert re.search(r"with 95 % confidence: \d+ test photos are few, --cross-validate evaluates all photos", plain)
    for photo in (Path(str(tiny_arguments[0])) / "red").glob("00[0-8].png"):
        photo.unlink()
    done = trainer(*arguments, "--cross-validate")
    assert done.stderr.startswith("trainer: classes are out of balance: green has 12 photos, red 3; ")
    assert "cross-validated on all 27 photos: " in done.stdout
    balanced = trainer(*arguments, "--cross-validate", "--class-weights", "auto", "--json")
    assert balanced.stderr == ""
    printed = json.loads(balanced.stdout)["models"][0]
    assert (printed["cross_validation"]["photos"], printed["cross_validation"]["folds"]) == (27, 3)
    assert 0 <= printed["test_accuracy_interval"][0] <= printed["test_accuracy"] <= printed["test_accuracy_interval"][1]
    manifest = ModelFile.load(tmp_path / "m.tflite").manifest
    assert manifest is not None
    assert manifest.training["class_weights"] == "auto"
    assert manifest.training["cross_validated_right"] == printed["cross_validation"]["right"]
    assert manifest.training["temperature"] == pytest.approx(printed["temperature"], abs=1e-6)


@pytest.mark.parametrize("precision", ["0", "1.5", "-1", "nan"])
def test_precision_that_is_no_share(trainer, tiny_arguments: list[object], precision: str) -> None:
    """A share of right answers lies above 0 and is at most 1."""
    assert "is not a share" in complaint(trainer("retrain", *tiny_arguments, "--precision", precision), 2)


def test_retrain_json_has_its_schema(trainer, tiny_arguments: list[object], tmp_path: Path) -> None:
    """One object with an entry for each model and the skipped files, consistent with the files on disk."""
    (Path(str(tiny_arguments[0])) / "red" / "notes.txt").write_text("hello")
    choices = ("--quantization", "float32", "--quantization", "int8", "--quantization", "float32")
    done = trainer("retrain", *tiny_arguments, "--output", tmp_path / "m.tflite", *SHARES, *choices, "--json")
    printed = json.loads(done.stdout)
    assert done.stdout.count("\n") == 1
    assert set(printed) == {"models", "groups", "skipped"}
    assert printed["groups"] == []
    assert [set(model) for model in printed["models"]] == [RETRAINED_KEYS] * 2
    assert [model["quantization"] for model in printed["models"]] == ["float32", "int8"]
    assert [entry["path"] for entry in printed["skipped"]] == ["red/notes.txt"]
    for model in printed["models"]:
        manifest = ModelFile.load(model["path"]).manifest
        assert manifest is not None
        assert (model["test_accuracy"], model["test_photos"]) == (manifest.accuracy, manifest.test_photos)
        assert model["photos"] == manifest.photos
        assert (model["labels"], model["used"], model["skipped"]) == (["blue", "green", "red"], 36, 1)
        assert model["size_bytes"] == os.path.getsize(model["path"])
        assert model["computed_bottlenecks"] == 36
        assert model["fine_tuning"] is None
        assert 1 <= model["training_steps"] <= 500


def test_retrain_says_what_more_photos_bring(trainer, tiny_arguments: list[object], tmp_path: Path) -> None:
    """The curve is two or three lines, or an object in JSON; with too few photos there is a message and null."""
    arguments = ("retrain", *tiny_arguments, "--output", tmp_path / "m.tflite", "--learning-curve")
    few = trainer(*arguments, "--json")
    assert few.stderr == ("trainer: too few independent photos for a learning curve: it needs 20 a class on average\n")
    assert json.loads(few.stdout)["models"][0]["learning_curve"] is None
    for label in tiny.COLOURS:
        for index in range(12):
            tiny.paint(label, 5000 + index).save(Path(str(tiny_arguments[0])) / label / f"more-{index}.png")
    printed = trainer(*arguments).stdout
    assert re.search(r"^learning curve: \d+\.\d % with 5, .* with 19 training photos a class$", printed, re.MULTILINE)
    assert re.search(r"^(twice as many photos are|more photos of this kind will)", printed, re.MULTILINE)
    curve = json.loads(trainer(*arguments, "--json").stdout)["models"][0]["learning_curve"]
    assert [point["share"] for point in curve["points"]] == [0.25, 0.5, 0.75, 1]
    assert curve["points"][-1]["photos_per_class"] == pytest.approx(19.2)
    for point in curve["points"]:
        assert point["accuracy_interval"][0] <= point["accuracy"] <= point["accuracy_interval"][1]
    gain = curve["gain_of_twice_the_photos"]
    assert 0 <= gain["low"] <= gain["expected"] <= gain["high"] <= 1
    assert {label: len(recalls) for label, recalls in curve["recalls"].items()} == dict.fromkeys(tiny.COLOURS, 4)
    assert set(curve["weak_classes"]) <= set(tiny.COLOURS)


def test_default_output_is_under_models_and_named_after_folder_and_architecture(
    trainer, tiny_arguments: list[object], tmp_path: Path
) -> None:
    """Without --output the model lies in models/ of the working folder."""
    done = trainer("retrain", *tiny_arguments, "--json")
    (model,) = json.loads(done.stdout)["models"]
    assert model["path"] == "models/photos-mobilenet_0.25_128-int8.tflite"
    assert (tmp_path / "elsewhere" / model["path"]).is_file()


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


def test_evaluate_on_the_test_split_gives_the_manifests_accuracy(
    trainer, tiny_arguments: list[object], photos: Path, tmp_path: Path
) -> None:
    """The split is that of the training, even with broken files, duplicates and another seed in play."""
    (photos / "red" / "broken.png").write_bytes((photos / "red" / "001.png").read_bytes()[:300])
    (photos / "thumbs").mkdir()
    (photos / "thumbs" / "Thumbs.db").write_bytes(b"no photo at all")
    shutil.copyfile(photos / "red" / "002.png", photos / "red" / "copy.png")
    output = tmp_path / "m.tflite"
    shares = ("--testing-percentage", 30, "--validation-percentage", 15, "--seed", 5)
    assert trainer("retrain", *tiny_arguments, "--output", output, *shares).returncode == 0
    manifest = ModelFile.load(output).manifest
    assert manifest is not None
    done = trainer("evaluate", output, photos, "--split", "test", "--json")
    assert done.returncode == 0, done.stderr
    printed = json.loads(done.stdout)
    assert (printed["accuracy"], printed["judged"]) == (manifest.accuracy, manifest.test_photos)
    assert printed["split"] == "test"
    assert {entry["path"] for entry in printed["skipped"]} == {
        *("red/broken.png", "red/copy.png", "thumbs", "thumbs/Thumbs.db")
    }


def test_evaluate_json_is_consistent(trainer, photos: Path) -> None:
    """Confusion, accuracy and the list of photos agree."""
    printed = json.loads(trainer("evaluate", DATA / "tiny-int8.tflite", photos, "--split", "all", "--json").stdout)
    assert set(printed) == {
        *("split", "accuracy", "accuracy_interval", "judged", "independent", "seen", "classes_not_evaluated"),
        *("labels_without_photos", "labels", "confusion", "photos", "skipped"),
    }
    assert (printed["classes_not_evaluated"], printed["labels_without_photos"]) == ({}, [])
    assert printed["accuracy_interval"][0] < printed["accuracy"] <= printed["accuracy_interval"][1] <= 1
    right = sum(photo["class"] == photo["label"] for photo in printed["photos"])
    assert printed["judged"] == printed["independent"] == len(printed["photos"]) == 36
    assert printed["accuracy"] == round(right / 36, 6)
    assert sum(printed["confusion"][i][i] for i in range(3)) == right
    assert [Path(photo["path"]).parent.name for photo in printed["photos"]] == [p["class"] for p in printed["photos"]]
    assert all(0 <= photo["score"] <= 1 for photo in printed["photos"])


def test_evaluate_prints_the_confusion_matrix(trainer, photos: Path) -> None:
    """One row a class, one column an answer, then the accuracy and its interval."""
    arguments = ("evaluate", DATA / "tiny-int8.tflite", photos, "--split", "all")
    printed = json.loads(trainer(*arguments, "--json").stdout)
    done = trainer(*arguments)
    rows = [line.split() for line in done.stdout.splitlines() if line.strip()]
    assert rows[0] == ["class", "\\", "answer", "blue", "green", "red"]
    assert [row[1:] for row in rows[2:5]] == [[str(count) for count in row] for row in printed["confusion"]]
    assert rows[-2] == f"accuracy {100 * printed['accuracy']:.2f} % of 36 photos (all)".split()
    low, high = (f"{100 * end:.1f} %" for end in printed["accuracy_interval"])
    assert rows[-1] == f"the accuracy lies between {low} and {high} with 95 % confidence".split()


def test_evaluate_warns_where_the_model_was_trained_on_the_photos(
    trainer, photos: Path, tiny_arguments: list[object], tmp_path: Path
) -> None:
    """The figure for all photos of the training folder is too good, and a message says so; another folder is fine.

    A file of an older release knows its data set, but not its photos.
    """
    output = tmp_path / "m.tflite"
    assert trainer("retrain", *tiny_arguments, "--output", output).returncode == 0
    old = tmp_path / "old.tflite"
    old.write_bytes(without_known_photos(output.read_bytes()))
    done = trainer("evaluate", old, photos)
    assert "use --split test for photos that it was not trained on" in done.stderr
    assert "of 36 photos (all)" in done.stdout
    assert trainer("evaluate", output, photos, "--split", "all").stderr == (
        "trainer: 26 of these 36 photos trained the model, 7 chose its settings: the figures are too good; "
        "--split unseen evaluates the other 3\n"
    )
    fresh = tiny.paint_folder(tmp_path / "fresh", 4, seed=55)
    assert trainer("evaluate", output, fresh).stderr == ""


def test_evaluate_on_unknown_classes_ends_in_65(trainer, photos: Path) -> None:
    """If the model has a label for no class of the folder, both are named."""
    (photos / "red").rename(photos / "violet")
    shutil.rmtree(photos / "green")
    (photos / "blue").rename(photos / "indigo")
    line = complaint(trainer("evaluate", DATA / "tiny-int8.tflite", photos), 65)
    assert line == (
        "the folder and the model share no class: the folder has indigo, violet; the labels are blue, green, red; name "
        "the folders as the labels"
    )


def test_evaluate_names_a_class_without_a_label(trainer, photos: Path) -> None:
    """The classes that model and folder share are evaluated; the others are named with their photos."""
    (photos / "red").rename(photos / "violet")
    done = trainer("evaluate", DATA / "tiny-int8.tflite", photos, "--split", "all", "--json")
    printed = json.loads(done.stdout)
    assert (done.returncode, printed["judged"]) == (0, 24)
    assert printed["classes_not_evaluated"] == {"violet": 12}
    assert printed["labels_without_photos"] == ["red"]
    assert (
        "trainer: the model has no label for violet: 12 photos not evaluated; the folder has no photo of red\n"
        in done.stderr
    )


def test_two_independent_photos_have_no_figure(trainer, photos: Path) -> None:
    """Copies of two photos are two witnesses, which is too few for an accuracy; --json has the numbers all the same."""
    for path in photos.rglob("*.png"):
        if path.name not in ("001.png", "002.png") or path.parent.name != "red":
            path.unlink()
    tiny.paint("red", 77).save(photos / "red" / "001 copy.png")
    arguments = ("evaluate", DATA / "tiny-int8.tflite", photos, "--split", "all", "--groups", "names")
    done = trainer(*arguments)
    line = "3 photos, 2 independent (all) are too few to say how good the model is: give photos of other scenes"
    assert (done.returncode, done.stdout.splitlines()[-1]) == (0, line)
    assert "accuracy" not in done.stdout
    printed = json.loads(trainer(*arguments, "--json").stdout)
    assert (printed["judged"], printed["independent"]) == (3, 2)


def test_evaluate_takes_one_class_alone(trainer, photos: Path) -> None:
    """Evaluation needs no second class."""
    shutil.rmtree(photos / "red")
    shutil.rmtree(photos / "blue")
    done = trainer("evaluate", DATA / "tiny-int8.tflite", photos, "--split", "all", "--json")
    assert json.loads(done.stdout)["judged"] == 12


def test_architectures_lists_the_grid_with_its_figures(trainer, tmp_path: Path) -> None:
    """Sixteen rows with MACs, parameters, accuracy and source, and whether weights are at hand."""
    env = {"KERAS_HOME": str(tmp_path)}
    rows = json.loads(trainer("architectures", "--json", env=env).stdout)
    assert [row["architecture"] for row in rows] == [point.name for point in grid()]
    assert (rows[0]["million_macs"], rows[0]["million_parameters"], rows[0]["imagenet_top1"]) == (569, 4.24, 70.9)
    assert {row["weights"] for row in rows[4:]} == {"download"}
    (tmp_path / "models").mkdir()
    (tmp_path / "models" / "mobilenet_2_5_128_tf_no_top.h5").touch()
    text = trainer("architectures", env=env).stdout
    lines = [line.split() for line in text.splitlines()]
    assert next(line for line in lines if line[:1] == ["mobilenet_0.25_128"])[-2:] == ["keras", "cache"]
    assert "mobilenet_v1.md" in text


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
