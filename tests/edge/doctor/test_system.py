"""The facts of a machine that is a folder, and of this one."""

from __future__ import annotations

import json
import os
import shlex
import shutil
import sys
from collections.abc import Sequence
from pathlib import Path

import pytest

from edge.doctor.machine_facts import MachineFacts, Package, VideoDevice
from edge.doctor.system import read_facts, run_command, try_import
from edge.inference.interpreter import installed_runtimes
from support.mounts import in_own_mounts

CAMERAS = """Available cameras
-----------------
0 : imx708_wide [4608x2592 10-bit RGGB] (/base/soc/i2c0mux/i2c@1/imx708@1a)
    Modes: 'SRGGB10_CSI2P' : 1536x864 [120.13 fps - (768, 432)/3072x1728 crop]
                             2304x1296 [56.03 fps - (0, 0)/4608x2592 crop]
"""


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """The root of a Raspberry Pi with a plugged camera, one on the ribbon, and the chip's own video devices."""
    _write(tmp_path / "proc/meminfo", "MemTotal:  1892344 kB\nMemFree: 9 kB\nMemAvailable: 1000000 kB\nHuge: 0\n")
    _write(tmp_path / "sys/class/thermal/thermal_zone0/temp", "48312\n")
    for number, name, index in (
        (0, "HD Webcam: HD Webcam", 0),
        (1, "HD Webcam: HD Webcam", 1),
        (2, "unicam-image", 0),
        (10, "bcm2835-codec-decode", 0),
        (13, "bcm2835-isp-output0", 0),
    ):
        _write(tmp_path / f"sys/class/video4linux/video{number}/name", f"{name}\n")
        _write(tmp_path / f"sys/class/video4linux/video{number}/index", f"{index}\n")
        _write(tmp_path / f"dev/video{number}", "")
    return tmp_path


def _write(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)


def _facts(root: Path, **outputs: str) -> MachineFacts:
    """The facts under ``root``; ``outputs`` are what programs print, by name with _ for -; no module is imported."""

    def command(words: Sequence[str]) -> str | None:
        return outputs.get(words[0].replace("-", "_"))

    return read_facts(root, command, lambda module: None)


