"""From the words of the command line to actions."""

from __future__ import annotations

import argparse
from pathlib import Path

import pytest

from edge.commands.action_options import action_options, add_action_options
from edge.errors import ConfigurationError, StorageError, UsageError
from edge.sinks.actions.make_actions import make_actions
from edge.sinks.actions.options import ActionOptions, LabelCommand, LabelPin
from edge.sinks.actions.webhook_address import parse_webhook
from edge.statistics import StreamStatistics


@pytest.fixture(autouse=True)
def _no_webhook(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.delenv("EDGE_WEBHOOK", raising=False)
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))


def parse(*arguments: str) -> ActionOptions:
    """The actions of command line ``arguments``."""
    parser = argparse.ArgumentParser(exit_on_error=False)
    add_action_options(parser)
    return action_options(parser.parse_args(arguments))


def test_a_command_is_split_as_a_shell_does_and_nothing_is_replaced() -> None:
    """Quotes hold words together; variables, stars and pipes stay as they are."""
    command = LabelCommand.parse("""big cat = say 'a  b' "c d" $HOME *.jpg | rm e\\ f""")
    assert command == ("big cat", ("say", "a  b", "c d", "$HOME", "*.jpg", "|", "rm", "e f"))
    assert LabelCommand.parse("a=b c=d") == ("a", ("b", "c=d"))
    assert LabelCommand.parse(r"a\=b = c=d") == ("a=b", ("c=d",))


@pytest.mark.parametrize("text", ["", "a", "=b", " =b", "a=", "a=  ", "a='b", 'a="b', "a=b\\"])
def test_texts_that_are_no_commands(text: str) -> None:
    """Each is refused with one line."""
    with pytest.raises(ValueError) as refusal:
        LabelCommand.parse(text)
    assert "\n" not in str(refusal.value)


def test_pins() -> None:
    """A number or a name; a pin must be there."""
    assert LabelPin.parse("red = GPIO17") == ("red", "GPIO17")
    with pytest.raises(ValueError, match="no pin"):
        LabelPin.parse("red=")


def test_every_option(monkeypatch: pytest.MonkeyPatch) -> None:
    """Options are repeated as often as needed; the labels that the model must have are known."""
    monkeypatch.setenv("EDGE_WEBHOOK", "http://other/")
    options = parse(
        *("--on-label", "a=x", "--on-label", "b=y z", "--on-label-end", "a=w", "--gpio", "c=1"),
        *("--for", "2", "--at-most-every=60", "--webhook", "http://host/"),
    )
    assert options.on_label == (("a", ("x",)), ("b", ("y", "z")))
    assert options.labels == ("a", "b", "c")
    assert (options.webhook, options.hold_s, options.at_most_every_s) == ("http://host/", 2.0, 60.0)
    assert parse().webhook == "http://other/"


def test_no_action_no_sink() -> None:
    """A stream without actions has no sink for them."""
    assert make_actions(parse(), StreamStatistics(), print) == []


@pytest.mark.parametrize(
    ("arguments", "why"),
    [
        (["--for", "1"], "--for has no effect without --on-label"),
        (["--at-most-every", "1"], "--at-most-every has no effect"),
        (["--webhook-secret-file", "x"], "--webhook-secret-file has no effect without --webhook"),
        (["--on-label", "a=no-such-program-here"], "no-such-program-here: there is no such program"),
        (["--on-label-end", "a=/"], "/: there is no such program"),
        (["--webhook", "host/path"], "not the address of a webhook"),
    ],
)
def test_what_is_refused_at_the_start(arguments: list[str], why: str) -> None:
    """One line says what is wrong, before a camera is opened."""
    with pytest.raises(UsageError, match=why):
        make_actions(parse(*arguments), StreamStatistics(), print)


def test_a_secret_that_cannot_be_read(tmp_path: Path) -> None:
    """A file that is missing, empty or a folder is named, with what belongs into it."""
    (tmp_path / "empty").touch()
    for name, why in (("gone", "No such file"), ("empty", "write the webhook's secret there"), (".", "Is a directory")):
        with pytest.raises(ConfigurationError, match=why):
            arguments = ("--webhook", "http://host/", "--webhook-secret-file", str(tmp_path / name))
            make_actions(parse(*arguments), StreamStatistics(), print)


def test_a_queue_that_cannot_be_used(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """That is said at the start, not when commands and pins already wait for it."""
    (tmp_path / "file").touch()
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "file"))
    monkeypatch.delenv("STATE_DIRECTORY", raising=False)
    with pytest.raises(StorageError, match="the queue of the webhook cannot be used"):
        make_actions(parse("--webhook", "http://host/", "--on-label", "a=sh"), StreamStatistics(), print)


def test_a_program_gets_its_full_path() -> None:
    """Also one that is found through PATH."""
    program = LabelCommand("a", ("sh", "-c", "true")).found().words[0]
    assert Path(program).is_absolute() and program.endswith("/sh")


@pytest.mark.parametrize(
    ("address", "parts"),
    [
        ("http://host", ("host", 80, "/", False)),
        ("https://host/a%20b?c=d e".replace(" ", "%20"), ("host", 443, "/a%20b?c=d%20e", True)),
        ("HTTP://Host:8123/api/é", ("host", 8123, "/api/%C3%A9", False)),
        ("http://[::1]:9/x#y", ("::1", 9, "/x", False)),
        ("http://bücher.example/", ("xn--bcher-kva.example", 80, "/", False)),
    ],
)
def test_addresses_of_webhooks(address: str, parts: tuple[str, int, str, bool]) -> None:
    """Host, port, path and query; what stands behind # is not sent."""
    assert parse_webhook(address) == parts


@pytest.mark.parametrize(
    "address",
    [
        *("", "host", "ftp://host/", "http://", "http:///secret", "http://:80/secret", "http://host:0/secret"),
        *("http://host:99999/secret", "http://host:x/secret", "http://user:secret@host/", "http://secret@host/"),
        *("http://host/secret\n", "http://host/sec ret", "http://[::1/secret", f"http://{'a' * 70}/secret"),
        *("http://host/secret\x00", "http://host/secret\r\nX: y", f"http://host/{'secret' * 2000}"),
    ],
)
def test_texts_that_are_no_addresses(address: str) -> None:
    """Each is refused with one line that does not show it."""
    with pytest.raises(UsageError) as refusal:
        parse_webhook(address)
    assert "secret@" not in str(refusal.value) and "/secret" not in str(refusal.value)
    assert "\n" not in str(refusal.value)


def test_the_place_of_a_webhook_shows_no_path() -> None:
    """In many addresses the path is the secret."""
    assert parse_webhook("https://[::1]:8123/api/webhook/secret?token=secret").place == "[::1]:8123"
