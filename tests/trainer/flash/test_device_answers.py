"""What devices answer is checked: a wrong answer is one line about that device, never a traceback."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge.errors import ConfigurationError, EdgeError, ModelError
from edge.store.compatibility import Runtime
from trainer.flash.device_answers import (
    StoreListing,
    StoreState,
    device_error,
    parse_listing,
    parse_state,
    read_fact_lines,
    whole_number,
)
from trainer.flash.ssh_connection import Answer

SHA = "a" * 64
GOOD: dict[str, Any] = {
    "root": "/store",
    "current": SHA,
    "previous": None,
    "pending": False,
    "models": [{"sha256": SHA}],
}


def test_a_right_answer() -> None:
    """The fields that older releases do not answer have their usual values."""
    state = StoreState("/store", SHA, None, False)
    assert parse_listing(json.dumps(GOOD)) == StoreListing(state, (SHA,), None, 0.0)
    newer = {**GOOD, "allowed_signers": "/etc/edge/allowed_signers", "watch_every_s": 60, "free_bytes": 7}
    newer["interpreter"] = {"name": "litert", "version": "2.3.0"}
    assert parse_listing(json.dumps(newer))[2:] == ("/etc/edge/allowed_signers", 60.0, 7, Runtime("litert", "2.3.0"))
    for interpreter in (None, {"name": "another", "version": "1"}):
        assert parse_listing(json.dumps({**newer, "interpreter": interpreter})).interpreter is None
    assert parse_listing(f"Welcome {{\n{json.dumps(newer)}\n{{bye\n") == parse_listing(json.dumps(newer))
    assert parse_state(f"Welcome {{\n{json.dumps(GOOD)}\n{{bye\n") == state


@pytest.mark.parametrize(
    "text",
    [
        *("", "{}", "[]", "null", "5", "{", "[" * 100_000, '{"a":' * 100_000),
        *(
            json.dumps(GOOD | wrong)
            for wrong in (
                *({"root": 5}, {"root": "store"}, {"root": "/" + "a" * 5000}, {"root": "/a\nb"}, {"root": None}),
                *({"current": 5}, {"current": "a"}, {"current": SHA + "\n"}, {"previous": []}, {"pending": "no"}),
                *({"models": None}, {"models": {}}, {"models": [5]}, {"models": [{}]}, {"models": [{"sha256": 1}]}),
                *({"models": [{"sha256": SHA}] * 1001}, {"watch_every_s": "x"}, {"watch_every_s": -1}),
                *({"watch_every_s": 1e300}, {"watch_every_s": True}, {"allowed_signers": "\x1b]0;x"}),
                *({"watch_every_s": float("nan")}, {"free_bytes": -1}, {"free_bytes": True}, {"root": "/\ud800"}),
                *({"interpreter": "litert"}, {"interpreter": {}}, {"interpreter": {"name": "litert", "version": 2}}),
            )
        ),
    ],
)
def test_a_wrong_answer_is_one_line(text: str) -> None:
    """Wrong types, lengths and letters: the message says what to do, and a terminal can print it."""
    with pytest.raises(ConfigurationError) as caught:
        parse_listing(text)
    assert str(caught.value).endswith("install the current version with --bootstrap")
    assert str(caught.value).isprintable()


@given(st.text(), st.text(), st.integers(0, 255))
def test_no_answer_is_a_traceback(out: str, err: str, code: int) -> None:
    """Whatever is printed, each function returns or raises an EdgeError in one line of at most 600 letters."""
    answer = Answer(code, out, err)
    assert all(value.isprintable() for name, value in read_fact_lines(out).items() if name != "store")
    assert whole_number(out) is None or int(out) < 10**15
    errors: list[Exception] = [device_error(answer)]
    for parse in (parse_state, parse_listing):
        try:
            parse(out)
        except EdgeError as error:
            errors.append(error)
    for error in errors:
        assert str(error).isprintable() and len(str(error)) < 600


def test_the_error_of_a_device_has_its_class_and_no_escapes() -> None:
    """The last line of its edge counts; colours and new lines of a terminal are blanks."""
    error = device_error(Answer(65, "", "chatter\nedge: first\nedge: refused:\x1b[31m red\x07\nbye\n"))
    assert isinstance(error, ModelError)
    assert str(error) == "refused: [31m red"
    assert len(str(device_error(Answer(65, "", "edge: " + "x" * 10_000)))) == 400


@pytest.mark.parametrize("text", ["9" * 5000, "\u0663", "-1", "1.5", "", " 1"])
def test_what_is_not_a_number(text: str) -> None:
    """Python would refuse the first one with an error, and take the second one."""
    assert whole_number(text) is None
