"""The address of a broker, its password, and Home Assistant's discovery."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge.errors import ConfigurationError, UsageError
from edge.sinks.mqtt.broker import Broker, parse_broker, read_password
from edge.sinks.mqtt.discovery import config_topic, device_id, old_config_topics
from edge.sinks.mqtt.entities import Topics


@pytest.mark.parametrize(
    ("address", "broker"),
    [
        ("mqtt://pi.local/kitchen", Broker("pi.local", 1883, "kitchen")),
        ("mqtts://pi.local/kitchen/camera/", Broker("pi.local", 8883, "kitchen/camera", None, True)),
        ("mqtt://me@[::1]:1884/a", Broker("::1", 1884, "a", "me")),
        ("mqtt://a%40b@h/caf%C3%A9", Broker("h", 1883, "café", "a@b")),
    ],
)
def test_addresses(address: str, broker: Broker) -> None:
    """Scheme, user, host, port and topic are read, with the ports that MQTT has by default."""
    assert parse_broker(address) == broker


@pytest.mark.parametrize(
    ("address", "why"),
    [
        ("http://host/topic", "not the address of a broker"),
        ("host/topic", "not the address of a broker"),
        ("mqtt:///topic", "not the address of a broker"),
        ("mqtt://host:port/topic", "not the address of a broker"),
        ("mqtt://host/topic?x=1", "not the address of a broker"),
        ("mqtt://host", "needs a topic"),
        ("mqtt://host/a/%23", "needs a topic"),
        ("mqtt://host/+", "needs a topic"),
        ("mqtt://host/a%00b", "needs a topic"),
        ("mqtt://host:0/topic", "not the address of a broker"),
        ("mqtt://host/a%0Ab", "new line or another control character"),
        ("mqtt://host/a%7Fb", "new line or another control character"),
        ("mqtt://host/a%C2%85b", "new line or another control character"),
        ("mqtt://host/a%E2%80%A8b", "new line or another control character"),
        ("mqtt://host/a%EF%BF%BFb", "new line or another control character"),
        ("mqtt://host/a\nb", "new line or another control character"),
        ("mqtt://host/a\udcffb", "new line or another control character"),
        ("mqtt://host/a%FFb", "not UTF-8"),
        ("mqtt://u%FF@host/a", "not UTF-8"),
        ("mqtt://u%0As@host/a", "the user in the broker's address has control characters"),
        ("mqtt://host/$SYS/a", "begins with \\$"),
        ("mqtt://host/%24share", "begins with \\$"),
        ("mqtt://host/" + "a" * 65_001, "too long: at most 65,000 bytes and 190 levels"),
        ("mqtt://host/" + "%C3%A9" * 32_501, "too long"),
        ("mqtt://host/" + "a/" * 190 + "a", "too long"),
    ],
)
def test_texts_that_are_not_addresses(address: str, why: str) -> None:
    """Each is refused, and the message shows the right form."""
    with pytest.raises(UsageError, match=why):
        parse_broker(address)


@pytest.mark.parametrize("password", ["hunter2", "a#hunter2", "a/hunter2", "hunter2?", "", "hunter2@x"])
def test_a_password_in_the_address_is_refused_and_not_shown(password: str) -> None:
    """Other users could read it in the list of processes; the message does not repeat it."""
    with pytest.raises(UsageError) as refusal:
        parse_broker(f"mqtt://me:{password}@host/topic")
    assert "hunter2" not in str(refusal.value)
    if password in ("hunter2", ""):
        assert "--mqtt-password-file FILE" in str(refusal.value)
        assert "EDGE_MQTT_PASSWORD" in str(refusal.value)


def test_where_the_password_comes_from(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The password is the first line of the file, else the variable, else None."""
    monkeypatch.delenv("EDGE_MQTT_PASSWORD", raising=False)
    assert read_password(None) is None
    monkeypatch.setenv("EDGE_MQTT_PASSWORD", "from the variable")
    assert read_password(None) == "from the variable"
    file = tmp_path / "password"
    file.write_text(" from the file \nsecond line\n", encoding="utf-8")
    assert read_password(file) == " from the file "


@pytest.mark.parametrize("content", [b"", b"\nsecret\n", b"\xff\xfe", None])
def test_a_password_file_without_a_password(tmp_path: Path, content: bytes | None) -> None:
    """The message names a file that is missing, empty or not text, without its content."""
    file = tmp_path / "password"
    if content is not None:
        file.write_bytes(content)
    with pytest.raises(ConfigurationError, match=f"^{file}: ") as failure:
        read_password(file)
    assert "secret" not in str(failure.value)


def test_the_longest_topic_that_is_accepted() -> None:
    """No topic that is made of it is longer than MQTT allows, 65,535 bytes."""
    topics = Topics(parse_broker("mqtt://host/" + "a" * 65_000).topic)
    device = device_id(topics.prefix)
    below = (getattr(topics, name) for name, kind in vars(Topics).items() if isinstance(kind, property))
    assert max(map(len, (config_topic(device), *old_config_topics(device), *below))) <= 65_535


def test_a_password_file_with_a_byte_order_mark(tmp_path: Path) -> None:
    """The mark that some editors write is not part of the password."""
    file = tmp_path / "password"
    file.write_bytes(b"\xef\xbb\xbfsecret\r\n")
    assert read_password(file) == "secret"
    file.write_text("x" * 65_536, encoding="utf-8")
    with pytest.raises(ConfigurationError, match="longer than 65,535 bytes"):
        read_password(file)


@given(st.text(min_size=1), st.text(min_size=1))
def test_ids_are_different_and_plain(one: str, two: str) -> None:
    """Another topic is another device, and an id is made of what Home Assistant's topics may hold."""
    assert (device_id(one) == device_id(two)) == (one == two)
    assert device_id(one).replace("-", "_").replace("_", "").isalnum() and device_id(one).isascii()
