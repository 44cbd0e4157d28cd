"""The actions of a stream in tests."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from support.webhook_actions import Hook, end


@pytest.fixture
def hook(tmp_path: Path) -> Iterator[Hook]:
    """Every action is ended after the test."""
    hook = Hook(tmp_path)
    yield hook
    hook.may_go_on.release(1000)
    for action in hook.made:
        end(action)
