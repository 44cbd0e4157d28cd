"""One check and its result."""

from __future__ import annotations

from typing import NamedTuple

OK, WARNING, PROBLEM = "ok", "warning", "problem"


class Check(NamedTuple):
    """The result of one check: ``outcome`` is :data:`OK`, :data:`WARNING` or :data:`PROBLEM`.

    ``text`` says what was found, ``fix`` is the command or the action that fixes it.
    """

    name: str
    outcome: str
    text: str
    fix: str | None = None
