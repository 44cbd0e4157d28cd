"""Files that strangers send: a full run is taken, everything else is refused in one line."""

from __future__ import annotations

import copy
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from benchmarks.sent_files.read import read_sent
from benchmarks.sent_files.schema import check_schema
from benchmarks.sent_files.validate import validate
from edge.bench.standard import points
from edge.cli import main
from edge.errors import DataError
from support.bench_fake import fake_workers
from support.standard_files import standard_results

GOOD = standard_results()


def _send(folder: Path, results: Any) -> Path:
    path = folder / "board.json"
    path.write_text(results if isinstance(results, str) else json.dumps(results), encoding="utf-8")
    return path


def test_a_full_run(tmp_path: Path) -> None:
    """What it is, and what the load showed."""
    path = _send(tmp_path, GOOD)
    board = "Raspberry Pi 5 Model B Rev 1.0, 4 cores, litert 2.3.0"
    load = "under load for 10 min (mobilenet_1.0_224-int8.tflite, litert, 4 threads)"
    assert validate(path) == [
        f"{path}: valid: standard set 1 on {board}, 2026-11-27: 64 rows",
        "care: the board throttled itself (0x80008)",
        f"{load}: 4.74 ms at the beginning, 5.22 ms at the end: 10 % slower, for good after 7.0 min: "
        "the board becomes too hot, or other programs began",
        "temperature: 45 to 85 degrees Celsius",
        "energy: 6.50 W, 32.1 mJ an inference, 19.7 mJ of it above idle (2.50 W)",
    ]


def _row(index: int, **changes: Any) -> Callable[[dict[str, Any]], None]:
    return lambda results: results["rows"][index].update(changes)


def _at(*place: Any, value: Any) -> Callable[[dict[str, Any]], None]:
    def change(results: dict[str, Any]) -> None:
        for step in place[:-1]:
            results = results[step]
        results[place[-1]] = value

    return change


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda results: results.pop("standard"), "not measured with --standard"),
        (lambda results: results.pop("noise"), "noise is missing"),
        (_at("more", value=1), "the file has a field that no results file has: 'more'"),
        (_at("board", "cores", value=True), "board.cores is not a whole number from 1 to 4096"),
        (_at("board", "board", value="Pi\x1b[2J"), "board.board has characters that cannot be shown"),
        (_at("board", "board", value="\ud800"), "board.board has characters that cannot be shown"),
        (_at("board", "system", value="x" * 201), "board.system is not a text of 1 to 200 characters"),
        (_at("standard", "version", value=2), "standard.version is not 1"),
        (_at("settings", "photo", value="mine.jpg"), "settings.photo must be null"),
        (_at("soak", "error", value="killed"), "the minutes under load failed on this board"),
        (_at("command", value="edge bench grid"), "the command does not begin with 'edge bench --standard'"),
        (_at("settings", "rounds", value=4), "a shorter run: 4 rounds of 1 s and 10 min under load; a full one"),
        (_at("settings", "threads", value=[4, 1]), "the numbers of threads [4, 1] are not 1 and all of 4 cores"),
        (_row(3, sha256="0" * 64), "mobilenet_1.0_128-int8.tflite: its sha256 is not that of the standard set"),
        (_row(3, p50_ms=None), "rows[3] must have either all figures or an error"),
        (
            lambda results: results["rows"].pop(),
            "mobilenet_0.25_128-float32.tflite on litert with 4 threads is missing",
        ),
        (lambda results: results["rows"].append(results["rows"][0]), "it stands twice for litert with 1 threads"),
        (_at("date", value="2026-13-01"), "the date '2026-13-01' is not one such as 2026-12-24"),
        (_at("date", value="1970-01-01"), "the date 1970-01-01 cannot be: set the clock"),
        (_row(0, p90_ms=0.1), "p50, p90 and p99 do not grow"),
        (_row(0, runs=60), "60 runs of 14.5095 ms do not fill 5 s"),
        (_row(0, runs=40_000), "take longer than the time that was given"),
        (_row(0, round_p50_ms=[9.0] * 5), "its p50 lies outside the p50 of its rounds"),
        (_row(0, round_p50_ms=[9.0] * 4), "it has not the 5 rounds of the settings"),
        (_at("soak", "windows", 3, "seconds", value=30.0), "soak.windows[3]: its times do not fit its length of 0 s"),
        (_at("soak", "windows", 3, "runs", value=90_000), "soak.windows[3]: its times do not fit its length of 10 s"),
        (lambda results: results["soak"]["windows"].pop(), "soak.energy does not follow"),
        (_at("soak", "rest_s", value=0.0), "the board rested 0 s before the load, and not 60 s"),
        (_at("soak", "slowdown", value=0.0), "soak.slowdown does not follow from the windows"),
        (_at("noise", "too_noisy", value=True), "the noise is not that of the rows"),
        (_at("fastest", value=[]), "the fastest quantizations are not those of the rows"),
    ],
)
def test_what_is_refused(change: Callable[[dict[str, Any]], None], message: str, tmp_path: Path) -> None:
    """One line that names the file and the first thing that is wrong."""
    results = copy.deepcopy(GOOD)
    change(results)
    path = _send(tmp_path, results)
    with pytest.raises(DataError) as caught:
        validate(path)
    text = str(caught.value)
    assert text.startswith(f"{path}: not valid: ") and message in text and "\n" not in text


