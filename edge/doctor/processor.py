"""Whether the system shows its processor: without that the interpreters crash."""

from __future__ import annotations

from pathlib import Path

NO_PROCESSOR = "neither /proc/cpuinfo nor /sys/devices/system/cpu can be read: without them an interpreter crashes"
"""What is wrong if :func:`processor_is_hidden`."""

PROCESSOR_FIX = "let the container or the service read one of them (systemd: ProcSubset=all; no mount over /sys)"


def processor_is_hidden(root: Path = Path("/")) -> bool:
    """Whether the system under ``root`` shows nothing of its processor, as some containers do.

    The library with which both interpreters find out what the processor can do then fails, and they crash: some models
    always, some now and then, so that one self-test which passes says nothing.
    """
    try:
        if (root / "proc/cpuinfo").read_bytes():
            return False
    except OSError:
        pass
    return not (root / "sys/devices/system/cpu/present").is_file()
