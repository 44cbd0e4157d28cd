"""``edge service``: from a command line to a unit."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path

import pytest

import edge.commands.service as service
from edge import cli
from edge.service import needs
from edge.store.layout import Store

pytestmark = pytest.mark.usefixtures("in_a_folder_with_models")
MODEL = ("--model", "models/tiny-int8.tflite")


@pytest.fixture(autouse=True)
def _no_sudo(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("SUDO_USER", raising=False)


def _unit(capsys: pytest.CaptureFixture[str], *arguments: str) -> dict[str, str]:
    """The settings of the printed unit; of one that stands there twice the last."""
    assert cli.main(["service", *arguments]) == 0
    text = capsys.readouterr().out
    return dict(line.split("=", 1) for line in text.splitlines() if "=" in line and not line.startswith("#"))


def test_command_line(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    """The unit runs this very Python with the same options; every path is absolute."""
    unit = _unit(capsys, "0", *MODEL, "--smooth=2", "--capture", "kept frames", "--web", "8080")
    assert unit["ExecStart"] == (
        f"{sys.executable} -m edge watch 0 --model {tmp_path}/models/tiny-int8.tflite --smooth=2 "
        f'--capture "{tmp_path}/kept frames" --web 8080'
    )
    assert unit["ReadWritePaths"] == f'-"{tmp_path}/kept frames"'
    assert unit["DeviceAllow"] == "char-video4linux rw"
    assert unit["RestrictAddressFamilies"] == "AF_UNIX AF_INET AF_INET6"
    assert unit["RuntimeDirectory"] == "edge-watch"


def test_a_model_that_was_not_named_is(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The model of ``$EDGE_MODEL`` or of ``models/`` is written down: a service sees neither."""
    monkeypatch.setenv("EDGE_MODEL", "models/tiny-float32.tflite")
    assert f"--model {tmp_path}/models/tiny-float32.tflite" in _unit(capsys, "0")["ExecStart"]


@pytest.mark.usefixtures("trusting")
def test_the_stores_model(capsys: pytest.CaptureFixture[str], store: Store, put: Callable[..., str]) -> None:
    """The unit names the link, so that a switch is seen, and lets the service write into the store."""
    put(0)
    unit = _unit(capsys, "0")
    assert f"--model {store.root}/current/model.tflite" in unit["ExecStart"]
    assert unit["ReadWritePaths"] == f"-{store.root}"


def test_a_folder_has_no_watchdog(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    """A folder is watched by its full path, without network and without a time for the next picture."""
    (tmp_path / "photos").mkdir()
    for source in ("photos", "folder:photos"):
        unit = _unit(capsys, source, *MODEL)
        assert f"watch {tmp_path}/photos " in unit["ExecStart"]
        assert unit["TimeoutStartSec"] == "infinity"
        assert unit["PrivateNetwork"] == "yes"
        assert "WatchdogSec" not in unit


def test_watchdog_knows_every(capsys: pytest.CaptureFixture[str]) -> None:
    """Who labels once in five minutes is not restarted every minute."""
    assert _unit(capsys, "0", *MODEL, "--every", "300")["WatchdogSec"] == "660"


def test_own_options_stand_anywhere(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The file is written whole, and the commands that come next are told; the name is the service's."""
    assert cli.main(["service", "--name", "door", "0", *MODEL, "--output", "door.service"]) == 0
    out, err = capsys.readouterr()
    assert out == ""
    assert "next: sudo cp door.service /etc/systemd/system/ && sudo systemctl daemon-reload" in err
    assert "enable --now door\n" in err
    text = (tmp_path / "door.service").read_text()
    assert "EnvironmentFile=-/etc/door.env" in text
    assert "--output" not in text
    monkeypatch.setattr(service, "_UNITS", tmp_path / "units")
    assert cli.main(["service", "--install", "0", *MODEL]) == 0
    assert "ExecStart=" in (tmp_path / "units" / "edge-watch.service").read_text()


def test_secrets_stay_out(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    """A token or password is refused or named, never written."""
    assert cli.main(["service", "0", *MODEL, "--web", "0.0.0.0:8080", "--web-token", "hush"]) == 2
    assert "write EDGE_WEB_TOKEN=... into /etc/edge-watch.env" in capsys.readouterr().err
    assert cli.main(["service", "0", *MODEL, "--mqtt", "mqtt://pi:hush@broker/topic"]) == 2
    capsys.readouterr()
    mqtt = ("--mqtt", "mqtt://pi@broker/topic", "--mqtt-password-file", "pass word")
    unit = _unit(capsys, "0", *MODEL, *mqtt)
    assert unit["LoadCredential"] == f"mqtt-password:{tmp_path}/pass word"
    assert unit["ExecStart"].endswith("--mqtt-password-file ${CREDENTIALS_DIRECTORY}/mqtt-password")
    assert cli.main(["service", "rtsp://cam:hush@10.0.0.7/stream", *MODEL]) == 0
    out, err = capsys.readouterr()
    assert " watch ${EDGE_SOURCE} " in out
    assert "EDGE_SOURCE=ADDRESS into /etc/edge-watch.env" in err
    assert "hush" not in out + err


def test_a_page_for_others_needs_a_token(capsys: pytest.CaptureFixture[str]) -> None:
    """Who opens the page to the network is told where its token goes; on loopback it needs none."""
    assert cli.main(["service", "0", *MODEL, "--web", "0.0.0.0:8080"]) == 0
    assert "the page needs a token: write EDGE_WEB_TOKEN=..." in capsys.readouterr().err
    assert cli.main(["service", "0", *MODEL, "--web", "8080"]) == 0
    assert "token" not in capsys.readouterr().err


def test_who_runs_it(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    """Systemd makes a user up where everybody may read the files; else it is the caller, or who is named."""
    monkeypatch.setattr(needs, "_is_for_all", lambda path: True)
    monkeypatch.setattr(service, "_is_temporary", lambda path: False)
    assert _unit(capsys, "0", *MODEL)["DynamicUser"] == "yes"
    assert _unit(capsys, "--user", "edge", "0", *MODEL)["User"] == "edge"
    monkeypatch.setenv("SUDO_USER", "pi")
    assert _unit(capsys, "0", *MODEL, "--capture", "kept")["User"] == "pi"
    monkeypatch.setattr(needs, "_is_for_all", lambda path: False)
    assert _unit(capsys, "0", *MODEL)["User"] == "pi"


def test_readable_for_all(tmp_path: Path) -> None:
    """A file counts as readable for all only if every folder above it may be entered."""
    assert needs._is_for_all(Path("/etc/passwd"))
    tmp_path.chmod(0o700)
    assert not needs._is_for_all(tmp_path / "models" / "tiny-int8.tflite")
    assert not needs._is_for_all(tmp_path / "none")


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ([], "the following arguments are required: SOURCE"),
        (["none.avi", *MODEL], "none.avi: No such file or directory"),
        (["0", *MODEL, "--smoth", "2"], "unrecognized arguments: --smoth"),
        (["0", *MODEL, "--mode", "x"], "unrecognized arguments: --mode"),
        (["0"], "which model? give --model FILE"),
        (["--name", "a/b", "0", *MODEL], "--name a/b: use letters, digits, - and _ only"),
        (["0", *MODEL, "--output", "x", "--install"], "not allowed with argument"),
    ],
)
def test_mistakes(capsys: pytest.CaptureFixture[str], arguments: list[str], words: str) -> None:
    """What ``edge watch`` would refuse is refused here already, before a service fails in the night."""
    assert cli.main(["service", *arguments]) == 2
    assert words in capsys.readouterr().err
