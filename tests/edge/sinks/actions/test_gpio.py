"""Pins, on the mock pins of gpiozero."""

from __future__ import annotations

import sys
from collections.abc import Iterator

import pytest

from edge.errors import ConfigurationError, UsageError
from edge.sinks.actions.events import Event
from edge.sinks.actions.make_actions import make_actions
from edge.sinks.actions.options import ActionOptions, LabelPin
from edge.statistics import StreamStatistics
from support.observed import observe

gpiozero = pytest.importorskip("gpiozero", reason="the extra gpio is not installed")
gpio = pytest.importorskip("edge.sinks.actions.gpio")


@pytest.fixture(autouse=True)
def pins() -> Iterator[object]:
    """The mock pins of a Raspberry Pi."""
    from gpiozero.pins.mock import MockFactory

    factory = gpiozero.Device.pin_factory = MockFactory()
    yield factory
    factory.reset()
    gpiozero.Device.pin_factory = None


def test_a_pin_is_on_while_its_label_is_there(pins) -> None:
    """Off at the start, on at its beginning, off at its end; other labels change nothing; released at the end."""
    statistics = StreamStatistics()
    action = gpio.PinAction(LabelPin("daisy", "17"), statistics)
    action.open()
    states = [pins.pin("GPIO17").state]
    for begins, label in ((True, "roses"), (True, "daisy"), (False, "roses"), (False, "daisy"), (True, "daisy")):
        action.take(Event(begins, observe(0, label)))
        states.append(pins.pin("GPIO17").state)
    assert states == [0, 0, 1, 1, 0, 1]
    assert statistics.snapshot().actions == {("gpio", "done"): 3}
    action.stop()
    action.close(1)
    assert pins.pin("GPIO17").function == "input"
    gpio.PinAction(LabelPin("roses", "GPIO17"), statistics).stop()


@pytest.mark.parametrize("pin", ["99", "x", "BOARD1", "", "-1", "17.5"])
def test_no_pin(pin: str) -> None:
    """A number that is no pin, a name that is none, and a pin of the supply are refused."""
    with pytest.raises(UsageError, match="is not a pin of this machine; give its number"):
        gpio.PinAction(LabelPin("daisy", pin), StreamStatistics())


def test_a_pin_in_use() -> None:
    """Two labels cannot have one pin."""
    options = ActionOptions(gpio=(LabelPin("daisy", "17"), LabelPin("roses", "BOARD11")))
    with pytest.raises(UsageError, match="the pin BOARD11 is in use; give each label a pin of its own"):
        make_actions(options, StreamStatistics(), print)


def test_a_pin_that_another_program_has(monkeypatch: pytest.MonkeyPatch) -> None:
    """The library below gpiozero has errors of its own; their text is part of the line."""

    def busy(*_: object, **__: object) -> None:
        raise Exception("'GPIO busy'\n")  # as lgpio does

    monkeypatch.setattr(gpiozero, "OutputDevice", busy)
    with pytest.raises(ConfigurationError, match=r"the pin 17 cannot be used \('GPIO busy'\); on a Raspberry Pi: "):
        gpio.PinAction(LabelPin("daisy", "17"), StreamStatistics())


def test_no_pins_on_this_machine(monkeypatch: pytest.MonkeyPatch, recwarn: pytest.WarningsRecorder) -> None:
    """One line, and no warning for each library that is not there."""
    from gpiozero.exc import BadPinFactory

    def none(*_: object, **__: object) -> None:
        raise BadPinFactory("Unable to load any default pin factory!")

    monkeypatch.setattr(gpiozero, "OutputDevice", none)
    with pytest.raises(
        ConfigurationError, match="there are no pins here that gpiozero can use; on a Raspberry Pi: sudo"
    ):
        gpio.PinAction(LabelPin("daisy", "17"), StreamStatistics())
    assert not recwarn.list


def test_without_the_extra(monkeypatch: pytest.MonkeyPatch) -> None:
    """One line says how to install it."""
    monkeypatch.setitem(sys.modules, "gpiozero", None)
    with pytest.raises(ConfigurationError, match=r"--gpio needs gpiozero: pip install 'edge-for-poets\[gpio\]'"):
        make_actions(ActionOptions(gpio=(LabelPin("daisy", "17"),)), StreamStatistics(), print)
