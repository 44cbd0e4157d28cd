"""A user who may not read the files of others, also where tests run as root."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator

import pytest

_NOBODY = 65534


@contextlib.contextmanager
def no_root() -> Iterator[None]:
    """Run the block as a user who is not root; skips the test if this root may not become another user.

    That of a container may know no other one: ``unshare --map-root-user`` makes such a root.
    """
    user = os.geteuid()
    if user == 0:
        try:
            os.seteuid(_NOBODY)
        except OSError:
            pytest.skip("root may not become another user here")
    try:
        yield
    finally:
        os.seteuid(user)
