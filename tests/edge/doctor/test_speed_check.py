"""What the doctor says of the interpreters' speed, on times that no clock measured."""

from __future__ import annotations

from edge.bench.ranking import compare
from edge.doctor.check import OK, WARNING, Check
from edge.doctor.machine_facts import MachineFacts, Package
from edge.doctor.speed_check import speed_checks, speed_json

LITERT, OLD = Package("litert", "2.3.0"), Package("tflite-runtime", "2.14.0")
FACTS = MachineFacts(
    python="3.11.2",
    machine="x86_64",
    numpy="1.26.4",
    user="pi",
    runtimes=(LITERT, OLD),
    model="flowers.tflite",
    model_quantization="int8",
    model_runtime="litert",
    threads=4,
    speed=compare({"litert": [4.0, 4.0, 4.04], "tflite-runtime": [52.0, 52.2, 52.0]}),
)


def test_the_faster_one_is_in_use() -> None:
    """Both times, the factor, the one in use, and how to choose the other."""
    assert speed_checks(FACTS) == [
        Check(
            "speed",
            OK,
            "litert is 13 times as fast as tflite-runtime (litert 4.00 ms, tflite-runtime 52.0 ms; 4 threads); in use: "
            "litert; EDGE_RUNTIME=tflite-runtime or --runtime takes the other",
        )
    ]


def test_the_slower_one_is_in_use() -> None:
    """A warning with what chooses the faster one."""
    (check,) = speed_checks(FACTS._replace(model_runtime="tflite-runtime", threads=1))
    assert (check.outcome, check.fix) == (WARNING, "EDGE_RUNTIME=litert, or --runtime litert")
    assert check.text.endswith("1 thread); in use: tflite-runtime")


def test_within_the_noise_none_is_faster() -> None:
    """The one in use is good enough, whichever it is."""
    same = FACTS._replace(speed=compare({"litert": [4.0, 3.8, 4.2], "tflite-runtime": [4.1, 3.9, 4.3]}))
    for used in ("litert", "tflite-runtime"):
        (check,) = speed_checks(same._replace(model_runtime=used))
        assert check.outcome == OK
        assert check.text.startswith("litert and tflite-runtime are about the same within the noise (litert 4.00 ms, ")


def test_three_are_compared() -> None:
    """With more than two, the line does not name one of the others."""
    three = compare({"litert": [2.0, 1.9, 2.1], "tflite-runtime": [8.0, 7.9, 8.1], "tflite-c": [3.0, 2.9, 3.1]})
    (check,) = speed_checks(FACTS._replace(speed=three, model_runtime="litert"))
    assert check.text.endswith("in use: litert; EDGE_RUNTIME=NAME or --runtime takes another")


def test_one_that_is_known_to_be_slow() -> None:
    """Without a comparison, a quantization without fast kernels is named, with what ends it."""
    alone = FACTS._replace(runtimes=(OLD,), model_runtime="tflite-runtime", speed=None)
    (check,) = speed_checks(alone)
    assert (check.outcome, check.fix) == (WARNING, "pip install 'edge-for-poets[litert]'")
    assert check.text.startswith("tflite-runtime has no fast 8-bit kernels for x86-64")
    (check,) = speed_checks(alone._replace(runtimes=(LITERT, OLD)))
    assert check.fix == "EDGE_RUNTIME=litert"


def test_nothing_is_said_where_nothing_is_known() -> None:
    """No model, one interpreter, floats, or another processor: no check."""
    alone = FACTS._replace(runtimes=(OLD,), model_runtime="tflite-runtime", speed=None)
    for facts in (
        FACTS._replace(model_runtime=None),
        FACTS._replace(speed=None),
        alone._replace(machine="aarch64"),
        alone._replace(model_quantization="float32"),
    ):
        assert speed_checks(facts) == []


def test_numbers_for_scripts() -> None:
    """``--json`` has the medians in milliseconds and the factor; null if nothing was compared."""
    assert speed_json(FACTS) == {
        "in_use": "litert",
        "threads": 4,
        "median_ms": {"litert": 4.0, "tflite-runtime": 52.0},
        "fastest": ["litert"],
        "times_as_long": {"tflite-runtime": 13.0},
    }
    assert speed_json(FACTS._replace(speed=None)) is None
