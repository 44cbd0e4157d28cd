"""How long models stay."""

from __future__ import annotations

import os
from collections.abc import Callable

import pytest

from edge.store.activate import rollback
from edge.store.layout import Store
from edge.store.retention import collect
from edge.store.transaction import change

pytestmark = pytest.mark.usefixtures("trusting")


def test_the_last_three_stay(store: Store, put: Callable[..., str]) -> None:
    """Installing a fourth model removes the first."""
    hashes = [put(number) for number in range(4)]
    assert store.installed() == sorted(hashes[1:])


def test_the_way_back_stays(store: Store, put: Callable[..., str]) -> None:
    """Neither the current model, nor the previous, nor what was previous before a pending one is removed."""
    first, second = put(0), put(1)
    third = put(2, confirmed=False)
    for number in range(3, 7):
        put(number, activate=False)
    assert {first, second, third} <= set(store.installed())
    assert len(store.installed()) == 6
    rollback(store)
    with change(store, "gc") as state:
        collect(store, state, 1)
    assert {first, second} < set(store.installed()) and len(store.installed()) == 3


def test_abandoned_uploads_are_removed(store: Store, put: Callable[..., str]) -> None:
    """An upload is removed after a week; a new one stays, also if the clock of the device stands in 1970."""
    store.incoming.mkdir(parents=True)
    old, fresh, future = (store.incoming / f"{digit * 64}.part" for digit in "abc")
    for path in (old, fresh, future):
        path.write_bytes(b"half")
    os.utime(old, (0, 0))
    os.utime(future, (2**33, 2**33))
    put(0)
    assert sorted(store.incoming.iterdir()) == [fresh, future]
