"""``edge service``: from a command line to a unit."""

from __future__ import annotations

import shutil
import ssl
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from edge import cli
from edge.service import needs
from edge.store.layout import Store

pytestmark = pytest.mark.usefixtures("in_a_folder_with_models")
MODEL = ("--model", "models/tiny-int8.tflite")


@pytest.fixture(autouse=True)
def _no_sudo(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("SUDO_USER", "EDGE_SOURCE", "EDGE_WEBHOOK"):
        monkeypatch.delenv(name, raising=False)


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


@pytest.mark.parametrize("serve", [False, True], ids=["watch", "serve"])
def test_a_delegate(
    serve: bool, capsys: pytest.CaptureFixture[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The path of its library becomes absolute and a name stays; the unit may use devices, by groups that are here."""
    monkeypatch.setattr(needs, "_DEVICE_GROUPS", ("daemon", "a-group-that-is-not-here"))
    program = ("--serve", "8080") if serve else ("0",)
    unit = _unit(capsys, *program, *MODEL, "--delegate", "lib/libx.so", "--delegate-option", "device=usb")
    assert f" --delegate {tmp_path}/lib/libx.so --delegate-option device=usb" in unit["ExecStart"]
    assert (unit["DevicePolicy"], unit["SupplementaryGroups"]) == ("auto", "daemon")
    assert "AF_NETLINK" in unit["RestrictAddressFamilies"].split()
    assert not {"DeviceAllow", "PrivateDevices", "MemoryDenyWriteExecute"} & unit.keys()
    unit = _unit(capsys, *program, *MODEL, "--delegate=libedgetpu.so.1")
    assert " --delegate=libedgetpu.so.1" in unit["ExecStart"]


def test_a_model_that_was_not_named_is(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The unit names the model of ``$EDGE_MODEL`` or of ``models/``: a service has neither."""
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
    for source in ("photos", "folder:photos", "folder:later", "/mnt/disk/photos"):
        unit = _unit(capsys, source, *MODEL)
        place = source if source.startswith("/") else f"{tmp_path}/{source.removeprefix('folder:')}"
        assert f"watch folder:{place} " in unit["ExecStart"]
        assert place not in unit["RequiresMountsFor"]
        assert unit["TimeoutStartSec"] == "infinity"
        assert unit["PrivateNetwork"] == "yes"
        assert "WatchdogSec" not in unit


def test_a_folder_is_mounted_before_the_start_if_it_can_be(capsys: pytest.CaptureFixture[str]) -> None:
    """Its mounts are wanted and awaited, not required: a disk that is missing or removed must not stop the service."""
    unit = _unit(capsys, "/mnt/usb-disk/photos", *MODEL)
    assert unit["Wants"] == unit["After"] == r"mnt.mount mnt-usb\x2ddisk.mount mnt-usb\x2ddisk-photos.mount"
    assert "Requires" not in unit and "BindsTo" not in unit


def test_files_are_there_before_the_start(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    """Systemd mounts the disks of the model and of a film first."""
    (tmp_path / "film 1.mp4").touch()
    assert cli.main(["service", "film 1.mp4", *MODEL]) == 0
    lines = [line.partition("=") for line in capsys.readouterr().out.splitlines()]
    mounts = [value for name, _, value in lines if name == "RequiresMountsFor"]
    assert mounts == [f"{tmp_path}/{MODEL[1]}", f'"{tmp_path}/film 1.mp4"']


def test_a_file_of_certificates(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    """The service reads it by its full path; one that cannot be read is refused."""
    pem = Path(ssl.get_default_verify_paths().cafile or "")
    if not pem.is_file():
        pytest.skip("this system has no file of certificates")
    shutil.copy(pem, tmp_path / "ca.pem")
    unit = _unit(capsys, "https://camera/", *MODEL, "--ca-file", "ca.pem")
    assert f"--ca-file {tmp_path}/ca.pem" in unit["ExecStart"]
    assert unit["RequiresMountsFor"] == f"{tmp_path}/ca.pem"
    assert cli.main(["service", "https://camera/", *MODEL, "--ca-file=gone.pem"]) == 2
    assert "--ca-file gone.pem: cannot be read" in capsys.readouterr().err


def test_watchdog_knows_every(capsys: pytest.CaptureFixture[str]) -> None:
    """A service that labels one frame in five minutes is not restarted every minute."""
    assert _unit(capsys, "0", *MODEL, "--every", "300")["WatchdogSec"] == "660"


def test_own_options_stand_anywhere(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The file is written whole, the message names the next commands, and the name is that of the service."""
    assert cli.main(["service", "--name", "hall", "0", *MODEL, "--output", "hall.service"]) == 0
    out, err = capsys.readouterr()
    assert out == ""
    assert "next: sudo cp hall.service /etc/systemd/system/ && sudo systemctl daemon-reload" in err
    assert "enable --now hall\n" in err
    text = (tmp_path / "hall.service").read_text()
    assert "EnvironmentFile=-/etc/hall.env" in text
    assert "--output" not in text
    monkeypatch.setattr("edge.service.make_unit.UNIT_FOLDER", tmp_path / "units")
    assert cli.main(["service", "--install", "0", *MODEL]) == 0
    assert "ExecStart=" in (tmp_path / "units" / "edge-watch.service").read_text()


def test_secrets_stay_out(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    """A token or password is refused or replaced by a name, never written."""
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
    assert " -m edge watch --model " in out
    assert "EDGE_SOURCE=ADDRESS into /etc/edge-watch.env" in err
    assert "hush" not in out + err


def test_actions(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    """Programs get their full paths, the secret is a credential, and a command may use the network."""
    (tmp_path / "my bin").mkdir()
    program = tmp_path / "my bin" / "beep"
    program.write_text("#!/bin/sh\n")
    program.chmod(0o755)
    options = ("--on-label", "red='my bin/beep' '$x' 5%", "--on-label-end=red=sh -c 'a; b'", "--for", "2")
    unit = _unit(capsys, "photos/", *MODEL, *options)
    shell = shutil.which("sh")
    assert unit["ExecStart"].split(" --on-label ")[1] == (
        f"\"red='{program}' '$$x' 5%%\" \"--on-label-end=red={shell} -c 'a; b'\" --for 2"
    )
    assert unit["RestrictAddressFamilies"] == "AF_UNIX AF_INET AF_INET6"
    assert "DeviceAllow" not in unit
    hook = ("--webhook", "http://host/hush", "--webhook-secret-file", "pass word")
    assert cli.main(["service", "photos/", *MODEL, *hook]) == 0
    out, err = capsys.readouterr()
    assert "LoadCredential=webhook-secret:" + f"{tmp_path}/pass word\n" in out
    assert "photos --model" in out and "webhook-secret-file ${CREDENTIALS_DIRECTORY}/webhook-secret\n" in out
    assert "EDGE_WEBHOOK=ADDRESS into /etc/edge-watch.env" in err
    assert "hush" not in out + err


def test_pins(capsys: pytest.CaptureFixture[str]) -> None:
    """The service may use the pins, and has a folder for the file that the library makes; nothing else is opened."""
    unit = _unit(capsys, "photos/", *MODEL, "--gpio", "red=17")
    assert unit["DeviceAllow"] == "char-gpiochip rw"
    assert unit["SupplementaryGroups"] == "gpio"
    assert unit["Environment"] == "LG_WD=/run/edge-watch"
    assert unit["PrivateNetwork"] == "yes"
    assert cli.main(["service", "0", *MODEL, "--gpio", "red=17"]) == 0
    devices = [line for line in capsys.readouterr().out.splitlines() if line.startswith("DeviceAllow")]
    assert devices == ["DeviceAllow=char-video4linux rw", "DeviceAllow=char-gpiochip rw"]


def test_a_page_for_others_needs_a_token(capsys: pytest.CaptureFixture[str]) -> None:
    """A page on the network has a message that names the file for its token; a page on loopback needs no token."""
    assert cli.main(["service", "0", *MODEL, "--web", "0.0.0.0:8080"]) == 0
    assert "the page needs a token: write EDGE_WEB_TOKEN=..." in capsys.readouterr().err
    assert cli.main(["service", "0", *MODEL, "--web", "8080"]) == 0
    assert "token" not in capsys.readouterr().err


def test_the_user_of_the_service(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    """If all users may read the files, systemd makes a user; else it is the caller, or the user that is named."""
    monkeypatch.setattr(needs, "_all_may_read", lambda path: True)
    monkeypatch.setattr(needs, "_is_temporary", lambda path: False)
    assert _unit(capsys, "0", *MODEL)["DynamicUser"] == "yes"
    assert _unit(capsys, "--user", "edge", "0", *MODEL)["User"] == "edge"
    monkeypatch.setenv("SUDO_USER", "pi")
    assert _unit(capsys, "0", *MODEL, "--capture", "kept")["User"] == "pi"
    monkeypatch.setattr(needs, "_all_may_read", lambda path: False)
    assert _unit(capsys, "0", *MODEL)["User"] == "pi"


def test_all_may_read(tmp_path: Path) -> None:
    """All users may read a file only if they may enter every folder above it."""
    assert needs._all_may_read(Path("/etc/passwd"))
    tmp_path.chmod(0o700)
    assert not needs._all_may_read(tmp_path / "models" / "tiny-int8.tflite")
    assert not needs._all_may_read(tmp_path / "none")


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ([], "which source? give SOURCE, such as 0 for the first camera, or set EDGE_SOURCE"),
        (["0", *MODEL, "--mqtt", "mqtt://host/a%0Ab"], "new line or another control character"),
        (["none.avi", *MODEL], "none.avi: No such file or directory"),
        (["0", *MODEL, "--smoth", "2"], "unrecognized arguments: --smoth"),
        (["0", *MODEL, "--mode", "x"], "unrecognized arguments: --mode"),
        (["0"], "which model? give --model FILE"),
        (["0", *MODEL, "--on-label", "red=none-such"], "none-such: there is no such program"),
        (["0", *MODEL, "--webhook", "ftp://host/"], "not the address of a webhook"),
        (["0", *MODEL, "--for", "2"], "--for has no effect without --on-label"),
        (["--name", "a/b", "0", *MODEL], "--name a/b: use letters, digits, - and _ only"),
        (["0", *MODEL, "--output", "x", "--install"], "not allowed with argument"),
    ],
)
def test_mistakes(capsys: pytest.CaptureFixture[str], arguments: list[str], words: str) -> None:
    """What ``edge watch`` would refuse is refused here, before the service starts."""
    assert cli.main(["service", *arguments]) == 2
    assert words in capsys.readouterr().err
