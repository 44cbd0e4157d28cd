"""The connection to a broker: lost, refused, encrypted; with a real mosquitto on this machine."""

from __future__ import annotations

import socket
from pathlib import Path

import pytest

from edge.errors import ConfigurationError, UnavailableError
from edge.live.fanout import Fanout
from support.held import threads
from support.mosquitto import set_password
from support.mqtt_sink import AVAILABILITY, CONFIG, STATE
from support.observed import observe
from support.ports import free_port
from support.waiting import wait_for

pytest.importorskip("paho.mqtt.client", reason="the extra mqtt is not installed")

SECRET = "correct horse"


def with_password(folder: Path) -> list[str]:
    """Settings of a broker that knows the user me with the password SECRET."""
    file = folder / "users"
    set_password(file, "me", SECRET)
    return ["allow_anonymous false", f"password_file {file}"]


def test_a_broker_that_restarts(start, listen, make) -> None:
    """The loss has one message and is counted once; afterwards sensors, availability and state are there again."""
    broker = start()
    made = make(broker.port)
    made.sink.open()
    made.sink.write(observe(0))
    listen(broker.port).received(STATE)
    broker.stop()
    wait_for(lambda: made.messages)
    made.sink.write(observe(1, label="roses"))
    made.sink.write(observe(2, label="daisy"))
    made.sink.write(observe(3, label="daisy"))
    assert made.statistics.snapshot().sink_dropped == {"mqtt": 2}
    broker.start()
    listener = listen(broker.port)
    listener.received(AVAILABILITY)
    wait_for(lambda: len(made.messages) == 2)
    made.sink.write(observe(4))
    assert listener.received(STATE)[0]["sequence"] == 4
    listener.received(CONFIG)
    assert made.messages[0].startswith(f"mqtt: lost the connection to 127.0.0.1:{broker.port} (")
    assert made.messages[1] == f"mqtt: connected to 127.0.0.1:{broker.port} again; 2 states were dropped meanwhile"
    assert made.statistics.snapshot().sink_errors == {"mqtt": 1}


def test_a_broker_that_is_down_at_the_start(start, listen, make, monkeypatch) -> None:
    """The watch continues, and the sensors appear when the broker does."""
    monkeypatch.setattr("edge.live.sink_worker._FIRST_RETRY_S", 0.05)
    broker = start()
    broker.stop()
    made = make(broker.port)
    messages: list[str] = []
    fanout = Fanout([made.sink], made.statistics, messages.append)
    fanout.start()
    fanout.write(observe(0))
    wait_for(lambda: messages)
    broker.start()
    listener = listen(broker.port)
    assert listener.received(STATE)[0]["sequence"] == 0
    fanout.close()
    assert listener.received(AVAILABILITY, 2) == ["online", "offline"]
    assert messages[0] == f"mqtt: cannot connect to 127.0.0.1:{broker.port}: Connection refused; trying again in 0 s"


def test_a_password(start, listen, make, tmp_path: Path) -> None:
    """The right password is accepted."""
    broker = start(*with_password(tmp_path))
    sink = make(broker.port, SECRET, user="me").sink
    sink.open()
    sink.write(observe())
    assert listen(broker.port, user="me", password=SECRET).received(STATE)[0]["label"] == "daisy"


@pytest.mark.parametrize(("user", "password"), [("me", "wrong secret"), (None, None)])
def test_a_wrong_password(start, make, tmp_path: Path, user: str | None, password: str | None) -> None:
    """The error is one line without the password; no thread is left, and the sink can be opened again."""
    broker = start(*with_password(tmp_path))
    before = threads()
    sink = make(broker.port, password, user=user).sink
    for _ in range(2):
        with pytest.raises(UnavailableError) as failure:
            sink.open()
        assert str(failure.value) == (
            f"127.0.0.1:{broker.port} refuses {f'user {user}' if user else 'a client without a user'}: "
            "Not authorized; check the user and the password"
        )
    assert not threads() - before


def test_a_password_that_is_changed_meanwhile(start, make, tmp_path: Path) -> None:
    """If a broker starts again with another password, there is one message, and the sink continues to try."""
    broker = start(*with_password(tmp_path))
    made = make(broker.port, SECRET, user="me")
    made.sink.open()
    broker.stop()
    wait_for(lambda: made.messages)
    set_password(tmp_path / "users", "me", "new")
    broker.start()
    wait_for(lambda: len(made.messages) == 2)
    assert made.messages[1].endswith("refuses user me: Not authorized; check the user and the password")
    assert SECRET not in "".join(made.messages)


def test_a_host_that_is_no_broker(make, monkeypatch: pytest.MonkeyPatch) -> None:
    """A server that listens and sends nothing is an error in time."""
    monkeypatch.setattr("edge.sinks.mqtt.sink._ANSWER_WITHIN_S", 0.3)
    with socket.create_server(("127.0.0.1", 0)) as silent:
        port = silent.getsockname()[1]
        with pytest.raises(UnavailableError, match=f"^127.0.0.1:{port} does not answer as an MQTT broker does$"):
            make(port).sink.open()


def test_hosts_that_are_none(make) -> None:
    """An unknown host and a port without a broker are one line each."""
    port = free_port()
    with pytest.raises(UnavailableError, match=rf"^cannot connect to 127.0.0.1:{port}: Connection refused$"):
        make(port).sink.open()
    for host in ("broker.invalid", "broker..local"):
        with pytest.raises(UnavailableError, match=rf"^cannot connect to {host}:1883: unknown host$"):
            make(1883, host=host).sink.open()


def test_tls(start, make, certificates: Path) -> None:
    """The broker is trusted only with the authority that signed its certificate."""
    broker = start(
        "allow_anonymous true",
        f"cafile {certificates / 'ca.pem'}",
        f"certfile {certificates / 'server.pem'}",
        f"keyfile {certificates / 'server.key'}",
    )
    trusting = make(broker.port, ca=certificates / "ca.pem", tls=True)
    trusting.sink.open()
    trusting.sink.write(observe())
    trusting.sink.close()
    assert trusting.statistics.snapshot().sink_dropped == {}
    with pytest.raises(UnavailableError) as failure:
        make(broker.port, tls=True).sink.open()
    assert str(failure.value).startswith(f"cannot connect to 127.0.0.1:{broker.port}: its certificate is not trusted")
    assert str(failure.value).endswith("give its authority's with --mqtt-ca FILE")
    with pytest.raises(UnavailableError, match="its certificate is not trusted"):
        make(broker.port, ca=certificates / "ca.pem", tls=True, host="localhost").sink.open()


def test_a_broker_that_needs_tls(start, make, certificates: Path) -> None:
    """Without TLS such a broker closes the connection; one line names the likely fix."""
    broker = start(
        "allow_anonymous true", f"certfile {certificates / 'server.pem'}", f"keyfile {certificates / 'server.key'}"
    )
    with pytest.raises(UnavailableError, match=r"closed the connection; if it needs TLS, write mqtts://$"):
        make(broker.port).sink.open()


@pytest.mark.parametrize("content", [None, "no certificate\n"])
def test_a_file_without_certificates(tmp_path: Path, make, content: str | None) -> None:
    """The file is refused before the stream starts."""
    ca = tmp_path / "ca.pem"
    if content is not None:
        ca.write_text(content, encoding="utf-8")
    with pytest.raises(ConfigurationError, match=f"^{ca}: is not a file of certificates"):
        make(8883, ca=ca, tls=True)
