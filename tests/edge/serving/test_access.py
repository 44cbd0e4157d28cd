"""Who is answered: this machine, or who gives the token."""

from __future__ import annotations

from pathlib import Path

import pytest

from edge import cli
from edge.errors import ConfigurationError
from support.label_server import INT8, Client, photo, serving
from support.ports import free_port

PATHS = ("/models", "/health", "/openapi.json", "/metrics", "/nothing")


def test_a_token_is_needed() -> None:
    """Without it, and with another one, every address answers 401 in JSON; with it, as header or once, it works."""
    with serving([INT8], token="hush") as client:
        for headers in ({}, {"Authorization": "Bearer hus"}, {"Authorization": "Basic hush"}, {"Cookie": "x=hush"}):
            stranger = Client(client.server, **headers)
            answers = [stranger.ask("GET", path) for path in PATHS] + [stranger.label(photo("red"))]
            assert {answer.status for answer in answers} == {401}
            assert {answer.headers["WWW-Authenticate"] for answer in answers} == {"Bearer"}
            assert all("the token is missing" in answer.json["error"] for answer in answers)
        friend = Client(client.server, Authorization="Bearer hush")
        assert friend.label(photo("red")).json["labels"][0] == "red"
        page = client.ask("GET", "/?token=hush")
        assert page.status == 200
        browser = Client(client.server, Cookie=page.headers["Set-Cookie"].partition(";")[0])
        assert browser.label(photo("red")).status == 200
        form = client.ask("GET", "/")
        assert (form.status, form.headers["Content-Type"]) == (401, "text/html; charset=utf-8")
        assert b"hush" not in form.body


def test_only_this_machine_without_a_token(client: Client) -> None:
    """A page of another name that was made to point here is refused."""
    answer = client.ask("GET", "/models", Host="evil.example")
    assert answer.status == 421
    assert "localhost" in answer.json["error"]


def test_pages_of_other_sites(client: Client) -> None:
    """A page of another site, or of another port of this machine, gets no labels; our own page does."""
    own = f"http://127.0.0.1:{client.port}"
    for headers, status in (
        ({"Origin": "http://evil.example"}, 403),
        ({"Origin": "http://127.0.0.1:1"}, 403),
        ({"Sec-Fetch-Site": "cross-site"}, 403),
        ({"Origin": own, "Sec-Fetch-Site": "same-origin"}, 200),
        ({"Origin": own}, 200),
    ):
        answer = Client(client.server, **headers).label(photo("red"))
        assert answer.status == status
        if status == 403:
            assert answer.json == {"error": "a page of another site may not use this server"}


@pytest.mark.parametrize(
    ("options", "code", "words"),
    [
        (["0.0.0.0:8080"], 2, "give --token-file FILE, or set EDGE_SERVE_TOKEN"),
        (["--token-file", "none.txt"], 78, "none.txt: the token cannot be read"),
        (["--token-file", "empty.txt"], 78, "empty.txt: the first line is empty"),
        (["--token-file", "blanks.txt"], 78, "the token may have letters, digits and signs of ASCII without blanks"),
        (["--token-file", "letters.txt"], 78, "without blanks; write another"),
        (["--model", "a.tflite", "--model", "b/a.tflite"], 2, "two models are called a; write another name"),
        (["--model", "my model.tflite"], 2, "write a name of letters, digits and _ . - before it"),
        (["--model", "a.tflite", "--model", "b.tflite", "--labels", "l.txt"], 2, "--labels is for one model"),
        (["--model", "none=none.tflite"], 65, "none.tflite"),
        (["--reject"], 78, "carries no gate"),
        (["--threads", "2000"], 2, "give a number from 1 to 1024"),
        (["70000"], 2, "is not an address"),
    ],
)
def test_options_that_cannot_be_used(
    capsys: pytest.CaptureFixture[str],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    options: list[str],
    code: int,
    words: str,
) -> None:
    """One line says what is wrong, with its exit code, and nothing is served."""
    monkeypatch.chdir(tmp_path)
    Path("empty.txt").write_text("\n")
    Path("blanks.txt").write_text("open sesame\n")
    Path("letters.txt").write_text("gehöf\n", "utf-8")
    monkeypatch.delenv("EDGE_SERVE_TOKEN", raising=False)
    given = options if "--model" in options else [*options, "--model", str(INT8)]
    if options[0].startswith("--"):
        given = [str(free_port()), *given]  # another program may have the usual one
    assert cli.main(["serve", *given]) == code
    assert words in capsys.readouterr().err


def test_a_token_of_the_environment(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """``--token-file`` comes before ``$EDGE_SERVE_TOKEN``."""
    from edge.cli import build_parser
    from edge.commands.serve_options import token

    monkeypatch.setenv("EDGE_SERVE_TOKEN", "of-the-environment")
    (tmp_path / "token").write_text("of-the-file!~\nrest\n")
    parse = build_parser(["serve"]).parse_args
    assert token(parse(["serve"])) == "of-the-environment"
    assert token(parse(["serve", "--token-file", str(tmp_path / "token")])) == "of-the-file!~"
    monkeypatch.setenv("EDGE_SERVE_TOKEN", "of the environment")
    with pytest.raises(ConfigurationError, match="without blanks"):
        token(parse(["serve"]))
