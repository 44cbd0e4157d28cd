"""When a label begins and when it ends."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from edge.sinks.actions.events import LabelEvents
from support.observed import observe


def events(answers: str, *, for_s: float = 0.0, at_most_every_s: float = 0.0) -> list[str]:
    """The events of one frame a second with these ``answers``, as ``second: +label`` and ``second: -label``."""
    made = LabelEvents(for_s=for_s, at_most_every_s=at_most_every_s)
    lines = []
    for second, label in enumerate(answers):
        for event in made.update(observe(30 * second, label)):
            lines.append(f"{second}: {'+' if event.begins else '-'}{event.label}")
    return lines


def test_without_a_time_every_change_is_two_events() -> None:
    """The label before ends, and the new one begins, with the same frame."""
    assert events("aabba") == ["0: +a", "2: -a", "2: +b", "4: -b", "4: +a"]


def test_a_label_must_hold() -> None:
    """It begins after it was the answer for the time, and ends after it was not for as long."""
    assert events("aaaabbbb", for_s=2) == ["2: +a", "6: -a", "6: +b"]
    assert events("aab", for_s=3) == []


def test_a_flicker_is_no_event() -> None:
    """An answer that is shorter than the time neither begins nor ends anything."""
    assert events("aaabaabbaaa", for_s=2) == ["2: +a"]


def test_a_label_ends_although_no_other_holds() -> None:
    """Answers that change all the time are no reason to believe in the old one."""
    assert events("aaabcbcbc", for_s=2) == ["2: +a", "5: -a"]


def test_at_most_so_often() -> None:
    """The same label does not begin again too early, and has then no end; other labels are not held up."""
    assert events("abababababab", at_most_every_s=5) == [
        *("0: +a", "1: -a", "1: +b", "2: -b"),
        *("6: +a", "7: -a", "7: +b", "8: -b"),
    ]


def test_a_label_that_stays_begins_when_its_time_has_come() -> None:
    """Otherwise a pin would stay off for as long as the label is there."""
    assert events("abaaaaaa", at_most_every_s=5) == ["0: +a", "1: -a", "1: +b", "2: -b", "5: +a"]


def test_the_observations_of_an_event() -> None:
    """A beginning has the frame with which it begins; an end the last frame with the label."""
    made = LabelEvents(for_s=0.0, at_most_every_s=0.0)
    seen = [(0, "a"), (1, "a"), (2, "b")]
    found = [event for sequence, label in seen for event in made.update(observe(sequence, label))]
    assert [(event.name, event.observation.frame.sequence) for event in found] == [
        ("begin", 0),
        ("end", 1),
        ("begin", 2),
    ]


@given(st.text("abc", max_size=60), st.integers(0, 4), st.integers(0, 6))
def test_events_alternate(answers: str, for_s: int, at_most_every_s: int) -> None:
    """Whatever comes: only what has begun ends, one label at a time, and a label begins at most so often."""
    begun: str | None = None
    last: dict[str, int] = {}
    for line in events(answers, for_s=for_s, at_most_every_s=at_most_every_s):
        second, _, (sign, label) = int(line.partition(":")[0]), "", line[-2:]
        if sign == "+":
            assert begun is None
            assert label not in last or second - last[label] >= at_most_every_s
            assert set(answers[second - for_s : second + 1]) == {label}
            begun, last[label] = label, second
        else:
            assert begun == label
            assert label not in answers[second - for_s : second + 1]
            begun = None
