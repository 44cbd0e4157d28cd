"""One POST request after the other to a webhook, each with a time limit for all of it."""

from __future__ import annotations

import contextlib
import socket
import ssl
import threading
from collections.abc import Mapping

from edge.errors import UnavailableError
from edge.sinks.actions.webhook_address import WebhookAddress
from edge.tls import untrusted, verifying_context

TIME_LIMIT_S = 10.0
"""How long the server may take for one request, from the connection to the head of its answer, in seconds."""


class WebhookClient:
    """Sends requests to one address. Redirects are not followed, and the body of an answer is not read."""

    def __init__(self, address: WebhookAddress, *, time_limit_s: float = TIME_LIMIT_S) -> None:
        """Send to ``address``. An ``https`` address needs a certificate of an authority that the system knows."""
        self._address, self._time_limit_s = address, time_limit_s
        self._tls = verifying_context(None) if address.tls else None
        self._socket: socket.socket | None = None
        self._ended = threading.Event()

    def post(self, body: bytes, headers: Mapping[str, str]) -> int:
        """The status of the answer to a request with ``body`` and ``headers``.

        Raises :class:`~edge.errors.UnavailableError` if there is no answer in time.
        """
        import http.client

        host, port = self._address.host, self._address.port
        connection = http.client.HTTPSConnection(host, port) if self._tls else http.client.HTTPConnection(host, port)
        # The time limit of a socket is one for each read: an answer that comes a byte at a time never reaches it.
        late = threading.Event()
        limit = threading.Timer(self._time_limit_s, self._cut, [late])
        limit.daemon = True
        limit.start()
        try:
            self._socket = connection.sock = self._connect()
            if late.is_set() or self._ended.is_set():  # it was not there yet to be cut
                raise TimeoutError
            if isinstance(connection.sock, ssl.SSLSocket):
                connection.sock.do_handshake()
            connection.request("POST", self._address.target, body, {**headers, "Connection": "close"})
            status = connection.getresponse().status
            if late.is_set() or self._ended.is_set():  # half a head that was cut looks like a whole one
                raise TimeoutError
            return status
        except (OSError, http.client.HTTPException, ValueError) as error:
            in_time = not late.is_set() and not isinstance(error, TimeoutError)
            raise UnavailableError(_reason(error) if in_time else f"nothing in {self._time_limit_s:g} s") from None
        finally:
            limit.cancel()
            connection.close()
            self._socket = None

    def cut(self) -> None:
        """Let the request that another thread waits for fail, at the end of the stream."""
        self._cut(self._ended)

    def _cut(self, reason: threading.Event) -> None:
        reason.set()
        connection = self._socket
        if connection is not None:
            with contextlib.suppress(OSError):
                # Not the method of an SSLSocket, which forgets its encryption while another thread reads.
                socket.socket.shutdown(connection, socket.SHUT_RDWR)

    def _connect(self) -> socket.socket:
        plain = socket.create_connection((self._address.host, self._address.port), self._time_limit_s)
        if self._tls is None:
            return plain
        return self._tls.wrap_socket(plain, server_hostname=self._address.host, do_handshake_on_connect=False)


def _reason(error: Exception) -> str:
    if isinstance(error, ssl.SSLCertVerificationError):
        return untrusted(error, "")
    if isinstance(error, ssl.SSLError):
        return f"TLS: {(error.reason or type(error).__name__).replace('_', ' ').lower()}"
    if isinstance(error, socket.gaierror | UnicodeError):
        return "unknown host"
    if isinstance(error, OSError) and error.strerror:
        return error.strerror
    return "its answer is not HTTP, or there is none"
