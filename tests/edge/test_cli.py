"""The ``edge`` command as a user meets it."""

from __future__ import annotations

import importlib.metadata
import json
import os
import re
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from PIL import Image

from edge.cli import main
from support import surgery
from support.colours import COLOURS, encoded, fill, plain
from support.gated import GATED, grey, noisy
from support.surgery import Patient

TINY = surgery.DATA / "tiny-int8.tflite"


@pytest.fixture(autouse=True)
def _in_a_folder_with_photos(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Every test starts in a folder with three photos and a copy of the model elsewhere."""
    monkeypatch.chdir(tmp_path)
    fill(Path("photos"), "blue.png", "green.png", "red.png")
    shutil.copy(TINY, "tiny.tflite")


def _records(capsys: pytest.CaptureFixture[str]) -> list[dict[str, object]]:
    return [json.loads(line) for line in capsys.readouterr().out.splitlines()]


def _foreign(name: str, labels: str | None = None, metadata: bool = False) -> str:
    Path(name).write_bytes(Patient(surgery.tiny("int8")).foreign(labels, metadata=metadata).content)
    return name


def test_one_photo(capsys: pytest.CaptureFixture[str]) -> None:
    """One photo gives the codelab's lines on stdout and no word on stderr."""
    assert main(["label", "--model", "tiny.tflite", "photos/red.png"]) == 0
    assert capsys.readouterr() == ("red (score=0.99609)\nblue (score=0.00000)\ngreen (score=0.00000)\n", "")


def test_a_folder(capsys: pytest.CaptureFixture[str]) -> None:
    """A folder gives each photo's path and lines, and a count on stderr."""
    assert main(["label", "--model", "tiny.tflite", "--top-k", "1", "photos"]) == 0
    out, err = capsys.readouterr()
    assert out == "".join(f"photos/{label}.png\n{label} (score=0.99609)\n\n" for label in COLOURS)
    assert err == "edge: 3 labelled, 0 skipped\n"


def test_json(capsys: pytest.CaptureFixture[str]) -> None:
    """With --json every line is a record."""
    assert main(["label", "--json", "--model", "tiny.tflite", "photos"]) == 0
    records = _records(capsys)
    assert [record["path"] for record in records] == [f"photos/{label}.png" for label in COLOURS]
    assert records[2]["labels"] == ["red", "blue", "green"]
    assert records[2]["scores"] == [0.996094, 0.0, 0.0]


def test_threshold(capsys: pytest.CaptureFixture[str]) -> None:
    """Scores below the threshold are left out; the photo still counts as labelled."""
    assert main(["label", "--model", "tiny.tflite", "--score-threshold", "0.5", "photos/red.png"]) == 0
    assert capsys.readouterr().out == "red (score=0.99609)\n"
    assert main(["label", "--model", "tiny.tflite", "--score-threshold", "1", "photos"]) == 0
    assert capsys.readouterr().err == "edge: 3 labelled, 0 skipped\n"


@pytest.mark.parametrize("threads", ["1", "3"])
def test_threads(threads: str, capsys: pytest.CaptureFixture[str]) -> None:
    """The number of threads changes nothing in the results or their order."""
    assert (
        main(["label", "--json", "--threads", threads, "--model", "tiny.tflite", "photos", "photos/../photos/*"]) == 0
    )
    assert [record["labels"][0] for record in _records(capsys)] == [*COLOURS, *COLOURS]  # type: ignore[index]


def test_bad_photos_never_end_a_run(capsys: pytest.CaptureFixture[str]) -> None:
    """Bad photos are skipped, counted and named on stderr; what hides is passed over in silence."""
    Path("photos/bad.jpg").write_bytes(encoded(plain("red"), "JPEG")[:100])
    Path("photos/empty.jpg").touch()
    Path("photos/notes.txt").write_text("call the gardener")
    Path("photos/.hidden.png").touch()
    os.mkfifo("photos/pipe.jpg")
    assert main(["label", "--model", "tiny.tflite", "--json", "photos", "gone.jpg", "*.gif"]) == 0
    out, err = capsys.readouterr()
    lines = err.splitlines()
    assert lines[-1] == "edge: 3 labelled, 6 skipped"
    assert sorted(line.split(":")[1] for line in lines[:-1]) == [
        " skipped *.gif",
        " skipped gone.jpg",
        " skipped photos/bad.jpg",
        " skipped photos/empty.jpg",
        " skipped photos/notes.txt",
        " skipped photos/pipe.jpg",
    ]
    records = [json.loads(line) for line in out.splitlines()]
    assert [record["path"] for record in records if "error" in record] == [
        "photos/bad.jpg",
        "photos/empty.jpg",
        "photos/notes.txt",
    ]


@pytest.mark.parametrize("arguments", [["photos/bad.jpg"], ["empty"], ["gone.jpg"], [""], ["pipe.jpg"]])
def test_nothing_labelled(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    """Where no photo could be labelled the exit code is 65 and stderr ends with what to give."""
    Path("photos/bad.jpg").write_text("no picture")
    Path("empty").mkdir()
    os.mkfifo("pipe.jpg")
    assert main(["label", "--model", "tiny.tflite", *arguments]) == 65
    out, err = capsys.readouterr()
    assert out == ""
    assert err.endswith("edge: no image was labelled; give image files, or folders with image files\n")


def test_one_bad_photo_as_json(capsys: pytest.CaptureFixture[str]) -> None:
    """A single bad photo is a record with its error, a line on stderr, and exit code 65."""
    Path("bad.jpg").write_text("no picture")
    assert main(["label", "--json", "--model", "tiny.tflite", "bad.jpg"]) == 65
    out, err = capsys.readouterr()
    assert json.loads(out)["error"].startswith("not an image of a known format")
    assert err.startswith("edge: skipped bad.jpg: not an image of a known format")


def test_model_of_the_environment(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    """$EDGE_MODEL names the model where no argument does; the argument wins."""
    monkeypatch.setenv("EDGE_MODEL", "tiny.tflite")
    assert main(["label", "--top-k", "1", "photos/blue.png"]) == 0
    assert capsys.readouterr().out == "blue (score=0.99609)\n"
    assert main(["label", "--model", "other.tflite", "photos/blue.png"]) == 65
    assert "other.tflite" in capsys.readouterr().err


def test_the_only_model_in_models(capsys: pytest.CaptureFixture[str]) -> None:
    """The only model in models/ needs no name; of none or of several one must be chosen."""
    assert main(["label", "photos/blue.png"]) == 2
    assert capsys.readouterr().err == "edge: which model? give --model FILE (in models/: none)\n"
    Path("models").mkdir()
    shutil.copy("tiny.tflite", "models/b.tflite")
    assert main(["label", "--top-k", "1", "photos/blue.png"]) == 0
    assert capsys.readouterr().out == "blue (score=0.99609)\n"
    shutil.copy("tiny.tflite", "models/a.tflite")
    assert main(["label", "photos/blue.png"]) == 2
    assert capsys.readouterr().err == "edge: which model? give --model FILE (in models/: a.tflite, b.tflite)\n"


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ([], "the following arguments are required: COMMAND"),
        (["lable"], "invalid choice"),
        (["label"], "the following arguments are required: PATH"),
        (["label", "--top-k", "0", "x"], "'0' is not a whole number of at least 1"),
        (["label", "--top-k", "-1", "x"], "argument --top-k"),
        (["label", "--top-k", "2.5", "x"], "'2.5' is not a whole number"),
        (["label", "--threads", "zero", "x"], "'zero' is not a whole number"),
        (["label", "--score-threshold", "1.1", "x"], "'1.1' is not a number from 0 to 1"),
        (["label", "--score-threshold", "nan", "x"], "'nan' is not a number from 0 to 1"),
        (["label", "--score-threshold", "high", "x"], "'high' is not a number from 0 to 1"),
        (["label", "--runtime", "tensorflow", "x"], "invalid choice: 'tensorflow'"),
        (["inspect"], "the following arguments are required: MODEL"),
    ],
)
def test_usage_errors(arguments: list[str], words: str, capsys: pytest.CaptureFixture[str]) -> None:
    """A mistake on the command line is exit code 2 and says which argument is wrong."""
    assert main(arguments) == 2
    out, err = capsys.readouterr()
    assert out == ""
    assert words in err


def test_too_many_threads(capsys: pytest.CaptureFixture[str]) -> None:
    """A number of threads beyond reason is a mistake in usage, for one photo and for many."""
    for paths in (["photos/red.png"], ["photos"]):
        assert main(["label", "--model", "tiny.tflite", "--threads", "99999999999", *paths]) == 2
        assert "give a number from 1 to 1024" in capsys.readouterr().err


@pytest.mark.parametrize("command", ["label", "inspect", None])
def test_help(command: str | None, capsys: pytest.CaptureFixture[str]) -> None:
    """--help is exit code 0, goes to stdout, and each command has an example."""
    assert main([command, "--help"] if command else ["--help"]) == 0
    out = capsys.readouterr().out
    assert out.startswith("usage: edge")
    assert command is None or f"example: edge {command} " in out


def _bad_models() -> dict[str, bytes]:
    content = surgery.tiny("int8")
    patient = Patient(content)
    quantization = patient.tensor("image").table(surgery.QUANTIZATION)
    assert quantization is not None
    return {
        "empty": b"",
        "picture": encoded(plain("red"), "PNG"),
        "truncated": content[:2000],
        "without its end": content[:-30],
        "scale 0": patient.set_item(quantization, surgery.SCALE, "f", 0.0).content,
        "flipped": content.replace(b"\xd2\xcbx\xce", b"\xd3\xcbx\xce"),
    }


@pytest.mark.parametrize("fault", _bad_models())
@pytest.mark.parametrize("command", [["inspect"], ["label", "photos", "--model"]])
def test_bad_models(fault: str, command: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    """A bad model is one line on stderr that names the file, nothing on stdout, and exit code 65."""
    Path("bad.tflite").write_bytes(_bad_models()[fault])
    assert main([*command, "bad.tflite"]) == 65
    out, err = capsys.readouterr()
    assert out == ""
    assert err.startswith("edge: bad.tflite: ") and err.count("\n") == 1


def test_labels_for_a_foreign_model(capsys: pytest.CaptureFixture[str]) -> None:
    """--labels names the outputs of a model that carries none, and must fit them."""
    model = _foreign("foreign.tflite")
    Path("names.txt").write_text("sky\ngrass\nbrick\n")
    Path("few.txt").write_text("sky\ngrass\n")
    command = ["label", "--model", model, "photos/red.png", "--top-k", "1"]
    assert main([*command, "--labels", "names.txt"]) == 0
    assert capsys.readouterr().out == "brick (score=0.99609)\n"
    assert main([*command, "--labels", "few.txt"]) == 65
    assert "2 labels for 3 outputs" in capsys.readouterr().err
    assert main([*command, "--labels", "gone.txt"]) == 65
    assert "gone.txt: cannot read the label file" in capsys.readouterr().err
    assert main(command) == 65
    assert "give them with --labels FILE" in capsys.readouterr().err


@pytest.mark.parametrize("command", [["label", "photos/red.png", "--model"], ["inspect"]])
def test_labels_for_our_own_model(command: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    """--labels on a model that carries its labels is refused: they could only be wrong."""
    Path("names.txt").write_text("blue\ngreen\nred\n")
    assert main([*command, "tiny.tflite", "--labels", "names.txt"]) == 65
    assert "carries its own labels; leave out the label file" in capsys.readouterr().err


def test_inspect(capsys: pytest.CaptureFixture[str]) -> None:
    """What a model carries is shown line by line, and its self-test is run; the photos and the training are tables."""
    assert main(["inspect", "tiny.tflite"]) == 0
    out, err = capsys.readouterr()
    shown = dict(line.split(maxsplit=1) for line in out.splitlines() if " " in line)
    assert shown["architecture"] == "mobilenet_0.25_128"
    assert shown["quantization"] == "int8"
    assert shown["labels"] == "3: blue, green, red"
    assert "self-test         passed (largest difference 0.00" in out
    assert "photos       training  validation  test\nblue                7           3     2\n" in out
    assert "all classes        24           8     4\n" in out
    assert "\n  validation percentage  20\n" in out
    assert not set("{}'") & set(out)
    assert err == ""


def test_inspect_as_json(capsys: pytest.CaptureFixture[str]) -> None:
    """The same facts as one JSON object."""
    assert main(["inspect", "--json", "tiny.tflite"]) == 0
    facts = json.loads(capsys.readouterr().out)
    assert facts["labels"] == ["blue", "green", "red"]
    assert facts["size_bytes"] == len(surgery.tiny("int8"))
    assert facts["input"] == "uint8 (1, 32, 32, 3)"
    assert facts["photos"].keys() == {"blue", "green", "red"}
    assert facts["self_test"]["passed"] is True
    assert facts["self_test"]["tolerance"] == (round(2 / 255, 6) if facts["runtime"] == "litert" else 0.1)


def test_inspect_a_foreign_model(capsys: pytest.CaptureFixture[str]) -> None:
    """A foreign model has facts that are not known, and no self-test."""
    many = _foreign("foreign.tflite", "azure\nlime\nruby\n", metadata=True)
    assert main(["inspect", many]) == 0
    out = capsys.readouterr().out
    assert "architecture      not known\n" in out
    assert "self-test         none: the model was not exported by trainer retrain\n" in out
    assert main(["inspect", "--json", many]) == 0
    facts = json.loads(capsys.readouterr().out)
    assert (facts["architecture"], facts["self_test"], facts["labels"]) == (None, None, ["azure", "lime", "ruby"])


def test_inspect_on_a_device_that_computes_otherwise(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """A failed self-test is shown, and is exit code 65."""
    from edge.inference.self_test import SelfTestResult

    monkeypatch.setattr("edge.commands.inspect.run_self_test", lambda _: SelfTestResult(0.5, 2 / 255, "litert"))
    assert main(["inspect", "tiny.tflite"]) == 65
    out, err = capsys.readouterr()
    assert "self-test         FAILED (largest difference 0.5000, allowed 0.0078)\n" in out
    assert err.startswith(
        "edge: tiny.tflite: the self-test failed on litert (largest difference 0.5000, allowed 0.0078): "
    )


def test_without_an_interpreter(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    """Where no interpreter is installed the exit code is 78 and the line says what to install."""
    monkeypatch.setattr("edge.inference.interpreter.installed_runtimes", list)
    for paths in (["photos/red.png"], ["photos"]):
        assert main(["label", "--model", "tiny.tflite", *paths]) == 78
        err = capsys.readouterr().err
        assert err == "edge: no TFLite interpreter is installed: pip install 'edge-for-poets[litert]'\n"


def test_disk_error(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    """An error of the disk in the middle of a run is exit code 74, not a traceback."""

    def broken(*_: object) -> None:
        raise OSError(5, "Input/output error", "photos")

    monkeypatch.setattr("edge.commands.label.find_photos", broken)
    assert main(["label", "--model", "tiny.tflite", "photos"]) == 74
    assert capsys.readouterr().err == "edge: photos: Input/output error\n"


def test_command_in_its_own_process(edge_command) -> None:
    """``python -m edge`` is the same command: results on stdout, not a word of the runtime on stderr."""
    done = edge_command("label", "--model", "tiny.tflite", "--top-k", "1", "photos/green.png")
    assert (done.returncode, done.stdout, done.stderr) == (0, "green (score=0.99609)\n", "")
    done = edge_command("label", "--model", "gone.tflite", "photos")
    assert (done.returncode, done.stdout) == (65, "")
    assert done.stderr == "edge: gone.tflite: cannot read the model (No such file or directory)\n"


def test_installed_command() -> None:
    """The ``edge`` script beside this Python is there and works."""
    script = Path(sys.executable).with_name("edge")
    done = subprocess.run([script, "inspect", "tiny.tflite"], capture_output=True, text=True, timeout=60, check=False)
    assert (done.returncode, done.stderr) == (0, "")
    assert "passed" in done.stdout


@pytest.mark.parametrize("locale", ["C", "C.UTF-8", "POSIX"])
def test_file_names_that_are_not_utf8(locale: str, edge_command) -> None:
    """A photo whose name is no UTF-8 is labelled in every locale, and JSON gives its bytes back."""
    name = b"photos/caf\xe9.png"
    Path(os.fsdecode(name)).write_bytes(encoded(plain("red"), "PNG"))
    environment = {**os.environ, "LC_ALL": locale, "LANG": locale}
    done = edge_command("label", "--json", "--model", "tiny.tflite", "photos", env=environment)
    assert done.returncode == 0
    assert name in [os.fsencode(json.loads(line)["path"]) for line in done.stdout.splitlines()]
    done = edge_command("label", "--model", "tiny.tflite", "photos", env=environment)
    assert (done.returncode, done.stderr) == (0, "edge: 4 labelled, 0 skipped\n")
    assert "photos/caf\\udce9.png\n" in done.stdout


def _many_photos() -> None:
    """More photos than a pipe holds records of, as links to one."""
    for number in range(1200):
        Path("photos", f"red-{number:04d}.png").hardlink_to("photos/red.png")


def _plain_signals() -> None:
    signal.signal(signal.SIGINT, signal.SIG_DFL)  # a shell's background jobs ignore Ctrl-C


def _popen(*arguments: str) -> subprocess.Popen[bytes]:
    return subprocess.Popen(
        [sys.executable, "-m", "edge", "label", "--model", "tiny.tflite", *arguments],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        bufsize=0,  # else the pipe would be read further than the line asked for
        preexec_fn=_plain_signals,
    )


@pytest.mark.parametrize("form", [["--json"], []])
def test_a_closed_pipe_ends_quietly(form: list[str]) -> None:
    """``edge label photos | head -1``: the first line arrives while others are still to come, then all is quiet."""
    _many_photos()
    with _popen(*form, "photos") as process:
        assert process.stdout is not None and process.stderr is not None
        assert b"photos/blue.png" in process.stdout.readline()
        process.stdout.close()
        assert process.stderr.read() == b""
        assert process.wait(60) == 0


def test_ctrl_c() -> None:
    """Ctrl-C in the middle of a run: whole lines so far, one line on stderr, exit code 130."""
    _many_photos()
    with _popen("--json", "photos") as process:
        assert process.stdout is not None
        first = process.stdout.readline()  # and with the pipe unread the rest must wait
        process.send_signal(signal.SIGINT)
        out, err = process.communicate(timeout=60)
    assert process.returncode == 130
    assert err == b"edge: interrupted; run the same command again to go on\n"
    lines = (first + out).splitlines(keepends=True)
    assert 1 <= len(lines) < 1203
    assert all(json.loads(line)["path"] for line in lines if line.endswith(b"\n"))


def test_real_photos(shared: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Google's model labels a daisy with its packed labels and with those of a file."""
    model = str(shared / "tflite" / "mobilenet_v1_0.25_128_quant.tflite")
    photo = str(shared / "flower_photos" / "daisy" / "15207766_fc2f1d692c_n.jpg")
    for labels in ([], ["--labels", str(shared / "tflite" / "imagenet_labels.txt")]):
        assert main(["label", "--model", model, *labels, "--top-k", "1", photo]) == 0
        assert capsys.readouterr() == ("daisy (score=0.99609)\n", "")


def test_a_rejected_picture_is_unknown(capsys: pytest.CaptureFixture[str]) -> None:
    """With --reject a picture that is like no class is unknown, in text and in JSON; JSON has all its scores."""
    Image.fromarray(grey(0)).save("photos/grey.png")
    gated = ["label", "--model", str(GATED)]
    assert main([*gated, "--reject", "photos/grey.png"]) == 0
    assert re.fullmatch(r"unknown \(best guess (blue|green|red), score=0\.\d{5}\)\n", capsys.readouterr().out)
    assert main([*gated, "--reject", "--json", "photos/grey.png"]) == 0
    (record,) = _records(capsys)
    assert (record["label"], record["rejected"], len(record["scores"])) == ("unknown", True, 3)
    assert main([*gated, "--json", "photos/grey.png"]) == 0
    assert _records(capsys)[0].keys() == {"path", "labels", "scores", "latency_ms"}


def test_rejecting_in_a_folder(capsys: pytest.CaptureFixture[str]) -> None:
    """In a folder too each photo is judged by itself."""
    Image.fromarray(grey(0)).save("photos/grey.png")
    Image.fromarray(noisy("red", 1)).save("photos/red.png")
    assert main(["label", "--model", str(GATED), "--reject", "--json", "photos"]) == 0
    records = {record["path"]: record for record in _records(capsys)}
    assert (records["photos/grey.png"]["label"], records["photos/grey.png"]["rejected"]) == ("unknown", True)
    assert (records["photos/red.png"]["label"], records["photos/red.png"]["rejected"]) == ("red", False)


def test_rejecting_without_a_gate(capsys: pytest.CaptureFixture[str]) -> None:
    """A model without a gate ends in 78 and one line."""
    assert main(["label", "--model", "tiny.tflite", "--reject", "photos"]) == 78
    out, err = capsys.readouterr()
    assert (out, err.count("\n")) == ("", 1)
    assert "carries no gate" in err


@pytest.mark.parametrize(("name", "rejects"), [("tiny-gated", "yes"), ("tiny-int8", "no")])
def test_inspect_says_whether_pictures_can_be_rejected(
    name: str, rejects: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """``edge inspect`` says whether a model has a gate."""
    assert main(["inspect", str(surgery.DATA / f"{name}.tflite")]) == 0
    assert re.search(rf"^rejects pictures +{rejects}\b", capsys.readouterr().out, re.MULTILINE)


def test_the_version_is_that_of_the_installed_package(edge_command) -> None:
    """One line on stdout; run from its source alone the package says so."""
    done = edge_command("--version")
    assert (done.returncode, done.stderr) == (0, "")
    try:
        expected = f"edge {importlib.metadata.version('edge-for-poets')}\n"
    except importlib.metadata.PackageNotFoundError:
        expected = "edge, not installed but run from its source\n"
    assert done.stdout == expected
