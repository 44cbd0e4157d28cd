"""What users name: hosts, folders, inventories."""

from __future__ import annotations

from pathlib import Path

import pytest

from edge.errors import UsageError
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
def test_a_host_has_a_user_and_a_port_where_they_are_given(text: str, expected: tuple[object, ...]) -> None:
    """The parts are those of scp and ssh: user before @, port after the last colon."""
    target = Target.parse(text)
    assert (target.host, target.user, target.port, target.folder) == (*expected, None)
    assert target.name == text


@pytest.mark.parametrize(
    "text", ["", "-oProxyCommand=evil", "pi@-host", "a b", "pi@host:x", "pi@host:0", "pi@host:99999"]
)
def test_what_is_no_host_is_refused(text: str) -> None:
    """Above all what ssh would take for an option of its own."""
    with pytest.raises(UsageError):
        Target.parse(text)


def test_a_folder_is_told_by_its_slash_and_must_be_there(tmp_path: Path) -> None:
    """A mounted card's root is a target; a path that is not there says to mount it."""
    assert Target.parse(str(tmp_path)).folder == tmp_path
    with pytest.raises(UsageError, match="mount the card"):
        Target.parse(str(tmp_path / "no"))


def test_an_inventory_has_a_target_a_line_and_comments(tmp_path: Path) -> None:
    """It may be named as a target or with --inventory; the order is kept."""
    inventory = tmp_path / "pis"
    inventory.write_text("# the greenhouse\npi@a\n\n  pi@b:2222  # behind the door\n")
    names = [target.name for target in parse_targets(["pi@c"], [inventory])]
    assert names == ["pi@c", "pi@a", "pi@b:2222"]
    assert [target.name for target in parse_targets([str(inventory)])] == ["pi@a", "pi@b:2222"]


@pytest.mark.parametrize("texts", [["pi@a", "pi@A"], ["pi@a", "pi@a:22"]])
def test_a_target_named_twice_is_refused(texts: list[str]) -> None:
    """Host names have no case, and 22 is the port that nobody writes."""
    with pytest.raises(UsageError, match="named twice"):
        parse_targets(texts)


def test_no_target_at_all_is_refused(tmp_path: Path) -> None:
    """An inventory of comments names nobody; one that cannot be read is said so."""
    (tmp_path / "empty").write_text("# nobody\n")
    with pytest.raises(UsageError, match="no target"):
        parse_targets([], [tmp_path / "empty"])
    with pytest.raises(UsageError, match="cannot read the inventory"):
        parse_targets([], [tmp_path / "missing"])