def test_a_raspberry_pi(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Memory, temperature, throttling and cameras are read; the chip's codecs are not cameras."""
    monkeypatch.setattr(Path, "group", lambda self: "video")  # that of whoever runs the tests need not have a name
    facts = _facts(root, vcgencmd="throttled=0x50005\n", rpicam_hello=CAMERAS)
    assert facts.devices == (
        VideoDevice("/dev/video0", "HD Webcam: HD Webcam", "video", True, False),
        VideoDevice("/dev/video2", "unicam-image", "video", True, True),
    )
    assert facts.libcamera == ("imx708_wide",)
    assert facts.throttled == 0x50005
    assert facts.temperature_c == 48.312
    assert (facts.memory_total_bytes, facts.memory_available_bytes) == (1892344 * 1024, 1000000 * 1024)
    assert facts.disk_free_bytes == pytest.approx(os.statvfs(root).f_bavail * os.statvfs(root).f_frsize, rel=0.1)


def test_a_machine_without_facts(tmp_path: Path) -> None:
    """An empty root and no programs: what is not known is None or empty."""
    facts = _facts(tmp_path)
    assert (facts.throttled, facts.temperature_c, facts.memory_available_bytes) == (None,) * 3
    assert (facts.devices, facts.libcamera) == ((), None)


@pytest.mark.parametrize("output", ["", "VCHI initialization failed", "throttled=", "throttled=x"])
def test_vcgencmd_with_damaged_output(tmp_path: Path, output: str) -> None:
    """What is not a number of bits is not known."""
    assert _facts(tmp_path, vcgencmd=output).throttled is None


def test_vcgencmd_that_is_there(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whether the program is installed is known even if it does not answer."""
    monkeypatch.setenv("PATH", "/usr/bin::/bin")
    assert not _facts(root).vcgencmd
    _write(root / "usr/bin/vcgencmd", "")
    assert (_facts(root).vcgencmd, _facts(root).throttled) == (True, None)


def test_a_processor_that_cannot_be_read(root: Path) -> None:
    """It is hidden if neither the file in /proc holds anything nor the folder in /sys does."""
    assert _facts(root).processor_hidden
    _write(root / "proc/cpuinfo", "")
    assert _facts(root).processor_hidden
    _write(root / "sys/devices/system/cpu/present", "0-3\n")
    assert not _facts(root).processor_hidden
    shutil.rmtree(root / "sys/devices")
    _write(root / "proc/cpuinfo", "processor\t: 0\n")
    assert not _facts(root).processor_hidden
    assert not read_facts().processor_hidden


def test_a_read_only_disk(tmp_path: Path) -> None:
    """A file system that is mounted read-only is found."""
    assert not _facts(tmp_path).disk_read_only
    program = (
        "from pathlib import Path; from edge.doctor.system import read_facts; "
        "print(read_facts(Path('.'), lambda words: None, lambda module: None).disk_read_only)"
    )
    done = in_own_mounts(
        "mount -t tmpfs -o ro none . && cd . && exec " + shlex.join([sys.executable, "-c", program]), tmp_path
    )
    assert done.stdout == "True\n"


def test_no_cameras_seen_by_libcamera(tmp_path: Path) -> None:
    """The older program's name works too; "No cameras available!" is an empty list, not an unknown one."""
    assert _facts(tmp_path, libcamera_hello="No cameras available!\n").libcamera == ()


@pytest.mark.skipif(os.geteuid() == 0, reason="root may use every device")
def test_a_device_without_permission(root: Path) -> None:
    """A device that this user may not read and write is not usable."""
    (root / "dev/video0").chmod(0)
    assert [device.usable for device in _facts(root).devices] == [False, True]


@pytest.mark.skipif(os.geteuid() == 0, reason="root may enter every folder")
def test_a_folder_of_path_that_may_not_be_entered(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """The facts are read all the same."""
    (tmp_path / "closed").mkdir(mode=0)
    monkeypatch.setenv("PATH", str(tmp_path / "closed" / "bin"), prepend=os.pathsep)
    assert not read_facts().vcgencmd


def test_this_machine() -> None:
    """The interpreter that runs these tests is found, loads, and has a version."""
    facts = read_facts()
    assert facts.runtimes
    assert facts.runtimes[0].error is None
    assert facts.runtimes[0].version[0].isdecimal()
    assert facts.memory_available_bytes


def test_another_distribution_with_our_names(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A distribution that installs a module trainer is found by what it recorded; one with another module is not."""
    assert _facts(tmp_path).name_conflicts == ()
    for name, module in (("trainer", "trainer"), ("edge", "directed_edge")):
        metadata = tmp_path / f"site/{name}-0.0.36.dist-info"
        _write(metadata / "METADATA", f"Metadata-Version: 2.1\nName: {name}\nVersion: 0.0.36\n")
        _write(metadata / "RECORD", f"{module}/__init__.py,,\n")
        _write(tmp_path / f"site/{module}/__init__.py", "")  # from Python 3.12 on a file that is missing does not count
    monkeypatch.syspath_prepend(tmp_path / "site")
    assert _facts(tmp_path).name_conflicts == (Package("trainer", "0.0.36"),)


def test_commands() -> None:
    """What a program printed, or None if it failed or is not there."""
    assert run_command(["sh", "-c", "echo out; echo err >&2"]) == "out\nerr\n"
    assert run_command(["sh", "-c", "exit 3"]) is None
    assert run_command(["no-such-program-here"]) is None


@pytest.mark.parametrize(
    ("module", "error"),
    [
        ("json", None),
        ("no_such_module_here", "ModuleNotFoundError: No module named 'no_such_module_here'"),
        ("os; os.abort()", "killed by signal 6"),
        ("os; os._exit(3)", "exit code 3"),
    ],
)
def test_try_import(module: str, error: str | None) -> None:
    """The last line of what went wrong; a module that crashes takes only its own process along."""
    assert try_import(module) == error


def test_doctor_command(edge_command, int8_model: Path) -> None:
    """The command's JSON has every check; its exit code says whether one is a problem."""
    done = edge_command("doctor", "--json", "--model", str(int8_model))
    report = json.loads(done.stdout)
    assert {"interpreter", "numpy", "memory", "disk", "model"} <= {check["name"] for check in report["checks"]}
    assert report["problems"] == sum(check["outcome"] == "problem" for check in report["checks"])
    assert done.returncode == (78 if report["problems"] else 0)
    assert done.stderr == ""
    (model,) = [check for check in report["checks"] if check["name"] == "model"]
    assert model["outcome"] == "ok"
    if len(installed_runtimes()) > 1:
        assert (report["speed"]["in_use"], set(report["speed"]["median_ms"])) == (
            "litert",
            {"litert", "tflite-runtime"},
        )
        assert report["checks"][-1]["name"] == "speed"
    else:
        assert report["speed"] is None


def test_doctor_command_with_a_broken_model(edge_command, tmp_path: Path) -> None:
    """A problem is named with its fix, and ends in exit code 78."""
    (tmp_path / "bad.tflite").write_bytes(b"bad")
    done = edge_command("doctor", "--model", "bad.tflite")
    assert done.returncode == 78
    assert "problem  model        bad.tflite: the model file has only 3 bytes; copy it again\n" in done.stdout
    assert done.stdout.endswith("-> copy it again, then edge inspect bad.tflite\n")
