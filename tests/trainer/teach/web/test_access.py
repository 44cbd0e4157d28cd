"""Who may use the session: token, Host, and pages of other sites."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

import edge.sinks.web
import trainer.teach.web
from support.teach_server import Client, Teaching, photo, teaching
from trainer.teach.web.openapi import OPERATIONS

PAGE = Path(trainer.teach.web.__file__).parent / "page"
PREVIEW = Path(edge.sinks.web.__file__).parent


@pytest.fixture
def locked(tmp_path: Path) -> Iterator[Teaching]:
    """A session that is served with the token ``s3cret``."""
    with teaching(tmp_path / "photos", "s3cret") as made:
        yield made


def test_the_pages(client: Client) -> None:
    """The session's page is at /, its parts beside it, and the preview's page at /watch; no two files share a path."""
    assert client.ask("GET", "/").body == (PAGE / "teach.html").read_bytes()
    assert client.ask("GET", "/watch").body == (PREVIEW / "page.html").read_bytes()
    parts = [path for path in PAGE.iterdir() if path.name != "teach.html"]
    for path in parts:
        answer = client.ask("GET", f"/{path.name}")
        assert answer.body == path.read_bytes() and "unsafe" not in answer.headers["Content-Security-Policy"]
    assert not {path.name for path in parts} & {path.name for path in PREVIEW.iterdir()}


def test_a_token_is_required_everywhere(locked: Teaching) -> None:
    """Without it every path of the API is 401 in JSON, and pages show the form; with it they answer."""
    without = Client(locked.client.port)
    for one in OPERATIONS:
        if one.path != "/api":
            answer = without.ask(one.method, one.path.replace("{id}", "0" * 32).replace("{name}", "red"))
            assert (answer.status, "token is missing" in answer.json["error"]) == (401, True)
    for page in ("/", "/watch", "/api"):
        answer = without.ask("GET", page)
        assert answer.status == 401 and b"token-form" in answer.body
    for other in ("/events", "/picture.jpg", "/teach.js", "/observation.json"):
        assert without.ask("GET", other).status == 401
    assert locked.client.get("/api/session")["classes"] == []
    cookie = locked.client.ask("GET", "/?token=s3cret").headers["Set-Cookie"].partition(";")[0]
    assert without.ask("GET", "/api/session", Cookie=cookie).status == 200


def test_a_name_of_another_site_is_refused(client: Client) -> None:
    """Without a token a Host header that is not this machine is 421, in JSON below /api/."""
    answer = client.ask("GET", "/watch", Host="evil.example")
    assert (answer.status, answer.body) == (421, b"open this page under the name localhost\n")
    answer = Client(client.port).ask("GET", "/api/nothing", Host="evil.example")
    assert (answer.status, answer.json) == (421, {"error": "open this page under the name localhost"})


@pytest.mark.parametrize("headers", [{"Origin": "http://evil.example"}, {"Sec_Fetch_Site": "cross-site"}])
def test_pages_of_other_sites_change_nothing(client: Client, headers: dict[str, str]) -> None:
    """Every changing method is 403 for them, before its body is read; our own page is answered."""
    own = {"Origin": f"http://127.0.0.1:{client.port}"}
    assert client.ask("PUT", "/api/classes/red", **own).status == 200
    for one in OPERATIONS:
        if one.method != "GET":
            answer = client.ask(one.method, one.path.replace("{name}", "red"), photo("red", 1), **headers)
            assert (answer.status, "another site" in answer.json["error"]) == (403, True)
    assert [(c["name"], c["photos"]) for c in client.get("/api/session")["classes"]] == [("red", 0)]
    assert client.ask("GET", "/api/session", **headers).status == 200  # the browser does not show it to the page


def test_methods_that_a_path_does_not_take(client: Client) -> None:
    """They are 405 in JSON, and the answer names all methods that the path takes."""
    answer = client.ask("PATCH", "/api/session", {})
    assert (answer.status, list(answer.json)) == (405, ["error"])
    assert set(client.ask("PATCH", "/api/recording", {}).headers["Allow"].split(", ")) == {"PUT", "DELETE"}
