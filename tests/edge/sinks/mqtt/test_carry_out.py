"""What Home Assistant, or another sender, tells a watch to do: good commands, bad ones, and too many."""

from __future__ import annotations

import threading

import pytest

from edge.errors import StorageError
from edge.sinks.mqtt.carry_out import CommandActions
from edge.sinks.mqtt.commands import settings_json
from edge.sinks.mqtt.entities import Topics
from edge.sinks.mqtt.extras import Extras
from support.mqtt_sink import TOPIC
from support.observed import observe, plain
from support.waiting import TIMEOUT_S, wait_for
from support.whole_watch import Shelf, model_state

pytest.importorskip("paho.mqtt.client", reason="the extra mqtt is not installed")
pytest.importorskip("jinja2", reason="Jinja is not installed: pip install jinja2")


def test_commands_of_a_user(start, whole, discover) -> None:
    """Threshold, switches, buttons and the update do what they say, and their states follow."""
    broker = start()
    home, made = discover(broker.port), whole(broker.port, pictures=False)
    shown = observe(7)
    made.sink.write(shown)
    home.wait(lambda: home.has("update", "Model"))
    home.send("number", "Threshold", 57)
    home.shows("number", "Threshold", 57.0)
    assert made.controls.threshold == 0.57
    for name, field in (("Watch", "watching"), ("Capture", "capturing")):
        home.send("switch", name, "OFF")
        home.shows("switch", name, False)
        assert getattr(made.controls, field) is False
        home.send("switch", name, "ON")
        home.shows("switch", name, True)
    home.send("button", "Wrong", None)
    wait_for(lambda: made.inbox)
    assert made.inbox[0] is shown
    home.send("update", "Model", None)
    home.shows("update", "Model", model_state("two"))
    home.send("button", "Roll back", None)
    home.shows("update", "Model", model_state("one"))
    made.shelf.refusal = "two: refused by its self-test"
    home.send("update", "Model", None)
    wait_for(lambda: "mqtt: two: refused by its self-test" in made.messages)
    home.shows("update", "Model", model_state("one"))
    assert made.messages == [
        *("mqtt: the watch was switched off", "mqtt: the watch was switched on", "mqtt: kept"),
        *("mqtt: two is current", "mqtt: one is current", "mqtt: two: refused by its self-test"),
    ]


def test_wrong_means_the_picture_that_is_shown(start, whole, discover) -> None:
    """The frame of the last picture is kept, not one that nobody has seen yet; pictures do not come too often."""
    broker = start()
    home, made = discover(broker.port), whole(broker.port)
    seen = observe(0, pixels=plain(200))
    made.sink.write(seen)
    home.wait(lambda: home.state("image", "Picture"))
    made.sink.write(observe(1, label="roses", pixels=plain(20)))
    home.shows("sensor", "Label", "roses")
    home.send("button", "Wrong", None)
    wait_for(lambda: made.inbox)
    assert made.inbox[0] is seen


BAD = {
    "threshold/set": [
        b"NaN",
        b"nan",
        b"inf",
        b"-0.1",
        b"1.01",
        b"1e999",
        b"0,5",
        b"",
        b" 0.5",
        b"0x1",
        b"\xff",
        b"1_0",
    ],
    "watch/set": [b"on", b"", b"OFF ", b"TOGGLE", b"\x1b[2J", b"\xe2\x98\x83"],
    "capture/set": [b"0", b"true"],
    "wrong/press": [b"", b"press", b"PRESS PRESS"],
    "model/install": [b"", b"two", b"INSTALL\n"],
    "model/rollback": [b"one"],
}


