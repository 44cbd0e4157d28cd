"""Whether the system shows its processor: without that the interpreters crash."""

from __future__ import annotations

import sys
from pathlib import Path

from edge.errors import ConfigurationError

NO_PROCESSOR = "neither /proc/cpuinfo nor /sys/devices/system/cpu can be read: without them an interpreter crashes"
"""What is wrong if :func:`processor_is_hidden`."""

PROCESSOR_FIX = "let the container or the service read one of them (systemd: ProcSubset=all; no mount over /sys)"


def processor_is_hidden(root: Path = Path("/")) -> bool:
    """Whether the system under ``root`` shows nothing of its processor, as some containers do; false if not on Linux.

    The library with which both interpreters find out what the processor can do then fails, and they crash: some models
    always, some now and then, so that one self-test which passes says nothing.
    """
    # The file of /sys first: the kernel takes up to some milliseconds to write the other one.
    if sys.platform != "linux" or (root / "sys/devices/system/cpu/present").is_file():
        return False
    try:
        return not (root / "proc/cpuinfo").read_bytes()
    except OSError:
        return True


def check_processor() -> None:
    """Raise :class:`~edge.errors.ConfigurationError` if an interpreter would crash here; it costs one stat."""
    if processor_is_hidden():
        raise ConfigurationError(f"{NO_PROCESSOR}; {PROCESSOR_FIX}")
