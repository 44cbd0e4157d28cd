"""What a board's power chip says: Raspberry Pi 5 and its relatives, through ``vcgencmd pmic_read_adc``."""

from __future__ import annotations

import re
import subprocess

_COMMAND = ("vcgencmd", "pmic_read_adc")
_TIMEOUT_S = 5
_LINE = re.compile(r"\s*(\w+)_([AV]) (?:current|volt)\(\d+\)=(\d+(?:\.\d+)?)([AV])\s*")
_LARGEST_W = 1000.0  # far more than any board; a larger sum is no measurement


def board_power_w() -> float | None:
    """The power that the board takes now, in watts; None if it does not say.

    It is the sum over the rails that the chip measures. What is connected to the 5 V pins or to USB does not pass
    through it, and neither do its own losses, so the plug gives more.
    """
    try:
        done = subprocess.run(_COMMAND, capture_output=True, text=True, timeout=_TIMEOUT_S)
    except (OSError, ValueError, subprocess.TimeoutExpired):
        return None
    return rails_power_w(done.stdout) if done.returncode == 0 else None


def rails_power_w(text: str) -> float | None:
    """The sum of volts times amperes over the rails in ``text``; None if no rail has both.

    A rail has two lines, such as ``VDD_CORE_A current(7)=0.92871990A`` and ``VDD_CORE_V volt(15)=0.72097620V``. The
    5 V input (``EXT5V``) and the clock's battery have volts alone, and do not count.
    """
    found: dict[str, dict[str, float]] = {"A": {}, "V": {}}
    for line in text.splitlines():
        match = _LINE.fullmatch(line)
        if match and match[2] == match[4]:
            found[match[2]][match[1]] = float(match[3])
    products = [amperes * found["V"][rail] for rail, amperes in found["A"].items() if rail in found["V"]]
    power = sum(products)
    return power if products and power <= _LARGEST_W else None
