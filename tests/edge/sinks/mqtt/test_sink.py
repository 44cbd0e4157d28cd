"""MQTT against a real mosquitto on this machine."""

from __future__ import annotations

import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from edge.errors import ConfigurationError, UnavailableError
from edge.live.fanout import Fanout
from edge.sinks.mqtt.broker import Broker
from edge.sinks.mqtt.home_assistant import device_id, discovery
from edge.sinks.mqtt.sink import MqttSink
from edge.statistics import StreamStatistics
from support import mosquitto
from support.mosquitto import WAIT_S, Listener, Mosquitto, set_password
from support.observed import CARD, observe

pytest.importorskip("paho.mqtt.client", reason="the extra mqtt is not installed")

TOPIC = "test/camera"
STATE, AVAILABILITY = f"{TOPIC}/state", f"{TOPIC}/availability"
LABEL_CONFIG = f"homeassistant/sensor/{device_id(TOPIC)}/label/config"
SECRET = "correct horse"


class Made:
    """A sink with its statistics and its messages."""

    def __init__(self, port: int, password: str | None = None, ca: Path | None = None, **broker: object) -> None:
        self.statistics = StreamStatistics()
        self.messages: list[str] = []
        address = Broker("127.0.0.1", port, TOPIC)._replace(**broker)
        self.sink = MqttSink(address, self.statistics, password=password, ca=ca, write_message=self.messages.append)


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Callable[..., Mosquitto]]:
    """Start a broker with the given settings; all are stopped at the end."""
    brokers = []

    def make(*settings: str) -> Mosquitto:
        broker = Mosquitto(tmp_path, *settings)
        brokers.append(broker)
        broker.start()
        return broker

    yield make
    for broker in brokers:
        broker.stop()


@pytest.fixture
def listen() -> Iterator[Callable[..., Listener]]:
    """Listen on a port; all listeners are closed at the end."""
    listeners = []

    def make(port: int, **login: str) -> Listener:
        listeners.append(Listener(port, **login))
        return listeners[-1]

    yield make
    for listener in listeners:
        listener.close()


@pytest.fixture
def make() -> Iterator[Callable[..., Made]]:
    """Make a sink; all are closed at the end."""
    made: list[Made] = []

    def new(*arguments: object, **options: object) -> Made:
        made.append(Made(*arguments, **options))  # type: ignore[arg-type]
        return made[-1]

    yield new
    for each in made:
        each.sink.close()


@pytest.fixture
def certificates(tmp_path: Path) -> Path:
    """A folder with an authority, ca.pem, and a certificate that it signed for 127.0.0.1, server.pem and server.key."""
    folder = tmp_path / "certificates"
    folder.mkdir()
    (folder / "names").write_text("subjectAltName=IP:127.0.0.1\n", encoding="utf-8")
    new = "req -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes"
    for arguments in (
        f"{new} -x509 -days 2 -subj /CN=authority -keyout ca.key -out ca.pem",
        f"{new} -subj /CN=broker -keyout server.key -out server.csr",
        "x509 -req -in server.csr -CA ca.pem -CAkey ca.key -CAcreateserial -days 2 -extfile names -out server.pem",
    ):
        try:
            subprocess.run(["openssl", *arguments.split()], cwd=folder, check=True, capture_output=True)
        except FileNotFoundError:
            pytest.skip("openssl is not installed")
    return folder


def with_password(folder: Path) -> list[str]:
    """Settings of a broker that knows the user me with the password SECRET."""
    file = folder / "users"
    set_password(file, "me", SECRET)
    return ["allow_anonymous false", f"password_file {file}"]


def test_state_availability_and_discovery(start, listen, make) -> None:
    """One observation publishes discovery, online and the state; all of it is retained."""
    broker = start()
    sink = make(broker.port).sink
    sink.open()
    sink.write(observe(3, score=0.75))
    early = listen(broker.port)
    assert early.received(STATE)[0] == {
        "timestamp": "2027-01-15T08:00:00.223Z",
        "sequence": 3,
        "label": "daisy",
        "score": 0.75,
        "categories": [{"label": "daisy", "score": 0.75}, {"label": "roses", "score": 0.25}],
        "frame_age_ms": 41.235,
        "latency_ms": 12.346,
        "changed": False,
    }
    for topic, payload in discovery(TOPIC, CARD).items():
        assert early.received(topic) == [payload]
    assert early.received(AVAILABILITY) == ["online"]
    late = listen(broker.port)
    for topic in (STATE, AVAILABILITY, *discovery(TOPIC, CARD)):
        late.received(topic)
        assert topic in late.retained


def test_the_state_is_published_on_change_and_now_and_then(start, listen, make, monkeypatch) -> None:
    """A hundred frames in 25 s with one change are four states: the first, the change, and two after 10 s each."""
    now_s = 1000.0
    broker = start()
    sink = make(broker.port).sink
    sink.open()
    listener = listen(broker.port)
    monkeypatch.setattr("edge.sinks.mqtt.sink.time.monotonic", lambda: now_s)
    for sequence in range(100):
        sink.write(observe(sequence, label="daisy" if sequence < 10 else "roses"))
        now_s += 0.25
    sink.close()
    assert listener.received(AVAILABILITY, 2) == ["online", "offline"]
    assert [state["sequence"] for state in listener.received(STATE, 4)] == [0, 10, 50, 90]
    assert len(listener.messages[STATE]) == 4
    assert len(listener.messages[LABEL_CONFIG]) == 1


