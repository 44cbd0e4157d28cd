"""Attacks on the page and the metrics of a real ``edge watch``: over raw connections and in Chromium."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from benchmarks.device.faults.scene import DATA
from benchmarks.device.hostile.case import CaseResult, as_result, fault_of
from benchmarks.device.hostile.mqtt_scene import stream
from benchmarks.device.hostile.page_browser import GUARDED_TABS, HOSTILE_LABEL, OPEN_TABS, Attack, browser
from benchmarks.device.hostile.page_scene import Page, many, request
from benchmarks.device.hostile.page_sockets import GUARDED, OPEN

_AREA = "pages"
_MODEL = DATA / "foreign" / "int8.tflite"  # without labels of its own


def cases(folder: Path, _: int) -> Iterator[CaseResult]:
    """Run all attacks; then end the process while 60 viewers are connected."""
    labels = folder / "labels.txt"
    labels.write_text(f"{HOSTILE_LABEL}\nb\nc\n")
    with stream() as source, browser() as chromium:
        for token, attacks, tabs in ((False, OPEN, OPEN_TABS), (True, GUARDED, GUARDED_TABS)):
            page = Page(source, "--model", str(_MODEL), "--labels", str(labels), token=token)
            for name, attack in attacks.items():
                yield _result(name, attack, page)
            for name, tab in tabs.items():
                yield _result(name, _in_a_tab(tab, chromium, folder), page)
            with many(page, 60) as viewers:
                for number, one in enumerate(viewers):
                    one.sendall(request("/events" if number % 2 else "/picture.jpg?shown=0"))
                ended = page.end()
            found = fault_of(ended)
            last = " | ".join(ended.err.strip().splitlines()[-12:])
            yield CaseResult(_AREA, f"the end with 60 viewers{', token' * token}", found, "" if found == "ok" else last)


def _in_a_tab(attack: Attack, chromium: Any, folder: Path) -> Callable[[Page], str | None]:
    def run(page: Page) -> str | None:
        context = chromium.new_context()
        try:
            return attack(page, context.new_page(), folder)
        finally:
            context.close()

    return run


def _result(name: str, attack: Callable[[Page], str | None], page: Page) -> CaseResult:
    try:
        wrong = attack(page)
    except Exception as error:  # a time limit of the browser
        wrong = f"hang: {str(error).splitlines()[0]}"
    return as_result(_AREA, name, wrong)
