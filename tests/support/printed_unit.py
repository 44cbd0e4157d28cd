"""The systemd unit that ``edge service`` prints."""

from __future__ import annotations

import pytest

from edge import cli


def printed_unit(capsys: pytest.CaptureFixture[str], *arguments: str) -> dict[str, list[str]]:
    """The settings of the unit, each with all its values; ``arguments`` are those of the command."""
    assert cli.main(["service", *arguments]) == 0
    found: dict[str, list[str]] = {}
    for line in capsys.readouterr().out.splitlines():
        name, equals, value = line.partition("=")
        if equals and not line.startswith("#"):
            found.setdefault(name, []).append(value)
    return found
