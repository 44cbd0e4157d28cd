"""The messages of a service to systemd: ready, alive, stopping (the protocol of ``sd_notify(3)``)."""

from __future__ import annotations

import contextlib
import os
import socket
import time

_INTERVAL_S = 1.0


class Notifier:
    """Sends datagrams to the socket in ``$NOTIFY_SOCKET``; without that variable it does nothing.

    Errors of the socket are ignored, so that systemd cannot stop the stream.
    """

    def __init__(self) -> None:
        """Read ``$NOTIFY_SOCKET``, a path or ``@`` and an abstract name, and ``$WATCHDOG_USEC``, in microseconds."""
        address = os.environ.get("NOTIFY_SOCKET", "")
        self._address = "\0" + address[1:] if address.startswith("@") else address
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_CLOEXEC) if address else None
        if self._socket:
            self._socket.setblocking(False)
        limit = os.environ.get("WATCHDOG_USEC", "")
        # sd_watchdog_enabled(3) advises half of the limit; with a quarter a frame may also be late.
        self._interval_s = min(_INTERVAL_S, int(limit) / 4e6) if limit.isdecimal() else _INTERVAL_S
        self._ready = False
        self._next_s = 0.0

    def labelled(self, text: str) -> None:
        """Report a new labelled frame with the status ``text``, at most once a second.

        The first report makes the service ready. The watchdog gets its signal only from here. A stream that is switched
        off reports that instead, and a server that it could label.
        """
        now_s = time.monotonic()
        if self._socket is None or now_s < self._next_s:
            return
        self._next_s = now_s + self._interval_s
        ready = "" if self._ready else "READY=1\n"
        self._ready = True
        self._send(f"{ready}WATCHDOG=1\nSTATUS={' '.join(text.split())}")

    def ready(self, text: str) -> None:
        """Report that the service is ready, with the status ``text``, before there is a labelled frame."""
        self._ready = True
        self._send(f"READY=1\nSTATUS={' '.join(text.split())}")

    def stopping(self) -> None:
        """Report that the service is stopping."""
        self._send("STOPPING=1")

    def close(self) -> None:
        """Close the socket."""
        if self._socket:
            self._socket.close()

    def _send(self, message: str) -> None:
        if self._socket:
            with contextlib.suppress(OSError):
                self._socket.sendto(message.encode("utf-8", "replace"), self._address)
