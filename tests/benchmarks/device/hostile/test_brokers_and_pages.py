"""Some of the hostile cases of brokers and pages, on a real mosquitto and over real connections."""

from __future__ import annotations

from pathlib import Path

import pytest

from benchmarks.device.hostile.areas import AREAS
from benchmarks.device.hostile.broker_faults import FAULTS
from benchmarks.device.hostile.broker_scene import Scene
from benchmarks.device.hostile.broker_starts import CERTIFIED, REFUSED, STARTS
from benchmarks.device.hostile.brokers import run_fault
from benchmarks.device.hostile.case import CaseResult
from benchmarks.device.hostile.mqtt_scene import stream
from benchmarks.device.hostile.page_browser import GUARDED_TABS, OPEN_TABS
from benchmarks.device.hostile.page_scene import Page
from benchmarks.device.hostile.page_sockets import GUARDED, OPEN
from edge.errors import ConfigurationError

pytest.importorskip("paho.mqtt.client", reason="the extra mqtt is not installed")


def test_there_are_enough() -> None:
    """At least forty faults of brokers and twenty attacks on the page are in the search."""
    assert {"brokers", "pages"} <= set(AREAS)
    assert len(FAULTS) + len(STARTS) + len(CERTIFIED) + len(REFUSED) >= 40
    assert len(OPEN) + len(GUARDED) + len(OPEN_TABS) + len(GUARDED_TABS) >= 20


@pytest.mark.parametrize("name", ["half-open: the server's side ends later", "two watches, one is killed"])
def test_a_fault_of_a_broker(tmp_path: Path, name: str) -> None:
    """A watch that is alive is online after the fault, and offline after its end."""
    with stream() as source:
        try:
            assert run_fault(name, FAULTS[name], Scene(tmp_path, source)) == CaseResult("brokers", name, "ok")
        except ConfigurationError as error:
            pytest.skip(str(error))


def test_what_is_wrong_is_found(tmp_path: Path) -> None:
    """A fault that reports something wrong, or waits in vain, is not ok."""
    wrong = run_fault("x", lambda of: "availability is None", Scene(tmp_path, ""))
    assert wrong == CaseResult("brokers", "x", "accepted wrongly", "availability is None")
    assert run_fault("x", lambda of: "hang: no state", Scene(tmp_path, "")).result == "hang"


def test_an_attack_on_the_page() -> None:
    """While 64 clients send their second request slowly, another viewer gets page, label and metrics."""
    for extra in ("starlette", "uvicorn", "prometheus_client"):
        pytest.importorskip(extra, reason="the extras web and prometheus are not installed")
    with stream() as source:
        page = Page(source)
        try:
            assert OPEN["64 slow second requests"](page) is None
            assert OPEN["60 event streams in one moment"](page) is None
        finally:
            ended = page.end()
    assert ended.code == 0
