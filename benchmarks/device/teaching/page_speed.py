"""How the review of a teaching session scrolls through many photos: frames a second, thumbnails, memory."""

from __future__ import annotations

import itertools
import random
import statistics
import tempfile
from pathlib import Path
from typing import Any

from benchmarks.device.chromium import chromium
from benchmarks.device.teaching.session_process import PHOTOS, backbone_file, teach_process
from benchmarks.device.teaching.shown_camera import ShownCamera
from edge.parallel import available_cores
from trainer.photos.drawn_flowers import KINDS, draw_flower
from trainer.progress import Progress

WINDOW = {"width": 1280, "height": 800}
SPEED = 4000
"""How fast the list is scrolled, in pixels a second: 26 rows of 8 photos."""
SCROLLED = 40_000
"""How far, in pixels."""
JUMPS = 20

_LEARN_S = 900.0
_DRAWN = 200  # different flowers; each photo is a part of one of them

# The moments at which the browser drew, in milliseconds.
_COUNT = """() => { window.drawn = []; const count = (now) => { window.drawn.push(now);
    window.counting = requestAnimationFrame(count) }; window.counting = requestAnimationFrame(count) }"""
_COUNTED = "() => { cancelAnimationFrame(window.counting); return window.drawn }"
# Scroll to a place; the milliseconds until every picture in the window is there.
_JUMP = """(part) => new Promise((resolve) => {
    const begun = performance.now(), view = document.getElementById('scroller');
    view.scrollTop = part * (view.scrollHeight - view.clientHeight);
    const look = () => { const shown = [...document.querySelectorAll('.cell:not([hidden])')].filter((cell) => {
            const box = cell.getBoundingClientRect(), window_ = view.getBoundingClientRect();
            return box.bottom > window_.top && box.top < window_.bottom });
        const there = (cell) => cell.firstChild.complete && cell.firstChild.naturalWidth > 0;
        if (shown.length && shown.every(there)) resolve(performance.now() - begun); else requestAnimationFrame(look) };
    requestAnimationFrame(look) })"""


def measure(backbone: Path, photos: int, progress: Progress) -> list[dict[str, Any]]:
    """Scroll through ``photos`` drawn photos; rows of one measurement each.

    Raises the errors of :func:`~benchmarks.device.chromium.chromium` and
    :func:`~benchmarks.device.teaching.session_process.teach_process`.
    """
    with tempfile.TemporaryDirectory() as name:
        scratch = Path(name)
        draw_photos(scratch / PHOTOS, photos, progress)
        camera = ShownCamera()
        camera.show(draw_flower("tulips", 0))
        options = backbone_file(backbone)
        with camera.running(), teach_process(camera.address, scratch, *options) as session:
            with progress.stage("learning"):
                session.wait_until_idle(_LEARN_S)
            with chromium() as browser:
                return [{"photos": photos, "cores": available_cores(), **_scroll(browser, session.url, photos)}]


def draw_photos(folder: Path, count: int, progress: Progress) -> None:
    """Write ``count`` different photos of five classes: drawn flowers, and parts of them."""
    drawn = {kind: [draw_flower(kind, seed) for seed in range(_DRAWN // len(KINDS))] for kind in KINDS}
    with progress.stage("photos", count) as advance:
        for number in range(count):
            kind, turn = KINDS[number % len(KINDS)], number // len(KINDS)
            whole = drawn[kind][turn % len(drawn[kind])]
            part = turn // len(drawn[kind])  # no two photos of a flower are the same part of it
            left, top = 4 * part % (whole.width // 4), 8 * part % (whole.height // 4)
            cut = whole.crop((left, top, left + whole.width * 3 // 4, top + whole.height * 3 // 4))
            (folder / kind).mkdir(parents=True, exist_ok=True)
            cut.save(folder / kind / f"{number:05d}.jpg", quality=70 + part % 26)
            advance(1)


def _scroll(browser: Any, url: str, photos: int) -> dict[str, Any]:
    page = browser.new_page(viewport=WINDOW)
    page.set_default_timeout(60_000)
    devtools = page.context.new_cdp_session(page)
    devtools.send("Performance.enable")
    page.goto(f"{url}#review")
    page.locator("#review-total", has_text=f"{photos:,} photos").wait_for()
    first_ms = page.evaluate(_JUMP, 0)
    before = _memory(browser, devtools)
    page.evaluate(_COUNT)
    gesture = {"x": 640, "y": 400, "yDistance": -SCROLLED, "speed": SPEED, "gestureSourceType": "mouse"}
    devtools.send("Input.synthesizeScrollGesture", gesture)
    drawn = page.evaluate(_COUNTED)
    times_ms = [later - earlier for earlier, later in itertools.pairwise(drawn)]
    places = random.Random(19)
    jumps_ms = [page.evaluate(_JUMP, places.random()) for _ in range(JUMPS)]
    cells = page.locator(".cell").count()
    page.evaluate(_JUMP, 0)
    after = _memory(browser, devtools)
    page.close()
    return {
        "scrolled_pixels_per_second": SPEED,
        "frames_per_second": round(1000 * len(times_ms) / sum(times_ms), 1),
        "frame_ms_median": round(statistics.median(times_ms), 1),
        "frame_ms_95_percent": round(sorted(times_ms)[int(0.95 * len(times_ms))], 1),
        "frame_ms_longest": round(max(times_ms), 1),
        "first_thumbnails_ms": round(first_ms),
        "thumbnails_after_jump_ms_median": round(statistics.median(jumps_ms)),
        "thumbnails_after_jump_ms_longest": round(max(jumps_ms)),
        "cells": cells,
        "before_scrolling": before,
        "after_scrolling": after,
    }


def _memory(browser: Any, devtools: Any) -> dict[str, float]:
    """The JavaScript heap, the nodes of the page, and the resident memory of its process, after collecting garbage."""
    devtools.send("HeapProfiler.collectGarbage")
    values = {one["name"]: one["value"] for one in devtools.send("Performance.getMetrics")["metrics"]}
    processes = browser.new_browser_cdp_session().send("SystemInfo.getProcessInfo")["processInfo"]
    resident_kb = max(_resident_kb(one["id"]) for one in processes if one["type"] == "renderer")
    return {
        "heap_mb": round(values["JSHeapUsedSize"] / 1e6, 1),
        "nodes": values["Nodes"],
        "resident_mb": round(resident_kb * 1024 / 1e6),
    }


def _resident_kb(process: int) -> int:
    lines = Path(f"/proc/{process}/status").read_text().splitlines()
    return int(next(line for line in lines if line.startswith("VmRSS:")).split()[1])
