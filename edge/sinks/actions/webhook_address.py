"""The address of a webhook."""

from __future__ import annotations

from typing import NamedTuple
from urllib.parse import quote, urlsplit

from edge.errors import UsageError

_FORM = "http[s]://host[:port]/path"
_PORTS = {"http": 80, "https": 443}
_LONGEST = 8000
_SAFE = "!#$%&'()*+,/:;=?@[]~"  # what stays as it is; % too, because it may be encoded already


class WebhookAddress(NamedTuple):
    """Where a webhook is. ``target`` is its path with its query, as it stands in a request."""

    host: str
    port: int
    target: str
    tls: bool

    @property
    def place(self) -> str:
        """Host and port for messages, without path and query: in many addresses of webhooks these are the secret."""
        return f"{f'[{self.host}]' if ':' in self.host else self.host}:{self.port}"


def parse_webhook(address: str) -> WebhookAddress:
    """The webhook at ``address``.

    Raises :class:`~edge.errors.UsageError` if it is not the address of one. The message does not show it.
    """
    try:
        parts = urlsplit(address)
        port = parts.port
        # What http.client would look up: a name that cannot be one must not fail later, again and again.
        host = (parts.hostname or "").encode("idna").decode("ascii")
    except (ValueError, UnicodeError):
        raise UsageError(f"this is not the address of a webhook; give {_FORM}") from None
    if not address.isprintable() or " " in address or len(address) > _LONGEST:
        raise UsageError(
            f"the webhook's address has a blank, a control character or more than {_LONGEST:,} characters; give {_FORM}"
        )
    if "@" in parts.netloc:
        raise UsageError(
            "the webhook's address must not hold a user or a password; sign what is posted: --webhook-secret-file FILE"
        )
    if parts.scheme not in _PORTS or not host or port == 0:
        raise UsageError(f"this is not the address of a webhook; give {_FORM}")
    target = quote((parts.path or "/") + (f"?{parts.query}" if parts.query else ""), safe=_SAFE)
    return WebhookAddress(host, port or _PORTS[parts.scheme], target, parts.scheme == "https")
