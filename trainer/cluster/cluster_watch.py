"""Whether a cluster is there: without its head, or the node of this machine, Ray ends this process without a word."""

from __future__ import annotations

import _thread
import contextlib
import signal
import socket
import threading
import time
from collections.abc import Iterator
from typing import Any

from edge.errors import UnavailableError

HEAD_LIMIT_S = 40.0
"""How long the head may be silent, in seconds. Ray, which may be told of a new head, waits for 60."""

CONNECT_LIMIT_S = 10.0
"""How long the head may take to answer, in seconds."""

_LOOK_S = 1.0
_HTTP2_BEGINS = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" + b"\0\0\0\x04" + bytes(5)
_HTTP2_SETTINGS = b"\x04"
"""How a client of gRPC, as the head speaks it, begins (RFC 9113, section 3.4); the type of a server's first frame."""


class ClusterWatch:
    """Looks in a thread whether ``head``, and ``node``, the node of this machine, are there (``HOST:PORT``)."""

    def __init__(self, head: str, node: str) -> None:
        self._head = head
        self._node = node
        self._ended = threading.Event()
        self._lost = ""

    @contextlib.contextmanager
    def watching(self) -> Iterator[None]:
        """Watch during the block. If the cluster is lost, :class:`~edge.errors.UnavailableError` is raised in it.

        The main thread may wait in code of Ray, which does not notice the loss. So a signal raises the error there. In
        other threads, and on systems without such a signal, nothing is watched.
        """
        if threading.current_thread() is not threading.main_thread() or not hasattr(signal, "SIGALRM"):
            yield
            return
        before = signal.signal(signal.SIGALRM, self._raise)
        watch = threading.Thread(target=self._look, daemon=True)
        watch.start()
        try:
            yield
        finally:
            self._ended.set()
            watch.join()
            signal.signal(signal.SIGALRM, before)

    def is_lost(self) -> bool:
        """Whether the cluster is lost, be it since a moment ago."""
        return bool(self._lost) or _is_gone(self._node)

    def _look(self) -> None:
        answered = time.monotonic()
        while not self._ended.wait(_LOOK_S):
            with contextlib.suppress(OSError):
                if is_head(self._head):
                    answered = time.monotonic()
            if time.monotonic() - answered > HEAD_LIMIT_S:
                self._lost = f"its head {self._head} gave no answer for {HEAD_LIMIT_S:g} s"
            elif _is_gone(self._node):
                self._lost = f"the node of this machine, {self._node}, is gone"
            if self._lost:
                _thread.interrupt_main(signal.SIGALRM)
                return

    def _raise(self, *_: Any) -> None:
        raise UnavailableError(f"the cluster is lost ({self._lost}); run again to go on")


def is_head(address: str) -> bool:
    """Whether what listens at ``address`` (``HOST:PORT``) speaks HTTP/2, as the head of a cluster does.

    Raises :class:`OSError` if nothing listens, or it does not answer within :data:`CONNECT_LIMIT_S`.
    """
    with socket.create_connection(_place(address), CONNECT_LIMIT_S) as connection:
        connection.sendall(_HTTP2_BEGINS)
        return connection.recv(4, socket.MSG_WAITALL)[3:] == _HTTP2_SETTINGS


def _is_gone(address: str) -> bool:
    try:
        socket.create_connection(_place(address), CONNECT_LIMIT_S).close()
    except ConnectionRefusedError:
        return True
    except OSError:  # it is busy, or this machine has no port left
        return False
    return False


def _place(address: str) -> tuple[str, int]:
    host, _, port = address.rpartition(":")
    return host.strip("[]"), int(port)
