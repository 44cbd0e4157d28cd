"""Which other pages may show the page in a frame."""

from __future__ import annotations

import re

from edge.errors import UsageError

NOBODY = "'none'"
"""The sources of ``frame-ancestors`` if no page may."""

_ORIGIN = re.compile(r"https?://(?:[A-Za-z0-9](?:[A-Za-z0-9.-]*[A-Za-z0-9])?|\[[0-9A-Fa-f:]+\])(?::[0-9]{1,5})?")


def frame_ancestors(origins: tuple[str, ...]) -> str:
    """The sources of the directive ``frame-ancestors`` for ``origins``, such as ``http://homeassistant.local:8123``.

    Raises :class:`~edge.errors.UsageError` if one of them is not an origin.
    """
    for origin in origins:
        if not _ORIGIN.fullmatch(origin):
            raise UsageError(
                f"{origin!r} is not an origin; give scheme, host and port without a path, such as "
                "http://homeassistant.local:8123"
            )
    return " ".join(origins) or NOBODY
