"""A pin that is on while a label is the answer."""

from __future__ import annotations

import warnings
from typing import TYPE_CHECKING, Any

from edge.errors import ConfigurationError, EdgeError, UsageError
from edge.shorten import plain_text
from edge.sinks.actions.options import LabelPin

if TYPE_CHECKING:
    from edge.sinks.actions.events import Event
    from edge.statistics import StreamStatistics

_FIX = (
    "on a Raspberry Pi: sudo apt install python3-lgpio, an environment made with --system-site-packages, and a user in "
    "the group gpio"
)


class PinAction:
    """Switches one pin on when its label begins, and off when it ends. gpiozero switches it off at the end."""

    name = "gpio"

    def __init__(self, pin: LabelPin, statistics: StreamStatistics) -> None:
        """Claim the pin, and switch it off.

        Raises :class:`~edge.errors.UsageError` if there is no such pin or it is in use, and
        :class:`~edge.errors.ConfigurationError` if this machine has none. ModuleNotFoundError: no gpiozero.
        """
        self._label, self._statistics = pin.label, statistics
        self._device = _claim(pin.pin)

    def open(self) -> None:
        """Nothing to do: the pin was claimed at the start."""

    def take(self, event: Event) -> None:
        """Switch the pin if ``event`` is of this label."""
        if event.label != self._label:
            return
        try:
            self._device.value = int(event.begins)
        except Exception:
            self._statistics.count_action(self.name, "failed")
            raise
        self._statistics.count_action(self.name, "done")

    def stop(self) -> None:
        """Switch the pin off and release it."""
        self._device.close()

    def close(self, timeout_s: float) -> None:
        """Nothing to do."""


def _claim(pin: str) -> Any:
    import gpiozero

    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # one for each library that is not there
            return gpiozero.OutputDevice(int(pin) if pin.isdecimal() else pin, initial_value=False)
    except Exception as error:  # that of the library for pins, which may be any
        raise _refusal(pin, error) from None


def _refusal(pin: str, error: Exception) -> EdgeError:
    from gpiozero import exc

    if isinstance(error, exc.GPIOPinInUse):
        return UsageError(f"--gpio: the pin {pin} is in use; give each label a pin of its own")
    if isinstance(error, exc.PinInvalidPin | exc.PinSetInput | exc.PinUnsupported):
        return UsageError(f"--gpio: {pin!r} is not a pin of this machine; give its number, such as 17 for GPIO17")
    if isinstance(error, exc.BadPinFactory):
        return ConfigurationError(f"--gpio: there are no pins here that gpiozero can use; {_FIX}")
    return ConfigurationError(f"--gpio: the pin {pin} cannot be used ({plain_text(str(error), 120)}); {_FIX}")
