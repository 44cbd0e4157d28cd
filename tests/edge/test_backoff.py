"""Waits between attempts."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from edge.backoff import Backoff


def test_waits_double_up_to_the_cap() -> None:
    """The longest possible wait doubles from failure to failure and stops at the cap; chance takes up to a half."""
    backoff = Backoff(first_s=0.5, cap_s=3.0, seed=1)
    for longest_s in (0.5, 1.0, 2.0, 3.0, 3.0):
        assert longest_s / 2 <= backoff.next_s() <= longest_s


@given(st.integers(0, 40), st.integers())
def test_no_wait_is_longer_than_the_cap(failures: int, seed: int) -> None:
    """The wait is below the cap after any number of failures and for any seed."""
    backoff = Backoff(seed=seed)
    assert all(0 < backoff.next_s() <= backoff.cap_s for _ in range(failures))


def test_success_starts_again() -> None:
    """After a reset the next wait is a first one."""
    backoff = Backoff(first_s=1.0, cap_s=100.0, seed=1)
    for _ in range(6):
        backoff.next_s()
    backoff.reset()
    assert backoff.next_s() <= 1.0


def test_devices_wait_different_times() -> None:
    """Two seeds give different waits, the same seed the same."""
    assert Backoff(seed=1).next_s() != Backoff(seed=2).next_s()
    assert Backoff(seed=1).next_s() == Backoff(seed=1).next_s()
