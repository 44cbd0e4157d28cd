"""The report: figures and one page from bench files, the same bytes every time, safe and without a network."""

from __future__ import annotations

import hashlib
import io
import json
import re
import subprocess
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from edge.errors import DataError, StorageError, UsageError
from support.bench_files import failed_row, row, whole_grid, write_bench
from support.report_page import Page

pytest.importorskip("matplotlib")

from benchmarks.board_report.write import write_report

ACCURACIES = {"mobilenet_1.0_224": 0.9, "mobilenet_0.50_160": 0.86, "mobilenet_0.25_128": 0.78}


@pytest.fixture(scope="module")
def written(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    """The files of a report of one board: the whole grid, three accuracies measured, one model that failed."""
    folder = tmp_path_factory.mktemp("report")
    rows = [*whole_grid(accuracy=lambda point: ACCURACIES.get(point.name)), failed_row()]
    return write_report([write_bench(folder / "board.json", rows)], folder / "out")


@pytest.fixture(scope="module")
def folder(written: list[Path]) -> Path:
    """The folder of the bench file ``board.json`` and of that report, ``out``."""
    return written[0].parents[1]


@pytest.fixture(scope="module")
def page(folder: Path) -> Page:
    """That report's page."""
    return Page((folder / "out" / "report.html").read_text(encoding="utf-8"))


def test_report_writes_every_figure_twice_and_one_page(written: list[Path]) -> None:
    """Five figures of one board as PNG and SVG, 1120 pixels wide, and the page first in the list."""
    figures = ["accuracy-macs", "accuracy-latency-board", "pareto-board", "int8-float32-board", "threads-board"]
    names = [f"{figure}{suffix}" for figure in figures for suffix in (".png", ".svg")]
    assert [path.name for path in written] == ["report.html", *names]
    for path in written:
        if path.suffix == ".png":
            with Image.open(io.BytesIO(path.read_bytes())) as picture:
                assert picture.width == 1120
                assert picture.info.keys() <= {"dpi"}


def test_same_files_give_the_same_bytes(folder: Path, tmp_path: Path) -> None:
    """No date, no random id, no program name: a second report is the first."""
    again = write_report([folder / "board.json"], tmp_path)
    assert len(again) == 11
    for path in again:
        digest = hashlib.sha256(path.read_bytes()).hexdigest()
        assert digest == hashlib.sha256((folder / "out" / path.name).read_bytes()).hexdigest(), path.name


def test_page_needs_no_network(folder: Path, page: Page) -> None:
    """A policy forbids every request, and there is no address to request beside names of XML vocabularies."""
    (policy,) = page.of("meta", **{"http-equiv": "Content-Security-Policy"})
    assert policy["content"] == "default-src 'none'; style-src 'unsafe-inline'; script-src 'unsafe-inline'"
    assert not page.of("link") and not page.of("img") and not page.of("iframe")
    assert all("src" not in facts for _, facts in page.tags)
    text = (folder / "out" / "report.html").read_text(encoding="utf-8")
    assert set(re.findall(r"https?://[^\s\"'<]+", text)) <= {
        "http://www.w3.org/1999/xlink",
        "http://www.w3.org/2000/svg",
    }


def test_page_has_light_and_dark_colours(folder: Path) -> None:
    """Figures take their colours from the page's variables, all of which both themes set."""
    text = (folder / "out" / "report.html").read_text(encoding="utf-8")
    used = set(re.findall(r"var\((--\w+)\)", text))
    light, dark = re.findall(r":root \{(.*?)\}", text, re.DOTALL)
    assert {"--ink", "--w100", "--w025"} <= used
    assert used <= set(re.findall(r"(--\w+):", light))
    assert used <= set(re.findall(r"(--\w+):", dark))
    svgs = "".join(re.findall(r"<svg.*?</svg>", text, re.DOTALL))
    assert not re.findall(r"(?:fill|stroke): #[0-9a-f]{6}", svgs)


def test_table_has_a_row_for_each_measurement_and_keys_to_sort_by(page: Page) -> None:
    """Rows start with the widest and sharpest point; buttons in the headings sort; a failed row says why."""
    rows = page.of("tr", **{})
    bodies = [facts for facts in rows if "data-values" in facts]
    assert len(bodies) == 2 * 16 * 4 + 1
    first = json.loads(bodies[0]["data-values"] or "")
    assert first[:5] == [0, "float32", "litert", 1, 24.0]
    assert first[12:] == [0.9, 569.0, 4.24, 70.9, 69.7, 24.0]
    failed = json.loads(bodies[-1]["data-values"] or "")
    assert failed[4:] == [*[None] * 7, 470_000, *[None] * 6]
    assert failed[1] == "unknown"
    assert "an operator is missing here" in page.words
    heads = [facts for facts in page.of("th") if "data-column" in facts]
    assert [facts["data-column"] for facts in heads] == [str(place) for place in range(18)]
    assert len(page.of("button", type="button")) == 18


def test_marks_can_be_reached_and_named(folder: Path, page: Page) -> None:
    """Each mark of a figure says what it is, leads to its measurement, and has an id of its own."""
    marks = [facts for facts in page.of("g") if facts.get("class") == "mark"]
    # (a) and (b): 3 measured + 16 published; the front: both quantizations; int8/float32: 2 runtimes; threads: both.
    assert len(marks) == 2 * 19 + 2 * 19 + 2 * 16 + 2 * 16
    assert {facts["tabindex"] for facts in marks} == {"-1"}
    names = {facts["aria-label"] for facts in marks}
    assert "mobilenet_1.0_224 int8, Test Board, 4 cores, litert 2.3.0, 1 thread: 13 ms, accuracy 90.0 %" in names
    measurements = _readings(folder / "out" / "report.html")
    assert {int(facts["data-measurement"] or "") for facts in marks} <= set(range(len(measurements)))
    ids = [facts["id"] for _, facts in page.tags if "id" in facts]
    assert len(ids) == len(set(ids))


def test_details_of_a_mark_hold_measured_and_published(folder: Path) -> None:
    """The tip shows milliseconds, bytes and per cent, and marks what was published as such."""
    first = _readings(folder / "out" / "report.html")[0]
    assert first["title"] == "mobilenet_1.0_224 float32"
    assert first["place"] == "Test Board, 4 cores; litert 2.3.0, 1 thread"
    details = dict(first["details"])
    assert (details["p50"], details["peak memory"], details["accuracy"]) == ("24 ms", "60 MB", "90.0 %")
    assert (details["published top-1, float"], details["published, Pixel 3"]) == ("70.9 %", "24 ms")


def test_card_says_what_stands_out(page: Page) -> None:
    """Fastest, most accurate and what int8 brings, in sentences with numbers."""
    assert "Fastest: mobilenet_0.25_128 int8, 0.8 ms (1,250 a second)." in page.words
    assert "Most accurate: mobilenet_1.0_224 int8, 90.0 % in 13 ms." in page.words
    assert "int8 is 1.7 times as fast as float32 (median of 16 architectures)." in page.words
    assert "40 to 60 °C" in page.words
    assert not page.of("p", **{"class": "warning"})


def test_nothing_from_a_bench_file_becomes_markup(tmp_path: Path) -> None:
    """Board names, model names and errors are strangers' text; none of it ends a script or starts a tag."""
    evil = "</script><script>alert(1)</script>"
    rows = [row(model=evil), failed_row(model=evil, error=evil), row(None, model=evil, runtime_version=evil)]
    board = {"board": evil, "cores": 4, "system": evil, "versions": {evil: evil}}
    bench = write_bench(tmp_path / "b.json", rows, board=board, command=evil, date=evil)
    (html, *_) = write_report([bench], tmp_path / "out")
    text = html.read_text(encoding="utf-8")
    assert "alert(1)" in text
    assert "<script>alert" not in text
    page = Page(text)
    assert len(page.of("script")) == 2
    assert evil in page.words


def test_several_boards_stand_side_by_side(tmp_path: Path) -> None:
    """Two boards get a common figure and figures of their own; the file's name is added to equal names."""
    files = [write_bench(tmp_path / f"{name}.json", whole_grid((1,), ("litert",))) for name in ("pi4", "pi5")]
    written = write_report(files, tmp_path / "out")
    stems = list(dict.fromkeys(path.stem for path in written))
    assert stems == [
        *("report", "accuracy-macs", "boards", "accuracy-latency-pi4", "accuracy-latency-pi5"),
        *("pareto-pi4", "pareto-pi5", "int8-float32-pi4", "int8-float32-pi5"),
    ]
    page = Page(written[0].read_text(encoding="utf-8"))
    assert "Test Board, 4 cores (pi4)" in page.words
    assert "Test Board, 4 cores (pi5)" in page.words
    assert page.of("select", **{"data-filter": "Board"})
    assert not page.of("select", **{"data-filter": "Threads"})


def test_noise_and_throttling_are_said_aloud(tmp_path: Path) -> None:
    """A noisy machine and a throttled board get a warning each on their card."""
    noise = {"spread": 0.2, "resolution": 0.3, "too_noisy": True}
    state = {"temperature_c": 85.0, "throttled": "0x50005"}
    bench = write_bench(tmp_path / "b.json", whole_grid((1,)), noise=noise, state_after=state)
    page = Page(write_report([bench], tmp_path / "out")[0].read_text(encoding="utf-8"))
    assert len(page.of("p", **{"class": "warning"})) == 2
    assert "a difference below 30.0 % means nothing" in page.words
    assert "(0x50005)" in page.words


def test_models_outside_the_grid_still_make_a_page(tmp_path: Path) -> None:
    """A bench of foreign models alone has a table and no figure."""
    written = write_report([write_bench(tmp_path / "b.json", [row(None)])], tmp_path / "out")
    assert [path.name for path in written] == ["report.html"]
    page = Page(written[0].read_text(encoding="utf-8"))
    assert "foreign.tflite" in page.words
    assert "No model of the grid was measured here." in page.words


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"schema_version": 7}, "results of schema version 7"),
        ({"kind": "other"}, "not a results file of edge bench"),
        ({"rows": [failed_row()]}, "no model was measured in these results"),
    ],
)
def test_files_that_cannot_be_reported_on(tmp_path: Path, changes: dict[str, Any], message: str) -> None:
    """Another schema version, another quantization, nothing measured: a data error and no half report."""
    bench = write_bench(tmp_path / "b.json", **{"rows": [row()], **changes})
    with pytest.raises(DataError, match=message):
        write_report([bench], tmp_path / "out")
    assert not (tmp_path / "out").exists()