def test_another_model_is_announced(start, listen, make) -> None:
    """When the model is replaced the device's description follows, under the same id."""
    broker = start()
    sink = make(broker.port).sink
    sink.open()
    listener = listen(broker.port)
    sink.write(observe(0))
    sink.write(observe(1, label="roses", model=CARD._replace(sha256="cd" * 32)))
    first, second = listener.received(LABEL_CONFIG, 2)
    assert (first["device"]["sw_version"], second["device"]["sw_version"]) == ("ab" * 6, "cd" * 6)
    assert first["unique_id"] == second["unique_id"]


def test_home_assistant_starts_after_us(start, listen, make) -> None:
    """Its birth message makes the next frame announce the sensors and the state again."""
    broker = start()
    sink = make(broker.port).sink
    sink.open()
    listener = listen(broker.port)
    sink.write(observe(0))
    listener.received(LABEL_CONFIG)
    listener.client.publish("homeassistant/status", "online")
    listener.received("homeassistant/status")
    for sequence in range(1, 1000):
        sink.write(observe(sequence))
        if listener.wait(STATE, lambda payloads: len(payloads) == 2, 0.02):
            break
    assert listener.received(LABEL_CONFIG, 2)[0] == listener.received(LABEL_CONFIG, 2)[1]
    listener.client.publish("homeassistant/status", "offline")
    listener.received("homeassistant/status", 2)
    sink.write(observe(1000))
    sink.close()
    listener.received(AVAILABILITY, 2)
    assert len(listener.messages[STATE]) == 2


def test_the_last_will_of_a_process_that_was_killed(start, listen, tmp_path: Path) -> None:
    """After SIGKILL the broker publishes offline, also to later clients."""
    broker = start()
    listener = listen(broker.port)
    program = f"""
import time
from edge.sinks.mqtt.broker import Broker
from edge.sinks.mqtt.sink import MqttSink
from edge.statistics import StreamStatistics
broker = Broker("127.0.0.1", {broker.port}, "{TOPIC}")
sink = MqttSink(broker, StreamStatistics(), password=None, ca=None, write_message=print)
sink.open()
time.sleep(60)
"""
    process = subprocess.Popen([sys.executable, "-c", program])
    try:
        assert listener.received(AVAILABILITY) == ["online"]
    finally:
        process.send_signal(signal.SIGKILL)
        process.wait(WAIT_S)
    assert listener.received(AVAILABILITY, 2) == ["online", "offline"]
    late = listen(broker.port)
    assert late.received(AVAILABILITY) == ["offline"] and AVAILABILITY in late.retained


def test_a_broker_that_restarts(start, listen, make) -> None:
    """The loss has one message and is counted once; afterwards sensors, availability and state are there again."""
    broker = start()
    made = make(broker.port)
    made.sink.open()
    made.sink.write(observe(0))
    listen(broker.port).received(STATE)
    broker.stop()
    _until(lambda: made.messages)
    made.sink.write(observe(1, label="roses"))
    made.sink.write(observe(2, label="daisy"))
    made.sink.write(observe(3, label="daisy"))
    assert made.statistics.snapshot().sink_dropped == {"mqtt": 2}
    broker.start()
    listener = listen(broker.port)
    listener.received(AVAILABILITY)
    _until(lambda: len(made.messages) == 2)
    made.sink.write(observe(4))
    assert listener.received(STATE)[0]["sequence"] == 4
    listener.received(LABEL_CONFIG)
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
    _until(lambda: messages)
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
    before = set(threading.enumerate())
    sink = make(broker.port, password, user=user).sink
    for _ in range(2):
        with pytest.raises(UnavailableError) as failure:
            sink.open()
        assert str(failure.value) == (
            f"127.0.0.1:{broker.port} refuses {f'user {user}' if user else 'a client without a user'}: "
            "Not authorized; check the user and the password"
        )
    assert not set(threading.enumerate()) - before


def test_a_password_that_is_changed_meanwhile(start, make, tmp_path: Path) -> None:
    """A broker that comes back with another password has one message, and the sink continues to try."""
    broker = start(*with_password(tmp_path))
    made = make(broker.port, SECRET, user="me")
    made.sink.open()
    broker.stop()
    _until(lambda: made.messages)
    set_password(tmp_path / "users", "me", "new")
    broker.start()
    _until(lambda: len(made.messages) == 2)
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
    port = mosquitto.free_port()
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


def _until(condition: Callable[[], object]) -> None:
    """Wait for what another thread does; the time is a bound, not an expectation."""
    until = time.monotonic() + WAIT_S
    while not condition():
        assert time.monotonic() < until
        time.sleep(0.01)
