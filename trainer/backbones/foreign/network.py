"""What is known of a network that a user brings: the name of its file, and the size of its pictures."""

from __future__ import annotations

import re
from pathlib import PurePath
from typing import NamedTuple

from edge.errors import UsageError
from trainer.backbones.architectures import Architecture

_OTHER = re.compile(r"[^A-Za-z0-9._-]+")
_LONGEST = 80
_UNNAMED = "network"


class ForeignNetwork(NamedTuple):
    """A network of another project. ``input_size`` is the longer edge of the pictures that it takes, in pixels.

    ``reading`` says in words how its file was read: where it was cut, and how its pixels are scaled.
    """

    name: str
    input_size: int
    reading: str


def network_name(file_name: str) -> str:
    """The name of the network in the file ``file_name``: its stem, with ``-`` for what a file name should not have.

    A name that one of our own networks has gets ``-foreign`` behind it.
    """
    name = _OTHER.sub("-", PurePath(file_name).stem).strip("-.")[:_LONGEST] or _UNNAMED
    try:
        return f"{Architecture.parse(name).name}-foreign"
    except UsageError:
        return name