def test_no_file_and_no_folder(tmp_path: Path) -> None:
    """Without files it is a usage error, with a file in the folder's place a storage error."""
    with pytest.raises(UsageError, match="no results to report on"):
        write_report([], tmp_path)
    (tmp_path / "out").write_text("")
    with pytest.raises(StorageError, match="cannot be written"):
        write_report([write_bench(tmp_path / "b.json", [row()])], tmp_path / "out")


@pytest.fixture
def chromium() -> list[str]:
    """The command of a headless Chromium, if one is installed."""
    import shutil

    found = shutil.which("chromium")
    if not found:
        pytest.skip("no chromium")
    quiet = ["--disable-quic", "--no-first-run", "--disable-background-networking", "--disable-component-update"]
    return [found, "--headless", "--no-sandbox", "--disable-gpu", "--disable-sync", *quiet]


_SCRIPT = """<script>
const at = (place) => [...document.querySelectorAll("#table tbody tr")].map((r) => JSON.parse(r.dataset.values)[place]);
const buttons = [...document.querySelectorAll("th[data-column] button")];
buttons[4].click();
const said = {ascending: at(4), sort: buttons[4].parentNode.ariaSort};
buttons[4].click();
said.descending = at(4);
const filter = document.querySelector("select[data-filter=Quantization]");
filter.value = "int8";
filter.dispatchEvent(new Event("change"));
said.shown = document.getElementById("shown").textContent;
const figure = document.querySelector("svg.figure");
said.stops = figure.querySelectorAll('.mark[tabindex="0"]').length;
const first = figure.querySelector('.mark[tabindex="0"]');
first.focus();
said.tip = document.querySelector("#tip strong").textContent;
for (const key of ["End", "Home", "ArrowRight", "Escape"])
  document.activeElement.dispatchEvent(new KeyboardEvent("keydown", {key, bubbles: true}));
said.moved = document.activeElement !== first && document.activeElement.classList.contains("mark");
said.closed = document.getElementById("tip").hidden;
said.overflow = document.documentElement.scrollWidth > document.documentElement.clientWidth;
document.title = "said" + JSON.stringify(said);
</script></body>"""


