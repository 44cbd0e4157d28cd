"""The client id of a watch: the same at every start, so that the broker ends the connection before, with its will."""

from __future__ import annotations

import errno
import hashlib
import secrets
import socket
from pathlib import Path
from typing import NamedTuple

from edge.sinks.mqtt.broker import Broker

_WATCHES = 16
_LENGTH = 23  # of letters and digits: every broker must accept such an id
# One of them alone may be missing, or the same on two machines whose disks are copies of each other.
_OF_THIS_MACHINE = ("/etc/machine-id", "/proc/device-tree/serial-number")


class ClientId(NamedTuple):
    """An id that no other process of this machine has until :meth:`release`."""

    text: str
    claim: socket.socket | None

    def release(self) -> None:
        """Let another process have the id."""
        if self.claim is not None:
            self.claim.close()


def claim_client_id(broker: Broker) -> ClientId:
    """The id of this machine for the topic of ``broker``: the first one that no other watch has.

    Two watches with the same topic get different ids, or each would end the other's connection. A process has an id as
    long as it is bound to an abstract socket of that name (Linux), which ends with the process. Elsewhere the id is a
    new one at each start.
    """
    machine = "\n".join([socket.gethostname(), *map(_content, _OF_THIS_MACHINE)])
    for number in range(_WATCHES):
        seed = f"{machine}\n{broker.place}\n{broker.topic}\n{number}"
        text = ("edge" + hashlib.sha256(seed.encode("utf-8", "surrogatepass")).hexdigest())[:_LENGTH]
        claim = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        try:
            claim.bind(f"\0edge-mqtt-{text}")
        except OSError as error:
            claim.close()
            if error.errno != errno.EADDRINUSE:
                break
        else:
            return ClientId(text, claim)
    return ClientId(("edge" + secrets.token_hex(_LENGTH))[:_LENGTH], None)


def _content(path: str) -> str:
    try:
        return Path(path).read_text(encoding="utf-8", errors="replace").strip("\0\n ")
    except OSError:
        return ""
