"""Content hashes in an array: a set of them, also of those that begin or end with zero bytes."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from trainer.bottlenecks.digests import Digests

DIGESTS = st.integers(0, 3).flatmap(
    lambda zeros: st.binary(min_size=2, max_size=2).map(lambda some: (b"\0" * zeros + some).ljust(32, b"\0"))
)


@given(st.sets(DIGESTS), st.lists(DIGESTS))
def test_they_are_a_set(held: set[bytes], asked: list[bytes]) -> None:
    """What was given is in it, nothing else is, and all come out again."""
    digests = Digests(held)
    assert (len(digests), set(digests)) == (len(held), held)
    assert digests.contains(asked).tolist() == [digest in held for digest in asked]
    assert all((digest in digests) == (digest in held) for digest in asked)


def test_what_is_no_digest_is_left_out() -> None:
    """A key of another length, as a damaged cache may have it, is not taken."""
    assert list(Digests([b"a" * 32, b"a" * 31, b"", b"a" * 33])) == [b"a" * 32]