def test_browser_sorts_filters_and_walks_by_keyboard(folder: Path, tmp_path: Path, chromium: list[str]) -> None:
    """In Chromium a heading sorts both ways with errors last, a filter hides rows, arrow keys walk the marks."""
    text = (folder / "out" / "report.html").read_text(encoding="utf-8").replace("</body>", _SCRIPT)
    (tmp_path / "page.html").write_text(text, encoding="utf-8")
    command = [*chromium, f"--user-data-dir={tmp_path / 'profile'}", "--dump-dom", f"file://{tmp_path / 'page.html'}"]
    dom = subprocess.run(command, capture_output=True, text=True, timeout=60).stdout
    found = re.search(r"<title>said(.*?)</title>", dom)
    assert found, dom[:500]
    said = json.loads(found[1])
    times = [value for value in said["ascending"] if value is not None]
    assert times == sorted(times) and len(times) == 128
    assert said["ascending"][-1] is None and said["descending"][-1] is None
    assert said["descending"][:128] == sorted(times, reverse=True)
    assert said["sort"] == "ascending"
    assert said["shown"] == "64 of 129 rows"
    assert (said["stops"], said["moved"], said["closed"], said["overflow"]) == (1, True, True, False)
    assert said["tip"] == "mobilenet_0.25_128 int8"


def _readings(html: Path) -> list[dict[str, Any]]:
    text = html.read_text(encoding="utf-8")
    found = re.search(r'<script type="application/json" id="measurements">(.*?)</script>', text, re.DOTALL)
    assert found
    return json.loads(found[1])
