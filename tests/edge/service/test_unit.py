"""The systemd unit, checked by systemd itself."""

from __future__ import annotations

import os
import re
import shlex
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from edge.service.unit import Needs, quote, unit_text

COMMAND = [sys.executable, "-m", "edge", "watch", "0"]
WORST = ["a b", 'q"uo\\te', "100%i", "$HOME", "${HOME}", "x;y", ";", "caf\N{LATIN SMALL LETTER E WITH ACUTE}"]
WORST += ["", "'s", "#h", "-", "a=b", "\\", "%%", "$$", "*?[]", "`id`", "\\x41"]
NEEDS = {
    "nothing": Needs(),
    "camera": Needs(camera=True, network=True),
    "pi camera": Needs(pi_camera=True),
    "folder": Needs(steady_frames=False, home=True, temporary=True, mounts=("/srv/a b/m.tflite", "/srv/100%/$x")),
    "disk": Needs(steady_frames=False, network=True, folder="/media/.\n%i/$x \\"),
    "teach": Needs(
        teaches=True, network=True, camera=True, home=True, write_paths=("/home/pi/photos", "/home/pi/.cache/x y")
    ),
    "serve": Needs(serves=True, network=True, stop_s=15, credentials=(("token", "/etc/token"),)),
    "delegate": Needs(camera=True, delegate_groups=("daemon",)),
    "paths": Needs(network=True, write_paths=("/srv/a b%",), credentials=(("mqtt-password", "/etc/a b%"),)),
}


def _analyze(*arguments: str, **variables: str) -> subprocess.CompletedProcess[str]:
    if shutil.which("systemd-analyze") is None:
        pytest.skip("no systemd-analyze on this system")
    return subprocess.run(
        ["systemd-analyze", *arguments], capture_output=True, text=True, timeout=60, env={**os.environ, **variables}
    )


def _write(folder: Path, command: list[str], needs: Needs, user: str | None = None) -> Path:
    path = folder / "edge-watch.service"
    path.write_text(
        unit_text("edge-watch", [quote(word) for word in command], needs._replace(user=user)), encoding="utf-8"
    )
    return path


@pytest.mark.parametrize("user", [None, "daemon"])
@pytest.mark.parametrize("needs", NEEDS.values(), ids=list(NEEDS))
def test_systemd_accepts_every_unit(tmp_path: Path, needs: Needs, user: str | None) -> None:
    """Every unit passes ``systemd-analyze verify`` without output, with the worst arguments too."""
    done = _analyze("verify", str(_write(tmp_path, [*COMMAND, *WORST], needs, user)))
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


WORST_NEEDS = Needs(
    pi_camera=True,
    network=True,
    home=True,
    temporary=True,
    write_paths=("/home/pi/kept",),
    credentials=(("mqtt-password", "/etc/p"),),
)


@pytest.mark.parametrize("user", [None, "daemon"])
@pytest.mark.parametrize("needs", [*NEEDS.values(), WORST_NEEDS], ids=[*NEEDS, "everything"])
def test_exposure(tmp_path: Path, needs: Needs, user: str | None) -> None:
    """The exposure that ``systemd-analyze security`` finds is 1.9 or better; without any protection it is 9.6 of 10."""
    path = _write(tmp_path, COMMAND, needs, user)
    done = _analyze("security", "--offline=true", "--threshold=19", str(path))
    if "unrecognized option" in done.stderr:
        pytest.skip("this systemd-analyze cannot check a file")
    assert done.returncode == 0, done.stdout[-300:]


def _as_systemd_reads(folder: Path, words: list[str]) -> list[str]:
    """The words of ExecStart after systemd has parsed them, before it replaces variables."""
    done = _analyze("verify", str(_write(folder, words, Needs())), SYSTEMD_LOG_LEVEL="debug")
    lines = [line for line in done.stdout.splitlines() if "Command Line: " in line]
    if not lines:
        pytest.skip("this systemd-analyze does not show what it read")
    shown = lines[0].partition("Command Line: ")[2]
    # A shell takes \$ and \` within quotes for the bare characters; shlex does so for quotes and backslashes only.
    return shlex.split(re.sub(r"\\(.)", lambda pair: pair[0] if pair[1] in '"\\' else pair[1], shown))


def test_worst_arguments_arrive(tmp_path: Path) -> None:
    """Blanks, quotes, specifiers, variables and separators reach the program as they were given."""
    assert [word.replace("$$", "$") for word in _as_systemd_reads(tmp_path, COMMAND + WORST)] == COMMAND + WORST


@settings(max_examples=8, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.text(st.characters(min_codepoint=32, max_codepoint=126), max_size=12), min_size=10, max_size=40))
def test_any_argument_arrives(tmp_path: Path, words: list[str]) -> None:
    """Every argument reaches the program unchanged and as one argument."""
    read = _as_systemd_reads(tmp_path, [*COMMAND, *words])
    assert [word.replace("$$", "$") for word in read[len(COMMAND) :]] == words


@pytest.mark.parametrize(
    ("argument", "quoted"),
    [
        ("plain-1.0/x:y=z", "plain-1.0/x:y=z"),
        ("", '""'),
        ("a b", '"a b"'),
        ('"\\', '"\\"\\\\"'),
        ("5%", '"5%%"'),
        ("$x", '"$$x"'),
        ("a\nb\x7f", '"a\\x0ab\\x7f"'),
        (os.fsdecode(b"caf\xe9"), '"caf\\xe9"'),
    ],
)
def test_quote(argument: str, quoted: str) -> None:
    """Escapes are those of ``systemd.service(5)``."""
    assert quote(argument) == quoted


def test_a_service_that_waits_for_pictures_has_no_watchdog() -> None:
    """Without a label for a minute (and twice ``--every``) a service is restarted, unless its source is a folder."""
    assert "WatchdogSec" not in unit_text("x", COMMAND, NEEDS["folder"])
    assert "\nWatchdogSec=60\n" in unit_text("x", COMMAND, NEEDS["camera"])
    assert "\nWatchdogSec=660\n" in unit_text("x", COMMAND, NEEDS["camera"]._replace(every_s=300.0))


def test_restarts_for_a_camera_that_is_away_never_run_out() -> None:
    """Even without a camera for days there are fewer starts than systemd allows in its time."""
    text = unit_text("x", COMMAND, NEEDS["camera"])
    setting = dict(line.split("=", 1) for line in text.splitlines() if "=" in line and line[0] != "#")
    cycle_s = min(int(setting["WatchdogSec"]), int(setting["TimeoutStartSec"])) + int(setting["RestartSec"])
    assert int(setting["StartLimitIntervalSec"]) / cycle_s < int(setting["StartLimitBurst"]) / 2
    assert int(setting["StartLimitIntervalSec"]) / (int(setting["RestartSec"]) + 1) > int(setting["StartLimitBurst"])


def test_network_only_if_it_is_needed() -> None:
    """Without a source or sink on the network the service has no network."""
    assert "PrivateNetwork=yes" in unit_text("x", COMMAND, Needs())
    assert "RestrictAddressFamilies=AF_UNIX\n" in unit_text("x", COMMAND, Needs())
    assert "PrivateNetwork" not in unit_text("x", COMMAND, Needs(network=True))
