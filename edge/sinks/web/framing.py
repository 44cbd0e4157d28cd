"""Which other pages may show the page in a frame."""

from __future__ import annotations

import re

from edge.errors import UsageError

NOBODY = "'none'"
"""The sources of ``frame-ancestors`` if no page may."""

_ORIGIN = re.compile(r"https?://[A-Za-z0-9](?:[A-Za-z0-9.-]*[A-Za-z0-9])?(?::(?P<port>[0-9]{1,5}))?")
_IPV6 = re.compile(r"https?://\[[^/]*")


def frame_ancestors(origins: tuple[str, ...]) -> str:
    """The sources of the directive ``frame-ancestors`` for ``origins``, such as ``http://homeassistant.local:8123``.

    Raises :class:`~edge.errors.UsageError` if one of them is not an origin.
    """
    for origin in origins:
        if _IPV6.fullmatch(origin):  # Content Security Policy has no form for it, and browsers leave it out
            raise UsageError(f"{origin!r}: browsers allow no IPv6 address here; give the name of its host")
        found = _ORIGIN.fullmatch(origin)
        if found is None or not 1 <= int(found["port"] or 1) <= 65535:
            raise UsageError(
                f"{origin!r} is not an origin; give scheme, host and port without a path, such as "
                "http://homeassistant.local:8123"
            )
    return " ".join(origins) or NOBODY
