"""The OpenAPI document and the routes say the same."""

from __future__ import annotations

import json
import re
from html import unescape

from support.teach_server import Client, Teaching
from trainer.teach.web.application import api_rules
from trainer.teach.web.openapi import OPERATIONS, openapi
from trainer.teach.web.served import Served


def test_every_route_is_described_and_every_description_has_a_route(served: Teaching) -> None:
    """Methods and paths of the document are those of the API, each once."""
    routes = [(rule.method, rule.path) for rule in api_rules(Served(served.session))]
    described = [(one.method, one.path) for one in OPERATIONS]
    assert sorted(routes) == sorted(described) and len(set(routes)) == len(routes)
    assert {(method.upper(), path) for path, methods in openapi()["paths"].items() for method in methods} == set(routes)


def test_the_document_is_complete(client: Client) -> None:
    """It is OpenAPI 3.1; names are unique, references lead to schemas, parameters of paths are described."""
    document = client.get("/api/openapi.json")
    assert document == openapi() and document["openapi"] == "3.1.0"
    operations = [(path, one) for path, methods in document["paths"].items() for one in methods.values()]
    names = [one["operationId"] for _, one in operations]
    assert len(set(names)) == len(names) and all(re.fullmatch("[a-z_]+", name) for name in names)
    references = set(re.findall(r'"#/components/schemas/(\w+)"', json.dumps(document)))
    assert references == set(document["components"]["schemas"])
    for path, one in operations:
        in_path = {parameter["name"] for parameter in one["parameters"] if parameter["in"] == "path"}
        assert in_path == set(re.findall(r"\{(\w+)\}", path))
        assert one["summary"] and not one["summary"].endswith(".")


def test_the_page_of_the_api_names_every_operation(client: Client) -> None:
    """The page has each method and path with its summary."""
    page = unescape(client.ask("GET", "/api").body.decode())
    for one in OPERATIONS:
        assert f"<code>{one.method} {one.path}</code></dt><dd>{one.summary}</dd>" in page