def test_bad_commands(start, whole, discover) -> None:
    """Each is ignored: nothing changes, there is a line for each kind that does not show it, and the watch goes on."""
    broker = start()
    home, made = discover(broker.port), whole(broker.port)
    made.sink.write(observe(0))
    home.wait(lambda: home.has("number", "Threshold"))
    for below, payloads in BAD.items():
        for payload in (*payloads, b"x" * 1_000_000):
            home.client.publish(f"{TOPIC}/{below}", payload)
    home.client.publish(f"{TOPIC}/wrong/set", b"PRESS")  # no topic of ours
    home.send("number", "Threshold", 40)
    home.shows("number", "Threshold", 40.0)
    assert (made.controls.watching, made.controls.capturing, made.inbox, made.shelf.current) == (True, True, [], "one")
    lines = [line.removeprefix(f"mqtt: {TOPIC}/") for line in made.messages]
    assert set(lines) == {
        "threshold/set: ignored a command that is neither a number from 0 to 1 nor default",
        "threshold/set: ignored a command that is not ASCII",
        "watch/set: ignored a command that is neither ON nor OFF",
        "watch/set: ignored a command that is not ASCII",
        "capture/set: ignored a command that is neither ON nor OFF",
        "wrong/press: ignored a command that is not PRESS",
        "model/install: ignored a command that is not INSTALL",
        "model/rollback: ignored a command that is not PRESS",
        *(f"{below}: ignored a command of more than 64 bytes" for below in BAD),
    }
    assert len(lines) == len(set(lines))
    made.sink.write(observe(1, label="roses"))
    home.shows("sensor", "Label", "roses")


def test_a_flood_of_commands(start, whole, discover) -> None:
    """Of five hundred good commands twenty are carried out, and one line says that others were ignored."""
    broker = start()
    home, made = discover(broker.port), whole(broker.port)
    made.sink.write(observe(0))
    home.wait(lambda: home.has("number", "Threshold"))
    for number in range(500):
        home.client.publish(f"{TOPIC}/threshold/set", str(number / 1000))
    wait_for(lambda: made.messages)
    home.shows("number", "Threshold", 1.9)
    assert made.messages == [f"mqtt: {TOPIC}/threshold/set: ignored a command after 20 within 10 s"]


def test_a_command_that_the_broker_kept(start, whole, discover) -> None:
    """A command with the retain flag would be repeated at each start; it is ignored."""
    broker = start()
    home = discover(broker.port)
    home.client.publish(f"{TOPIC}/watch/set", "OFF", qos=1, retain=True).wait_for_publish(5)
    made = whole(broker.port)
    assert made.controls.watching
    assert made.messages == [
        f"mqtt: {TOPIC}/watch/set: ignored a command that the broker kept; publish commands without retain"
    ]


def test_settings_of_another_sender(start, whole, discover) -> None:
    """They are replaced by those of the watch, or Home Assistant would show what is not so, and a restart keep it."""
    broker = start()
    home, made = discover(broker.port), whole(broker.port)
    made.sink.write(observe(0))
    home.shows("switch", "Watch", True)
    came: list[bytes] = []
    home.client.message_callback_add(f"{TOPIC}/settings", lambda client, data, message: came.append(message.payload))
    foreign = b'{"watch": "OFF", "capture": "OFF", "score_threshold": 1, "chosen_threshold": 1}'
    home.client.publish(f"{TOPIC}/settings", foreign, qos=1, retain=True)
    wait_for(lambda: len(came) > 1)
    assert came == [foreign, settings_json(made.controls).encode()]
    assert made.controls.watching


def test_a_store_on_a_disk_that_hangs(start, whole, discover, monkeypatch: pytest.MonkeyPatch) -> None:
    """Labels and settings do not wait for it; its entity has a state when the disk answers."""
    broker, go_on = start(), threading.Event()
    versions = Shelf.versions
    monkeypatch.setattr(Shelf, "versions", lambda shelf: go_on.wait(TIMEOUT_S) and versions(shelf))
    home, made = discover(broker.port), whole(broker.port)
    for number, label in enumerate(("daisy", "roses", "daisy")):
        made.sink.write(observe(number, label=label))
        home.shows("sensor", "Label", label)
        home.send("number", "Threshold", 40 + number)
        home.shows("number", "Threshold", 40.0 + number)
    assert home.state("update", "Model") is None
    go_on.set()
    home.shows("update", "Model", model_state("one"))


def test_a_store_that_cannot_be_read() -> None:
    """It is looked at every ten seconds, and has one line a minute at most."""

    def show_model(_: bool) -> None:
        raise StorageError("models: cannot be read")

    messages: list[str] = []
    actions = CommandActions(
        Topics(TOPIC),
        Extras(updates=Shelf()),
        messages.append,
        show_settings=lambda: None,
        show_model=show_model,
    )
    for _ in range(3):
        actions.look()
    assert messages == ["models: cannot be read"]
