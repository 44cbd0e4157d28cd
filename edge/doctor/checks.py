"""Checks of facts: one line each, with the command that fixes what is wrong."""

from __future__ import annotations

from collections.abc import Callable

from edge.distribution import DISTRIBUTION, install_command
from edge.doctor.check import OK, PROBLEM, WARNING, Check
from edge.doctor.delegate_check import delegate_checks
from edge.doctor.machine_facts import MachineFacts, Package
from edge.doctor.speed_check import speed_checks
from edge.inference.interpreter import NUMPY_FIX, missing_fix, runtime_fix
from edge.inference.processor import NO_PROCESSOR, PROCESSOR_FIX

THROTTLED_BITS = {
    0: "undervoltage now",
    1: "frequency capped now",
    2: "throttled now",
    3: "soft temperature limit reached now",
    16: "undervoltage since the start",
    17: "frequency was capped since the start",
    18: "throttled since the start",
    19: "soft temperature limit reached since the start",
}
"""What the bits of ``vcgencmd get_throttled`` mean (Raspberry Pi documentation, "vcgencmd", get_throttled)."""

_UNDERVOLTAGE = 1 << 0 | 1 << 16
_NOW = 0xF
_HOT_C = 80.0
"""A Raspberry Pi slows down from here on (its documentation, "Frequency management and thermal control")."""

_MB = 1_000_000
# edge watch needs about 100 MB with OpenCV and a small model.
_MEMORY_WARNING, _MEMORY_PROBLEM = 300 * _MB, 120 * _MB
_DISK_WARNING, _DISK_PROBLEM = 500 * _MB, 50 * _MB


def run_checks(facts: MachineFacts) -> list[Check]:
    """All checks of ``facts``, in the order in which a stream would have the problems."""
    return [check for one in _CHECKS for check in one(facts)]


def throttled_meanings(bits: int) -> list[str]:
    """What the set ``bits`` of ``vcgencmd get_throttled`` mean; bits without a documented meaning are ignored."""
    return [meaning for bit, meaning in THROTTLED_BITS.items() if bits >> bit & 1]


def working_runtimes(facts: MachineFacts) -> list[Package]:
    """The installed interpreters that load here, the preferred one first."""
    return [package for package in facts.runtimes if package.error is None and not _clashes(package.name, facts)]


def _interpreter(facts: MachineFacts) -> list[Check]:
    if not facts.runtimes:
        return [Check("interpreter", PROBLEM, "no TFLite interpreter is installed", missing_fix())]
    checks = []
    working = working_runtimes(facts)
    for package in facts.runtimes:
        if _clashes(package.name, facts):
            continue  # the check of numpy names it
        if package.error is not None:
            text = f"{package.name} {package.version} does not load: {package.error}"
            checks.append(
                Check("interpreter", _severity(other_works=bool(working)), text, runtime_fix(package.name, "-U"))
            )
    if working:
        text = ", ".join(f"{package.name} {package.version}" for package in working)
        checks.insert(0, Check("interpreter", OK, f"{text} on Python {facts.python}, {facts.machine}"))
    return checks


def _processor(facts: MachineFacts) -> list[Check]:
    if not facts.processor_hidden:
        return []
    return [Check("processor", PROBLEM, NO_PROCESSOR, PROCESSOR_FIX)]


def _numpy(facts: MachineFacts) -> list[Check]:
    if not any(_clashes(package.name, facts) for package in facts.runtimes):
        return [Check("numpy", OK, facts.numpy)]
    # The interpreter in use is the first that is installed, even if it does not load.
    preferred = facts.runtimes[0].name != "tflite-runtime"
    text = f"tflite-runtime was built for numpy 1 and fails with numpy {facts.numpy}"
    return [Check("numpy", _severity(other_works=preferred), text, NUMPY_FIX)]


def _clashes(runtime: str, facts: MachineFacts) -> bool:
    major = facts.numpy.partition(".")[0]
    return runtime == "tflite-runtime" and major.isdecimal() and int(major) >= 2


def _name_conflict(facts: MachineFacts) -> list[Check]:
    if not facts.name_conflicts:
        return []
    names = " ".join(package.name for package in facts.name_conflicts)
    found = ", ".join(f"{package.name} {package.version}" for package in facts.name_conflicts)
    text = f"{found} installs a module with the name edge or trainer too: one replaces files of the other"
    fix = f"pip uninstall {names}, then pip install --force-reinstall --no-deps {DISTRIBUTION}"
    return [Check("packages", WARNING, text, fix)]


def _opencv(facts: MachineFacts) -> list[Check]:
    if facts.opencv is None:
        text = "not installed; cameras, videos and streams need it (the Pi camera and folders do not)"
        return [Check("opencv", WARNING, text, install_command("camera"))]
    if facts.opencv.error is None:
        return [Check("opencv", OK, facts.opencv.version)]
    fix = install_command("camera", "-U", "--force-reinstall")
    if "libGL" in facts.opencv.error:
        fix = "sudo apt install -y libgl1 libglib2.0-0"
    return [Check("opencv", PROBLEM, f"{facts.opencv.version} does not load: {facts.opencv.error}", fix)]


def _cameras(facts: MachineFacts) -> list[Check]:
    usb = [device for device in facts.devices if not device.ribbon]
    checks = []
    for device in facts.devices:
        if device.usable:
            continue
        group = device.group or "video"
        text = f"{device.path} ({device.name}): {facts.user} may not use it"
        checks.append(
            Check("camera", PROBLEM, text, f"sudo usermod -aG {group} {facts.user}, then log out and in again")
        )
    checks += [Check("camera", OK, f"{device.path} ({device.name})") for device in usb if device.usable]
    if not facts.devices and not facts.libcamera:
        text = "none found; videos, streams and folders work without a camera"
        checks.append(Check("camera", WARNING, text, "connect one; lsusb and dmesg show whether the system sees it"))
    return checks


