"""What every user of the machine sees of a service: its unit and its command line."""

from __future__ import annotations

import os
import subprocess
import threading
from pathlib import Path

import pytest

from edge import cli
from support.paths import REPOSITORY
from support.ports import free_port
from support.systemd_unit import command, command_lines, settings
from support.waiting import wait_for

SECRET = "hush%40$HOME'x"
MODEL = REPOSITORY / "tests" / "data" / "tiny-int8.tflite"
SOURCE = "http://127.0.0.1:{port}/stream"
FORMS: dict[str, tuple[str | None, list[str], dict[str, str]]] = {
    "password": ("http://cam:{secret}@127.0.0.1:{port}/stream", [], {}),
    "token as user": ("http://{secret}@127.0.0.1:{port}/stream", [], {}),
    "query": ("http://127.0.0.1:{port}/stream?user=cam&pwd={secret}", [], {}),
    "fragment": ("http://127.0.0.1:{port}/stream#{secret}", [], {}),
    "rtsp": ("rtsp://cam:{secret}@127.0.0.1:{port}/stream", [], {}),
    "source of the environment": (None, [], {}),
    "broker's password file": (SOURCE, ["--mqtt", "mqtt://me@127.0.0.1:{port}/t", "--mqtt-password-file", "p w%"], {}),
    "broker's password": (SOURCE, ["--mqtt=mqtt://me@127.0.0.1:{port}/t"], {"EDGE_MQTT_PASSWORD": SECRET}),
    "webhook": (
        SOURCE,
        ["--webhook", "http://127.0.0.1:{port}/{secret}", "--webhook-secret-file", "p w%"],
        {"EDGE_WEBHOOK": f"http://127.0.0.1:1/{SECRET}"},
    ),
    "token of the page": (SOURCE, ["--web", "127.0.0.1:{web}"], {"EDGE_WEB_TOKEN": SECRET}),
}


@pytest.fixture(autouse=True)
def _lasting_folder(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("edge.service.needs._is_temporary", lambda path: False)  # no message about it


@pytest.mark.parametrize("form", FORMS)
def test_no_secret_can_be_read(
    form: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Neither the unit, nor a command line of its processes, nor a message holds the secret; the source is tried."""
    for part, module, extra in (("rtsp", "cv2", "camera"), ("broker", "paho.mqtt", "mqtt"), ("page", "uvicorn", "web")):
        if part in form:
            pytest.importorskip(module, reason=f"the extra '{extra}' is not installed")
    source, options, secrets = FORMS[form]
    monkeypatch.chdir(tmp_path)
    values = {"secret": SECRET, "port": free_port(), "web": free_port()}
    address = (source or FORMS["password"][0] or "").format(**values)
    (tmp_path / "p w%").write_text(SECRET)
    if source is None:
        monkeypatch.setenv("EDGE_SOURCE", address)
    words = ["--" if source is None else address, "--model", str(MODEL), "--status", "run/watch.json"]
    assert cli.main(["service", *words, *(word.format(**values) for word in options)]) == 0
    unit, messages = capsys.readouterr()
    assert SECRET not in unit + messages
    if SECRET in address:
        assert "write EDGE_SOURCE=ADDRESS into /etc/edge-watch.env" in messages
        secrets = {**secrets, "EDGE_SOURCE": address}

    # as systemd sets them
    variables = {**secrets, "CREDENTIALS_DIRECTORY": str(tmp_path), "STATE_DIRECTORY": str(tmp_path / "state")}
    for name in ("mqtt-password", "webhook-secret"):
        (tmp_path / name).write_text(SECRET)
    environment = {**os.environ, **variables, "PYTHONPATH": str(REPOSITORY), "OPENCV_FFMPEG_LOGLEVEL": "-8"}
    if source is not None and SECRET not in address:
        environment.pop("EDGE_SOURCE", None)
    process = subprocess.Popen(
        command(unit, variables), cwd="/", env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    printed: list[str] = []
    threads = [
        threading.Thread(target=lambda stream=stream: printed.extend(stream))
        for stream in (process.stdout, process.stderr)
    ]
    try:
        for thread in threads:
            thread.start()
        wait_for(lambda: any("trying again" in line and f":{values['port']}" in line for line in printed))
        seen = command_lines(process.pid)
    finally:
        process.kill()
        process.wait()
        for thread in threads:
            thread.join()
    assert " -m edge watch " in seen[0]
    assert SECRET not in "".join([*seen, *printed])
    assert "hush" not in "".join([*seen, *printed])


@pytest.mark.parametrize("user", ["me\nExecStartPre=/bin/id", "me\\", "%u", "-x", "", "a b", "a" * 300, "\x1b[2J"])
def test_a_user_cannot_write_lines(user: str, capsys: pytest.CaptureFixture[str]) -> None:
    """A text that is not the name of a user is refused in one line."""
    assert cli.main(["service", f"--user={user}", "0", "--model", str(MODEL)]) == 2
    out, err = capsys.readouterr()
    assert out == "" and "not the name of a user" in err and err.count("\n") == 1 and "\x1b" not in err


def test_the_caller_cannot_write_lines(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    """The same holds for the user that sudo names."""
    monkeypatch.setenv("SUDO_USER", "me\nExecStartPre=/bin/id")
    monkeypatch.setattr("edge.service.needs._all_may_read", lambda path: False)
    assert cli.main(["service", "0", "--model", str(MODEL)]) == 2
    assert capsys.readouterr().out == ""


@pytest.mark.parametrize("user", ["pi", "www-data", "1000", "me@corp.example", "Ann_2.x"])
def test_users(user: str, capsys: pytest.CaptureFixture[str]) -> None:
    """Names and numbers of users stand in the unit as they are."""
    assert cli.main(["service", "--user", user, "0", "--model", str(MODEL)]) == 0
    assert ("User", user) in settings(capsys.readouterr().out)


@pytest.mark.parametrize("option", ["--mqtt-password-file", "--capture", "--status"])
@pytest.mark.parametrize("name", ["a\nExecStartPre=/bin/id", "a\x7f", "a\x1b[2J", os.fsdecode(b"a\xe9")])
def test_a_path_cannot_write_lines(
    option: str, name: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """A path that a setting of the unit cannot hold is refused in one line."""
    monkeypatch.chdir(tmp_path)
    words = ["0", "--model", str(MODEL), "--mqtt", "mqtt://me@host/t", option, f"{name}/file"]
    assert cli.main(["service", "--user", "me", *words]) == 2
    out, err = capsys.readouterr()
    assert out == "" and "a unit cannot hold this name" in err and err.count("\n") == 1 and "\x1b" not in err


@pytest.mark.parametrize("name", ["pass\\", "pass "])
def test_a_password_file_whose_name_would_go_on(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    """A backslash at its end would join the next line, and systemd would leave out a blank."""
    words = ["0", "--model", str(MODEL), "--mqtt", "mqtt://me@host/t", "--mqtt-password-file", f"/etc/{name}"]
    assert cli.main(["service", *words]) == 2
    assert "a unit cannot hold this name" in capsys.readouterr().err


def test_quotes_and_percent_signs_in_a_password_file(capsys: pytest.CaptureFixture[str]) -> None:
    """They stay part of the path."""
    words = ["0", "--model", str(MODEL), "--mqtt", "mqtt://me@host/t", "--mqtt-password-file", "/etc/a \"%h' b"]
    assert cli.main(["service", *words]) == 0
    assert ("LoadCredential", "mqtt-password:/etc/a \"%%h' b") in settings(capsys.readouterr().out)
