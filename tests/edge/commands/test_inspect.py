"""``edge inspect`` as a user meets it."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from edge.cli import main
from support import surgery
from support.paths import DATA
from support.surgery import write_foreign

pytestmark = [pytest.mark.numeric, pytest.mark.usefixtures("in_a_folder_with_photos")]


def test_inspect(capsys: pytest.CaptureFixture[str]) -> None:
    """What a model carries is shown line by line, and its self-test is run; the photos and the training are tables."""
    assert main(["inspect", "tiny.tflite"]) == 0
    out, err = capsys.readouterr()
    shown = dict(line.split(maxsplit=1) for line in out.splitlines() if " " in line)
    assert shown["architecture"] == "mobilenet_0.25_128"
    assert shown["quantization"] == "int8"
    assert shown["labels"] == "3: blue, green, red"
    assert "photos known      32 (0.2 kB)\n" in out
    assert "self-test         passed (largest difference 0.00" in out
    assert "photos       training  validation  test\nblue                7           3     2\n" in out
    assert "all classes        24           8     4\n" in out
    assert "\n  validation percentage    20\n" in out
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
    assert facts["known_photos"] == {"training": 24, "validation": 8, "size_bytes": 20 + 32 * 6}
    assert facts["self_test"]["passed"] is True
    assert facts["self_test"]["tolerance"] == (round(2 / 255, 6) if facts["runtime"] == "litert" else 0.1)


def test_inspect_a_foreign_model(capsys: pytest.CaptureFixture[str]) -> None:
    """A foreign model has facts that are not known, and no self-test."""
    many = write_foreign("foreign.tflite", "azure\nlime\nruby\n", metadata=True)
    assert main(["inspect", many]) == 0
    out = capsys.readouterr().out
    assert "architecture      not known\n" in out
    assert "photos known      none: the file does not say which photos it has seen\n" in out
    assert "self-test         none: the model was not made by trainer retrain or trainer adopt\n" in out
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


def test_inspect_a_damaged_manifest(capsys: pytest.CaptureFixture[str]) -> None:
    """A manifest with a value of a wrong type is one line on stderr, and exit code 65."""
    Path("damaged.tflite").write_bytes(surgery.with_facts(surgery.tiny("int8"), accuracy="high"))
    assert main(["inspect", "damaged.tflite"]) == 65
    message = "edge: damaged.tflite: the model's manifest is damaged; copy the model file again\n"
    assert capsys.readouterr() == ("", message)


@pytest.mark.parametrize(("name", "rejects"), [("tiny-gated", "yes"), ("tiny-int8", "no")])
def test_inspect_says_whether_pictures_can_be_rejected(
    name: str, rejects: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """``edge inspect`` says whether a model has a gate."""
    assert main(["inspect", str(DATA / f"{name}.tflite")]) == 0
    assert re.search(rf"^rejects pictures +{rejects}\b", capsys.readouterr().out, re.MULTILINE)


def test_inspect_says_what_taught_the_rest_of_the_world(capsys: pytest.CaptureFixture[str]) -> None:
    """A label that is no class, with what taught it; a file without one has no such line."""
    facts = {"label": "red", "photos": 12, "directions": 800, "drawings": 64, "source": "random"}
    Path("outside.tflite").write_bytes(surgery.with_facts(Path("tiny.tflite").read_bytes(), unknown=facts))
    assert main(["inspect", "outside.tflite"]) == 0
    line = "the label red, which is no class, taught by 12 photos, 800 directions, 64 drawings; directions: random"
    assert f"rest of the world  {line}\n" in capsys.readouterr().out
    assert main(["inspect", "--json", "outside.tflite"]) == 0
    assert json.loads(capsys.readouterr().out)["unknown"] == facts | {"photos_sha256": None}
    assert main(["inspect", "tiny.tflite"]) == 0
    assert "rest of the world" not in capsys.readouterr().out