def _libcamera(facts: MachineFacts) -> list[Check]:
    ribbon = any(device.ribbon for device in facts.devices)
    if not ribbon and not facts.libcamera:
        return []
    if facts.libcamera is None:
        text = "a camera is on the ribbon cable, but libcamera is not installed: OpenCV alone gets no picture from it"
        return [Check("libcamera", PROBLEM, text, "sudo apt install -y rpicam-apps python3-picamera2")]
    if not facts.libcamera:
        text = "the receiver of the ribbon cable is there, but libcamera sees no camera"
        fix = "check the cable and camera_auto_detect=1 in /boot/firmware/config.txt, then rpicam-hello --list-cameras"
        return [Check("libcamera", WARNING, text, fix)]
    names = ", ".join(facts.libcamera)
    if facts.picamera2 is None:
        text = f"{names}: seen by libcamera, but this Python has no picamera2, and OpenCV gets no picture from it"
        fix = "sudo apt install -y python3-picamera2, and make the virtual environment with --system-site-packages"
        return [Check("libcamera", PROBLEM, text, fix)]
    if facts.picamera2.error is not None:
        text = f"{names}: picamera2 does not load: {facts.picamera2.error}"
        fix = "use the system's Python and numpy: a virtual environment made with --system-site-packages"
        return [Check("libcamera", PROBLEM, text, fix)]
    return [Check("libcamera", OK, f"{names}: use the source picamera2:")]


def _power(facts: MachineFacts) -> list[Check]:
    if facts.throttled is None:
        if not facts.vcgencmd:
            return []
        text = f"vcgencmd does not answer {facts.user}: whether the voltage is too low is not known"
        return [Check("power", WARNING, text, f"sudo usermod -aG video {facts.user}, then log out and in again")]
    meanings = throttled_meanings(facts.throttled)
    if not meanings:
        return [Check("power", OK, "neither undervoltage nor throttling since the start")]
    outcome = PROBLEM if facts.throttled & _NOW else WARNING
    if facts.throttled & _UNDERVOLTAGE:
        fix = "use the official power supply and a short, thick cable"
    else:
        fix = "cool it with a heat sink or a fan; a restart clears the past events"
    return [Check("power", outcome, "; ".join(meanings), fix)]


def _temperature(facts: MachineFacts) -> list[Check]:
    if facts.temperature_c is None:
        return []
    text = f"{facts.temperature_c:.0f} \N{DEGREE SIGN}C"
    if facts.temperature_c < _HOT_C:
        return [Check("temperature", OK, text)]
    return [
        Check(
            "temperature",
            WARNING,
            f"{text}: it slows down from {_HOT_C:.0f} \N{DEGREE SIGN}C on",
            "cool it with a heat sink or a fan",
        )
    ]


def _memory(facts: MachineFacts) -> list[Check]:
    if facts.memory_available_bytes is None:
        return []
    total = f" of {facts.memory_total_bytes // _MB}" if facts.memory_total_bytes else ""
    text = f"{facts.memory_available_bytes // _MB}{total} MB available"
    outcome = _by_limit(facts.memory_available_bytes, _MEMORY_WARNING, _MEMORY_PROBLEM)
    fix = None if outcome == OK else "stop other programs; the largest: ps aux --sort=-rss | head"
    return [Check("memory", outcome, text, fix)]


def _disk(facts: MachineFacts) -> list[Check]:
    if facts.disk_free_bytes is None:
        return []
    if facts.disk_read_only:
        text = "read-only: neither models nor pictures can be written"
        fix = "sudo dmesg | grep -i read-only shows whether the disk is damaged; if not: sudo mount -o remount,rw /"
        return [Check("disk", WARNING, text, fix)]
    outcome = _by_limit(facts.disk_free_bytes, _DISK_WARNING, _DISK_PROBLEM)
    free = f"{facts.disk_free_bytes // _MB} MB free"
    return [
        Check("disk", outcome, free, None if outcome == OK else "sudo apt clean && sudo journalctl --vacuum-size=50M")
    ]


def _model(facts: MachineFacts) -> list[Check]:
    if facts.processor_hidden:
        return [Check("model", PROBLEM, "not tried, because an interpreter would crash", PROCESSOR_FIX)]
    if facts.model is None:
        return [Check("model", WARNING, "no model is given", "edge doctor --model FILE runs its self-test")]
    if not working_runtimes(facts):
        fix = f"install an interpreter, then edge doctor --model {facts.model}"
        return [Check("model", PROBLEM, f"{facts.model}: not tried, because no interpreter works here", fix)]
    if facts.model_crash is not None:
        text = f"{facts.model}: the interpreter fails with it: {facts.model_crash}"
        return [Check("model", PROBLEM, text, "edge doctor --runtime NAME tries the other interpreter")]
    if facts.model_error is not None:
        return [Check("model", PROBLEM, facts.model_error, f"copy it again, then edge inspect {facts.model}")]
    return [Check("model", OK, f"{facts.model}: {facts.model_note or 'self-test passed'}")]


def _severity(*, other_works: bool) -> str:
    return WARNING if other_works else PROBLEM


def _by_limit(value: int, warning: int, problem: int) -> str:
    return PROBLEM if value < problem else WARNING if value < warning else OK


_CHECKS: tuple[Callable[[MachineFacts], list[Check]], ...] = (
    _interpreter,
    _processor,
    _numpy,
    _name_conflict,
    _opencv,
    _cameras,
    _libcamera,
    _power,
    _temperature,
    _memory,
    _disk,
    _model,
    delegate_checks,
    speed_checks,
)
