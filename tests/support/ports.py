"""Ports for servers of tests."""

from __future__ import annotations

import contextlib
import itertools
import os
import socket

# Systems give ports from 32768 on to whoever asks for any, servers and clients: one from there may be taken before its
# server has started. Below, each test process goes round from a place of its own, some 1,000 ports apart.
_FIRST, _COUNT = 20_000, 12_000
_numbers = itertools.count(os.getpid() * 997)


def free_port() -> int:
    """A port of loopback without a listener, which nobody else is given."""
    for number in _numbers:
        port = _FIRST + number % _COUNT
        with contextlib.suppress(OSError), socket.create_server(("127.0.0.1", port)):
            return port
    raise AssertionError("unreachable")
