"""The mount units of systemd that a path may need, by their names (``systemd.unit(5)``)."""

from __future__ import annotations

import os
import re

_MAX_BYTES = 255  # of a unit's name
_ESCAPED = re.compile(rb"\A\.|[^A-Za-z0-9:_./]")


def mount_units(path: str) -> list[str]:
    """The names of the mount units of ``path``, an absolute one, and of each folder above it but the root.

    Which of them the device has is not known here.
    """
    place = os.path.normpath(path).strip("/")
    ends = [found.start() for found in re.finditer("/|$", place)] if place else []
    return [name for end in ends if len(name := _escape(place[:end]) + ".mount") <= _MAX_BYTES]


def _escape(place: str) -> str:
    escaped = _ESCAPED.sub(lambda found: rb"\x%02x" % found[0][0], os.fsencode(place))
    return escaped.replace(b"/", b"-").decode("ascii")
