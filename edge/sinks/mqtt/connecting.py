"""The connection to a broker: its client, TLS, the reason why it could not be opened, and its end."""

from __future__ import annotations

import contextlib
import socket
import ssl
import threading
from pathlib import Path
from typing import TYPE_CHECKING

from edge.errors import ConfigurationError
from edge.sinks.mqtt.broker import Broker
from edge.tls import untrusted, verifying_context

if TYPE_CHECKING:
    from paho.mqtt.client import Client
    from paho.mqtt.reasoncodes import ReasonCode

LONGEST_RECONNECT_S = 30
"""The longest time between two attempts to connect again, in seconds."""

_MOST_WAITING = 32
_REFUSED = ("Not authorized", "Bad user name or password")


def tls_context(ca: Path | None) -> ssl.SSLContext:
    """The settings of TLS; ``ca`` is a PEM file of the authority that signed the broker's certificate.

    None means the authorities of the system. Raises :class:`~edge.errors.ConfigurationError` if it is not such a file.
    """
    try:
        return verifying_context(ca)
    except (OSError, ValueError):
        raise ConfigurationError(f"{ca}: is not a file of certificates (PEM)") from None


def new_client(
    broker: Broker, client_id: str, password: str | None, tls: ssl.SSLContext | None, answer_within_s: float
) -> Client:
    """A client for ``broker`` that is not connected yet; it waits up to ``answer_within_s`` seconds for an answer."""
    from paho.mqtt.client import Client
    from paho.mqtt.enums import CallbackAPIVersion

    client = Client(CallbackAPIVersion.VERSION2, client_id)
    if broker.user is not None:
        client.username_pw_set(broker.user, password)
    if tls is not None:
        client.tls_set_context(tls)
    client.reconnect_delay_set(1, LONGEST_RECONNECT_S)
    client.max_queued_messages_set(_MOST_WAITING)
    client.connect_timeout = answer_within_s
    return client


def failure_text(error: OSError | UnicodeError) -> str:
    """Why a connection could not be opened."""
    if isinstance(error, socket.gaierror | UnicodeError):
        return "unknown host"
    if isinstance(error, ssl.SSLCertVerificationError):
        return untrusted(error, "; give its authority's with --mqtt-ca FILE")
    if isinstance(error, TimeoutError):
        return "no answer"
    if isinstance(error, ssl.SSLError):
        return f"no TLS ({error.reason or error}); if it needs none, write mqtt://"
    return error.strerror or str(error)


def refusal_text(broker: Broker, code: ReasonCode) -> str:
    """Why ``broker`` refused the connection with ``code``."""
    if str(code) not in _REFUSED:
        return f"{broker.place} refuses the connection: {code}"
    user = f"user {broker.user}" if broker.user else "a client without a user"
    return f"{broker.place} refuses {user}: {code}; check the user and the password"


def end_connection(client: Client, offline_confirmed: bool, timeout_s: float) -> None:
    """Disconnect ``client`` and wait up to ``timeout_s`` seconds for the end of its thread.

    If the broker has not confirmed the availability ``offline``, the connection is cut, so that the broker publishes
    the will.
    """
    connection = None if offline_confirmed else client.socket()
    if not isinstance(connection, socket.socket):
        client.disconnect()
    # On a thread of its own: paho's thread may wait for a broker that does not answer.
    ending = threading.Thread(target=client.loop_stop, daemon=True)
    ending.start()
    if isinstance(connection, socket.socket):
        with contextlib.suppress(OSError):
            connection.shutdown(socket.SHUT_RDWR)
    ending.join(timeout_s)
