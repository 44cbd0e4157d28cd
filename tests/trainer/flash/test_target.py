"""Targets as users name them: hosts, folders, inventories."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from edge.errors import UsageError
from support.waits import error_of
from trainer.flash.target import Target, parse_targets


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("pi@raspberrypi.local", ("raspberrypi.local", "pi", None)),
        ("raspberrypi", ("raspberrypi", None, None)),
        ("pi@10.0.0.7:2222", ("10.0.0.7", "pi", 2222)),
        ("pi@[fe80::1%eth0]:22", ("fe80::1%eth0", "pi", 22)),
    ],
)
def test_a_host_has_a_user_and_a_port_if_they_are_given(text: str, expected: tuple[object, ...]) -> None:
    """The user is before @ and the port after the last colon."""
    target = Target.parse(text)
    assert (target.host, target.user, target.port, target.folder) == (*expected, None)
    assert target.name == text


@pytest.mark.parametrize(
    "text",
    [
        *(
            "pi;reboot",
            "pi$(id)",
            "pi@`id`",
            "a|b@pi",
            "pi&",
            "pi>x",
            "pi'",
            'pi"',
            "pi\\",
            "pi*",
            "pi!",
            "~pi",
            "pi\x1b[2J",
        ),
        *("", "-oProxyCommand=evil", "pi@-host", "a b", "pi@host:x", "pi@host:0", "pi@host:99999"),
    ],
)
def test_a_text_that_is_not_a_host_is_refused(text: str) -> None:
    """Among them texts that ssh would read as an option, and those with letters that mean something to a shell."""
    with pytest.raises(UsageError):
        Target.parse(text)


def test_a_folder_has_a_slash_and_must_exist(tmp_path: Path) -> None:
    """A folder that exists is a target; for another path the error says to mount the card."""
    assert Target.parse(str(tmp_path)).folder == tmp_path
    with pytest.raises(UsageError, match="mount the card"):
        Target.parse(str(tmp_path / "no"))


def test_an_inventory_has_one_target_per_line_and_comments(tmp_path: Path) -> None:
    """An inventory is named as a target or with --inventory; the order is kept."""
    inventory = tmp_path / "pis"
    inventory.write_text("# the greenhouse\npi@a\n\n  pi@b:2222  # the upper one\n")
    names = [target.name for target in parse_targets(["pi@c"], [inventory])]
    assert names == ["pi@c", "pi@a", "pi@b:2222"]
    assert [target.name for target in parse_targets([str(inventory)])] == ["pi@a", "pi@b:2222"]


def test_an_inventory_of_another_system(tmp_path: Path) -> None:
    """Windows writes a byte-order mark before the first name, and two letters at the end of a line."""
    (tmp_path / "pis").write_bytes(b"\xef\xbb\xbfpi@a\r\npi@b\r\n")
    assert [target.name for target in parse_targets([], [tmp_path / "pis"])] == ["pi@a", "pi@b"]


@pytest.mark.parametrize("texts", [["pi@a", "pi@A"], ["pi@a", "pi@a:22"]])
def test_a_target_named_twice_is_refused(texts: list[str]) -> None:
    """Upper and lower case are the same in host names, and port 22 is the default."""
    with pytest.raises(UsageError, match="named twice"):
        parse_targets(texts)


def test_no_target_at_all_is_refused(tmp_path: Path) -> None:
    """An inventory of comments alone names no target; one that cannot be read is an error of its own."""
    (tmp_path / "empty").write_text("# no target\n")
    with pytest.raises(UsageError, match="no target"):
        parse_targets([], [tmp_path / "empty"])
    with pytest.raises(UsageError, match="cannot read the inventory"):
        parse_targets([], [tmp_path / "missing"])


def test_a_model_in_place_of_the_targets(tmp_path: Path) -> None:
    """Model and targets that were mixed up are one line with their order."""
    (tmp_path / "m.tflite").write_bytes(b"\x1c\0\0\0TFL3")
    with pytest.raises(UsageError, match=r"m\.tflite: is a model, not a list of targets; give the model first"):
        parse_targets([str(tmp_path / "m.tflite")])


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="no pipes with names on Windows")
def test_an_inventory_that_is_a_pipe(tmp_path: Path) -> None:
    """It is one line at once: the command does not wait for a writer."""
    os.mkfifo(tmp_path / "pipe")
    error = error_of(lambda: parse_targets([], [tmp_path / "pipe"]))
    assert "cannot read the inventory (a device, a pipe or a socket; give a regular file)" in str(error)
