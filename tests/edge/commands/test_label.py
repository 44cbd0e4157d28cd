"""``edge label`` as a user meets it: photos, models, labels and pictures like no class."""

from __future__ import annotations

import errno
import json
import os
import re
import shutil
from pathlib import Path

import pytest
from PIL import Image

from edge.cli import main
from edge.system import drives
from support.colours import COLOURS, encoded, plain
from support.gated import GATED, grey, noisy
from support.hanging_share import OPEN, hanging_share
from support.surgery import write_foreign

pytestmark = [pytest.mark.numeric, pytest.mark.usefixtures("in_a_folder_with_photos")]


def _records(capsys: pytest.CaptureFixture[str]) -> list[dict[str, object]]:
    return [json.loads(line) for line in capsys.readouterr().out.splitlines()]


def test_one_photo(capsys: pytest.CaptureFixture[str]) -> None:
    """One photo gives the codelab's lines on stdout and nothing on stderr."""
    assert main(["label", "--model", "tiny.tflite", "photos/red.png"]) == 0
    assert capsys.readouterr() == ("red (score=0.99609)\nblue (score=0.00000)\ngreen (score=0.00000)\n", "")


def test_one_photo_on_a_drive_that_hangs(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its bytes have the limit of time that those of many photos have: the drive opens the file, and is silent then."""
    monkeypatch.setattr(drives, "ANSWER_LIMIT_S", 0.5)
    monkeypatch.setattr(drives, "LOOK_EVERY_S", 0.05)
    photo = tmp_path / "share/red.png"
    with hanging_share(Path("photos").absolute(), photo.parent, OPEN, 1):
        assert main(["label", "--model", "tiny.tflite", str(photo)]) == 74
    assert capsys.readouterr() == (
        "",
        f"edge: {photo}: no answer within 0.5 s; mend the drive and run again to go on\n",
    )


def test_a_drive_that_dies(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Photos that cannot be read are skipped and named, but a drive of which none can be read any more ends it."""
    (tmp_path / "many").mkdir()
    for number in range(20):
        shutil.copy("photos/red.png", tmp_path / f"many/{number:02}.png")
    share = tmp_path / "share"
    with hanging_share(tmp_path / "many", share, OPEN, 4, error=errno.EIO):
        assert main(["label", "--model", "tiny.tflite", "--top-k", "1", "--threads", "1", str(share)]) == 74
    out, err = capsys.readouterr()
    assert out.count("red (score=") == 4
    unread = "cannot be read: Input/output error"
    assert err.splitlines() == [
        *(f"edge: skipped {share}/{number:02}.png: {unread}" for number in (4, 5, 6)),
        f"edge: {share}/13.png: {unread}; neither can {share}/03.png, which could be before; mend the drive or "
        "the rights, and run again",
    ]


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
    """Scores below the threshold are not printed; the photo still counts as labelled."""
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
    """Bad photos are skipped, counted and named on stderr; hidden files are not read and have no message."""
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


def test_many_bad_photos_of_one_kind_are_counted(capsys: pytest.CaptureFixture[str]) -> None:
    """Three of each kind are named as they come, the others counted at the end; files of systems have no message."""
    Path("photos/@eaDir").mkdir()
    for index in range(12):
        Path(f"photos/bad{index:02}.mov").write_bytes(b"\0\0\0\x14ftypqt  \0\0\0\0qt  ")
        Path(f"photos/@eaDir/{index}.jpg").touch()
    Path("photos/empty.jpg").touch()
    assert main(["label", "--model", "tiny.tflite", "photos"]) == 0
    assert capsys.readouterr().err.splitlines() == [
        *(f"edge: skipped photos/bad{index:02}.mov: a video, not a photo" for index in range(3)),
        "edge: skipped photos/empty.jpg: not an image of a known format (JPEG, PNG, WEBP, GIF, BMP, TIFF, PPM)",
        "edge: skipped 9 more files: a video, not a photo",
        "edge: 3 labelled, 13 skipped",
    ]


@pytest.mark.parametrize("arguments", [["photos/bad.jpg"], ["empty"], ["gone.jpg"], [""], ["pipe.jpg"]])
def test_nothing_labelled(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    """If no photo could be labelled, the exit code is 65 and stderr ends with what to give."""
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
    """$EDGE_MODEL names the model if no argument does; the argument wins."""
    monkeypatch.setenv("EDGE_MODEL", "tiny.tflite")
    assert main(["label", "--top-k", "1", "photos/blue.png"]) == 0
    assert capsys.readouterr().out == "blue (score=0.99609)\n"
    assert main(["label", "--model", "other.tflite", "photos/blue.png"]) == 65
    assert "other.tflite" in capsys.readouterr().err


def test_the_only_model_in_models(capsys: pytest.CaptureFixture[str]) -> None:
    """The only model in models/ needs no name; if there is none or more than one, the user must name one."""
    assert main(["label", "photos/blue.png"]) == 2
    assert capsys.readouterr().err == "edge: which model? give --model FILE (in models/: none)\n"
    Path("models").mkdir()
    shutil.copy("tiny.tflite", "models/b.tflite")
    assert main(["label", "--top-k", "1", "photos/blue.png"]) == 0
    assert capsys.readouterr().out == "blue (score=0.99609)\n"
    shutil.copy("tiny.tflite", "models/a.tflite")
    assert main(["label", "photos/blue.png"]) == 2
    assert capsys.readouterr().err == "edge: which model? give --model FILE (in models/: a.tflite, b.tflite)\n"


def test_labels_for_a_foreign_model(capsys: pytest.CaptureFixture[str]) -> None:
    """--labels names the outputs of a model that carries none, and must fit them."""
    model = write_foreign("foreign.tflite")
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


@pytest.mark.parametrize("locale", ["C", "C.UTF-8", "POSIX"])
def test_file_names_that_are_not_utf8(locale: str, edge_command) -> None:
    """A photo with a name that is not UTF-8 is labelled in every locale, and JSON gives its bytes back."""
    name = b"photos/caf\xe9.png"
    Path(os.fsdecode(name)).write_bytes(encoded(plain("red"), "PNG"))
    environment = {**os.environ, "LC_ALL": locale, "LANG": locale}
    done = edge_command("label", "--json", "--model", "tiny.tflite", "photos", env=environment)
    assert done.returncode == 0
    assert name in [os.fsencode(json.loads(line)["path"]) for line in done.stdout.splitlines()]
    done = edge_command("label", "--model", "tiny.tflite", "photos", env=environment)
    assert (done.returncode, done.stderr) == (0, "edge: 4 labelled, 0 skipped\n")
    assert "photos/caf\\udce9.png\n" in done.stdout


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
    """In a folder, too, each photo is accepted or rejected by itself."""
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
