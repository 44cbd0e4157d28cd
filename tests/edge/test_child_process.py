"""The answer of a child process, or why there is none."""

from __future__ import annotations

import pytest

from edge.child_process import ask


def test_an_answer_comes_as_it_is() -> None:
    """The request goes to stdin, the JSON object on stdout is the answer."""
    assert ask(["cat"], {"a": 1}, time_limit_s=60) == {"a": 1}


@pytest.mark.parametrize(
    ("command", "error", "again"),
    [
        ("kill -SEGV $$", "the process crashed (SIGSEGV)", False),
        ("kill -ABRT $$", "the process crashed (SIGABRT)", False),
        ("kill -XCPU $$", "the process needs more processor time than it may take", False),
        ("kill -KILL $$", "the process was killed (SIGKILL), as happens if memory runs out", True),
        ("kill -TERM $$", "the process crashed (SIGTERM)", True),
        ("echo no memory >&2; exit 3", "the process ended with code 3 and no answer (no memory)", True),
    ],
)
def test_another_try_helps_only_if_the_machine_was_the_cause(command: str, error: str, again: bool) -> None:
    """A crash is the request's own; a kill from outside, or an end without an answer, may be the machine's."""
    answer = ask(["sh", "-c", f"cat > /dev/null; {command}"], {}, time_limit_s=60)
    assert answer == {"error": error, "again": again}


def test_no_process_at_all() -> None:
    """A program that cannot be started is an answer too, no traceback."""
    answer = ask(["/no/such/program"], {}, time_limit_s=60)
    assert answer == {"error": "no process could be started (No such file or directory)", "again": True}