def test_a_board_that_is_too_fast(tmp_path: Path) -> None:
    """Figures that no processor reaches, and a large network that is faster than a small one."""
    results = copy.deepcopy(GOOD)
    for row in results["rows"]:
        for name in ("p50_ms", "p90_ms", "p99_ms", "mean_ms"):
            row[name] = round(row[name] / 1000, 4)
        row["round_p50_ms"] = [row["p50_ms"]] * 5
        row["runs"] = 50_000
    with pytest.raises(DataError, match=r"0\.0142 ms cannot be: 4\.0e\+13 multiplications a second in each thread"):
        validate(_send(tmp_path, results))
    results = copy.deepcopy(GOOD)
    largest, smallest = results["rows"][0], results["rows"][15]
    for name in ("p50_ms", "p90_ms", "p99_ms", "mean_ms", "runs", "round_p50_ms"):
        largest[name], smallest[name] = smallest[name], largest[name]
    with pytest.raises(DataError, match=r"mobilenet_1\.0_224-int8\.tflite cannot be faster than"):
        validate(_send(tmp_path, results))


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("", "not JSON"),
        ("[]", "not an object"),
        ("[" * 100_000, "not JSON"),
        ('{"a": NaN}', "NaN is no number of JSON"),
        ('{"a": 1e999}', "a number is too large"),
        ('{"a": ' + "9" * 5000 + "}", "a number is too large"),
        ('{"a": 1, "a": 2}', "a name stands twice in one object"),
        ('{"kind": "edge-bench"}', "not measured with --standard"),
    ],
)
def test_hostile_files(content: str, message: str, tmp_path: Path) -> None:
    """What is no such file at all is refused in one line as well."""
    with pytest.raises(DataError, match=message):
        validate(_send(tmp_path, content))


def test_the_form_is_that_of_a_real_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Every field that edge bench --standard writes is known, and none is missing."""
    fake_workers(monkeypatch)
    monkeypatch.setattr(points, "POINTS", points.POINTS[:1])
    path = tmp_path / "board.json"
    words = ["bench", "--standard", "--soak-minutes", "0.005", "--rounds", "2", "--output", str(path)]
    assert main(words) == 0
    results = read_sent(path)
    for row in results["rows"]:
        row["peak_memory_bytes"] = None  # that of the workers, which start no process here
    check_schema(results)


def test_files_that_cannot_be_read(tmp_path: Path) -> None:
    """Too large, not UTF-8, not there, a folder."""
    large = tmp_path / "large.json"
    with large.open("wb") as file:
        file.truncate((8 << 20) + 1)
    with pytest.raises(DataError, match="too large to be the results: it has more than 8 MB"):
        validate(large)
    (tmp_path / "latin.json").write_bytes(b'{"board": "\xff"}')
    with pytest.raises(DataError, match="not JSON"):
        validate(tmp_path / "latin.json")
    for path in (tmp_path / "gone.json", tmp_path):
        with pytest.raises(DataError, match="cannot read the results"):
            validate(path)


_VALUES = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-(10**19), 10**19),
    st.floats(allow_nan=False, allow_infinity=False),
    st.text(max_size=5),
    st.just([]),
    st.just({}),
)


@settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_any_value_anywhere(data: st.DataObject, tmp_path: Path) -> None:
    """Whatever stands in one place, the file is valid or refused, and nothing else is raised."""
    results: Any = copy.deepcopy(GOOD)
    place: Any = results
    while True:
        names = list(place) if isinstance(place, dict) else range(len(place))
        name = data.draw(st.sampled_from(names))
        if not place[name] or not isinstance(place[name], (dict, list)) or data.draw(st.integers(0, 5)) == 0:
            break
        place = place[name]
    place[name] = data.draw(_VALUES)
    try:
        lines = validate(_send(tmp_path, results))
    except DataError as error:
        assert "\n" not in str(error)
    else:
        assert all("\n" not in line for line in lines)
