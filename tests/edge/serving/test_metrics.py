"""The counts of a server for Prometheus."""

from __future__ import annotations

import builtins
from typing import Any

import pytest

from edge.serving import application
from support.label_server import FLOAT32, FORM, INT8, Client, form, photo, serving


def _values(client: Client) -> dict[str, float]:
    answer = client.ask("GET", "/metrics")
    assert answer.status == 200 and answer.headers["Content-Type"].startswith("text/plain")
    lines = [line for line in answer.body.decode().splitlines() if not line.startswith("#")]
    return {name: float(value) for name, _, value in (line.rpartition(" ") for line in lines)}


def test_values() -> None:
    """Requests by status, pictures by model and result, times, queue and models are what happened."""
    pytest.importorskip("prometheus_client", reason="the extra 'prometheus' is not installed")
    with serving([INT8, FLOAT32]) as client:
        client.label(photo("red"))
        client.label(form(("a", photo("red")), ("b", photo("blue")), ("c", b"bad")), FORM, "?model=tiny-float32")
        client.label(b"bad")
        client.ask("GET", "/nothing")
        values = _values(client)
    assert values['edge_requests_total{status="200"}'] == 2
    assert values['edge_requests_total{status="422"}'] == 1
    assert values['edge_requests_total{status="404"}'] == 1
    assert values['edge_pictures_total{model="tiny-int8",result="labelled"}'] == 1
    assert values['edge_pictures_total{model="tiny-int8",result="skipped"}'] == 1
    assert values['edge_pictures_total{model="tiny-float32",result="labelled"}'] == 2
    assert values['edge_pictures_total{model="tiny-float32",result="skipped"}'] == 1
    assert values["edge_latency_seconds_count"] == values['edge_latency_seconds_bucket{le="+Inf"}'] == 3
    assert values["edge_answer_seconds_count"] == 3
    assert 0 < values["edge_latency_seconds_sum"] <= values["edge_answer_seconds_sum"] + 1
    assert (values["edge_queue_pictures"], values["edge_queue_limit"]) == (0, 16)
    assert values["edge_workers_stuck"] == 0
    assert (values["edge_model_swaps_total"], values["edge_model_refusals_total"]) == (0, 0)
    assert sum(name.startswith("edge_model_info{") for name in values) == 2


def test_without_the_package(monkeypatch: pytest.MonkeyPatch) -> None:
    """One line says how to install what is missing; labels are served."""
    imported = builtins.__import__

    def refuse(name: str, *arguments: Any, **options: Any) -> Any:
        if name.startswith("prometheus_client"):
            raise ModuleNotFoundError(name=name)
        return imported(name, *arguments, **options)

    monkeypatch.setattr(builtins, "__import__", refuse)
    assert application  # imported before
    with serving([INT8]) as client:
        answer = client.ask("GET", "/metrics")
        assert (answer.status, client.label(photo("red")).status) == (404, 200)
        assert "pip install 'edge-for-poets[prometheus]'" in answer.json["error"]
