"""The doctor's checks, on machines that exist as values only."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge.doctor.check import OK, PROBLEM, WARNING, Check
from edge.doctor.checks import THROTTLED_BITS, run_checks, throttled_meanings, working_runtimes
from edge.doctor.machine_facts import MachineFacts, Package, VideoDevice
from edge.inference.interpreter import missing_fix

USB = VideoDevice("/dev/video0", "HD Webcam", "video", True, False)
RIBBON = VideoDevice("/dev/video0", "unicam", "video", True, True)
HEALTHY = MachineFacts(
    python="3.11.2",
    machine="aarch64",
    numpy="1.26.4",
    user="pi",
    runtimes=(Package("litert", "2.3.0"), Package("tflite-runtime", "2.14.0")),
    opencv=Package("opencv-python", "4.11.0"),
    devices=(USB,),
    throttled=0,
    temperature_c=48.3,
    memory_total_bytes=2_000_000_000,
    memory_available_bytes=1_500_000_000,
    disk_free_bytes=9_000_000_000,
    model="flowers.tflite",
)


def _checks(name: str, **facts: object) -> list[tuple[str, str, str | None]]:
    return [(c.outcome, c.text, c.fix) for c in run_checks(HEALTHY._replace(**facts)) if c.name == name]


def test_a_healthy_machine() -> None:
    """Every line is ok, and none needs a fix."""
    assert run_checks(HEALTHY) == [
        Check("interpreter", OK, "litert 2.3.0, tflite-runtime 2.14.0 on Python 3.11.2, aarch64"),
        Check("numpy", OK, "1.26.4"),
        Check("opencv", OK, "4.11.0"),
        Check("camera", OK, "/dev/video0 (HD Webcam)"),
        Check("power", OK, "neither undervoltage nor throttling since the start"),
        Check("temperature", OK, "48 \N{DEGREE SIGN}C"),
        Check("memory", OK, "1500 of 2000 MB available"),
        Check("disk", OK, "9000 MB free"),
        Check("model", OK, "flowers.tflite: self-test passed"),
    ]


def test_nothing_known_is_no_problem() -> None:
    """Facts that are not known are not problems: only what is missing is named."""
    bare = MachineFacts("3.11.2", "x86_64", "1.26.4", "pi", runtimes=(Package("litert", "2.3.0"),))
    outcomes = {check.name: check.outcome for check in run_checks(bare)}
    assert outcomes == {"interpreter": OK, "numpy": OK, "opencv": WARNING, "camera": WARNING, "model": WARNING}


def test_no_interpreter() -> None:
    """Without an interpreter nothing runs."""
    assert _checks("interpreter", runtimes=()) == [(PROBLEM, "no TFLite interpreter is installed", missing_fix())]


def test_an_interpreter_that_does_not_load() -> None:
    """It is a problem if it is the only one, a warning beside one that works."""
    broken = Package("litert", "2.3.0", "ImportError: libc")
    lines = _checks("interpreter", runtimes=(broken,))
    assert lines == [(PROBLEM, "litert 2.3.0 does not load: ImportError: libc", "pip install -U ai-edge-litert")]
    assert [line[0] for line in _checks("interpreter", runtimes=(broken, Package("tflite-runtime", "2.14.0")))] == [
        OK,
        WARNING,
    ]


def test_interpreters_that_work() -> None:
    """One that does not load, or that numpy 2 breaks, is not compared with the other."""
    assert [package.name for package in working_runtimes(HEALTHY)] == ["litert", "tflite-runtime"]
    assert [package.name for package in working_runtimes(HEALTHY._replace(numpy="2.1.0"))] == ["litert"]
    broken = (Package("litert", "2.3.0", "ImportError: libc"), Package("tflite-runtime", "2.14.0"))
    assert [package.name for package in working_runtimes(HEALTHY._replace(runtimes=broken))] == ["tflite-runtime"]


def test_numpy_2_and_tflite_runtime() -> None:
    """The conflict is named with its fix: a problem if tflite-runtime is the interpreter in use."""
    alone = _checks("numpy", numpy="2.1.0", runtimes=(Package("tflite-runtime", "2.14.0"),))
    assert alone == [
        (PROBLEM, "tflite-runtime was built for numpy 1 and fails with numpy 2.1.0", "pip install 'numpy<2'")
    ]
    assert _checks("numpy", numpy="2.1.0")[0][0] == WARNING
    assert _checks("numpy", numpy="2.1.0", runtimes=(Package("litert", "2.3.0"),)) == [(OK, "2.1.0", None)]


@pytest.mark.parametrize(
    ("opencv", "outcome", "fix"),
    [
        (None, WARNING, "pip install 'edge-for-poets[camera]'"),
        (Package("opencv-python", "4", "libGL.so.1: no such file"), PROBLEM, "sudo apt install -y libgl1 libglib2.0-0"),
        (
            Package("opencv-python", "4", "numpy.core.multiarray failed to import"),
            PROBLEM,
            "pip install -U --force-reinstall 'edge-for-poets[camera]'",
        ),
    ],
)
def test_opencv(opencv: Package | None, outcome: str, fix: str) -> None:
    """Without OpenCV there is a warning, because folders and the Pi camera do not need it; broken it is a problem."""
    ((found, _, found_fix),) = _checks("opencv", opencv=opencv)
    assert (found, found_fix) == (outcome, fix)


def test_another_distribution_with_our_names() -> None:
    """Another distribution with a module edge or trainer is named, with both commands that repair it."""
    assert _checks("packages", name_conflicts=(Package("trainer", "0.0.36"),)) == [
        (
            WARNING,
            "trainer 0.0.36 installs a module with the name edge or trainer too: one replaces files of the other",
            "pip uninstall trainer, then pip install --force-reinstall --no-deps edge-for-poets",
        )
    ]


def test_camera_without_permission() -> None:
    """The group that owns the device is the one to join."""
    assert _checks("camera", devices=(USB._replace(usable=False),)) == [
        (
            PROBLEM,
            "/dev/video0 (HD Webcam): pi may not use it",
            "sudo usermod -aG video pi, then log out and in again",
        )
    ]


def test_no_camera() -> None:
    """A machine without one can still label files and streams."""
    ((outcome, text, _),) = _checks("camera", devices=())
    assert (outcome, text) == (WARNING, "none found; videos, streams and folders work without a camera")


@pytest.mark.parametrize(
    ("libcamera", "picamera2", "outcome", "word"),
    [
        (None, None, PROBLEM, "sudo apt install -y rpicam-apps python3-picamera2"),
        ((), None, WARNING, "check the cable"),
        (("imx708",), None, PROBLEM, "--system-site-packages"),
        (("imx708",), Package("picamera2", "0.3", "numpy.dtype size changed"), PROBLEM, "--system-site-packages"),
        (("imx708",), Package("picamera2", "0.3"), OK, None),
    ],
)
def test_a_camera_on_the_ribbon(
    libcamera: tuple[str, ...] | None, picamera2: Package | None, outcome: str, word: str | None
) -> None:
    """The kernel shows a receiver that OpenCV opens and gets nothing from: libcamera and picamera2 must be there."""
    ((found, _, fix),) = _checks("libcamera", devices=(RIBBON,), libcamera=libcamera, picamera2=picamera2)
    assert found == outcome
    assert (fix or "").find(word or "") >= 0
    assert not _checks("camera", devices=(RIBBON,), libcamera=libcamera)


@pytest.mark.parametrize(
    ("bits", "outcome", "words"),
    [
        (0x50005, PROBLEM, ["undervoltage now", "throttled now", "undervoltage since", "throttled since"]),
        (0x50000, WARNING, ["undervoltage since the start", "throttled since the start"]),
        (0x80008, PROBLEM, ["soft temperature limit reached now", "soft temperature limit reached since"]),
        (0x20002, PROBLEM, ["frequency capped now", "frequency was capped since"]),
    ],
)
def test_power(bits: int, outcome: str, words: list[str]) -> None:
    """What is so now is a problem, what was is a warning; undervoltage asks for a supply, the rest for cooling."""
    ((found, text, fix),) = _checks("power", throttled=bits)
    assert found == outcome
    assert all(word in text for word in words)
    assert ("power supply" in (fix or "")) == bool(bits & 0x10001)


@given(st.sets(st.sampled_from(sorted(THROTTLED_BITS))), st.integers(20, 31))
def test_every_bit_has_its_meaning(bits: set[int], undocumented: int) -> None:
    """Each documented bit adds its own meaning, any other none."""
    value = sum(1 << bit for bit in bits)
    assert throttled_meanings(value | 1 << undocumented) == [THROTTLED_BITS[bit] for bit in sorted(bits)]


@pytest.mark.parametrize(
    ("fact", "name", "values"),
    [
        ("memory_available_bytes", "memory", [(10**8, PROBLEM), (2 * 10**8, WARNING), (3 * 10**8, OK)]),
        ("disk_free_bytes", "disk", [(10**6, PROBLEM), (10**8, WARNING), (5 * 10**8, OK)]),
        ("temperature_c", "temperature", [(79.9, OK), (80.0, WARNING)]),
    ],
)
def test_limits(fact: str, name: str, values: list[tuple[float, str]]) -> None:
    """Little is a warning, too little a problem; each has a fix."""
    for value, outcome in values:
        ((found, _, fix),) = _checks(name, **{fact: value})
        assert found == outcome
        assert (fix is None) == (outcome == OK)


def test_model() -> None:
    """None is a warning, one that fails a problem with the reason."""
    assert _checks("model", model=None)[0][0] == WARNING
    assert _checks("model", model_error="the self-test failed") == [
        (PROBLEM, "the self-test failed", "copy it again, then edge inspect flowers.tflite")
    ]


def test_a_model_and_no_interpreter() -> None:
    """The model is not the fault: it need not be copied again."""
    ((outcome, text, fix),) = _checks("model", runtimes=(), model_error="no TFLite interpreter is installed")
    assert (outcome, text) == (PROBLEM, "flowers.tflite: not tried, because no interpreter works here")
    assert fix == "install an interpreter, then edge doctor --model flowers.tflite"


def test_vcgencmd_that_is_not_allowed() -> None:
    """If the program is there and does not answer, the power is not known, and a line says so."""
    assert _checks("power", throttled=None, vcgencmd=True) == [
        (
            WARNING,
            "vcgencmd does not answer pi: whether the voltage is too low is not known",
            "sudo usermod -aG video pi, then log out and in again",
        )
    ]
    assert _checks("power", throttled=None, vcgencmd=False) == []
    assert _checks("power", throttled=0, vcgencmd=True)[0][0] == OK


def test_a_read_only_disk() -> None:
    """A disk that cannot be written is not ok, however much of it is free."""
    ((outcome, text, fix),) = _checks("disk", disk_read_only=True)
    assert (outcome, text) == (WARNING, "read-only: neither models nor pictures can be written")
    assert fix is not None and "remount,rw" in fix


def test_a_hidden_processor() -> None:
    """If the processor cannot be read, a line says so; the model is not tried, which is a problem with the same fix."""
    assert _checks("processor") == []
    ((outcome, text, fix),) = _checks("processor", processor_hidden=True)
    assert (outcome, text.startswith("neither /proc/cpuinfo nor /sys/")) == (PROBLEM, True)
    assert _checks("model", processor_hidden=True) == [(PROBLEM, "not tried, because an interpreter would crash", fix)]


def test_a_model_that_crashes_the_interpreter() -> None:
    """The other interpreter may run it."""
    crash = "the process crashed (SIGSEGV)"
    assert _checks("model", model_crash=crash) == [
        (
            PROBLEM,
            f"flowers.tflite: the interpreter fails with it: {crash}",
            "edge doctor --runtime NAME tries the other interpreter",
        )
    ]
