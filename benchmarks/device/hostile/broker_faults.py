"""The broker faults, each a function that does it and looks at what is left."""

from __future__ import annotations

import signal
import socket
import subprocess
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from benchmarks.device.hostile.mqtt_scene import AVAILABILITY, STATE, TOPIC, Observer, WatchProcess, retained, wait
from benchmarks.device.ports import free_port

if TYPE_CHECKING:
    from benchmarks.device.hostile.brokers import Scene

_START_S = 60.0
_STATE_S = 25.0  # a state comes every 10 s at least, on a machine that may be busy
_SHORT_S = 2.0


def _started(observer: Observer) -> str | None:
    """Wait for the first state of a watch."""
    return None if wait(lambda: observer.payloads(STATE), _START_S) else "hang: no state at the start"


def _alive(port: int, observer: Observer | None = None) -> str | None:
    """Whether the broker shows ``online`` and gets states."""
    if not wait(lambda: retained(port, AVAILABILITY) == b"online"):
        return f"availability is {retained(port, AVAILABILITY)!r} while states are sent"
    if observer is not None:
        before = len(observer.payloads(STATE))
        if not wait(lambda: len(observer.payloads(STATE)) > before, _STATE_S):
            return "hang: no more states"
    return None


def _ended(scene: Scene, watch: WatchProcess, port: int) -> str | None:
    """Whether the broker shows ``offline`` after the end of ``watch``."""
    scene.end_watch(watch)
    if not wait(lambda: retained(port, AVAILABILITY) == b"offline"):
        return f"availability is {retained(port, AVAILABILITY)!r} after the end"
    return None


def _cut_client(scene: Scene, times: int = 1, then_server: bool = True) -> str | None:
    broker = scene.broker()
    relay = scene.relay(broker.port)
    observer = scene.observer(broker.port)
    watch = scene.watch(relay.port)
    if wrong := _started(observer):
        return wrong
    for _ in range(times):
        count = len(relay.connections)
        relay.lose_client()
        if not wait(lambda: len(relay.connections) > count):  # noqa: B023
            return "hang: no new connection"
        if wrong := _alive(broker.port):
            return wrong
    if then_server:
        for number in range(times):
            relay.lose_server(number)
    return _alive(broker.port, observer) or _ended(scene, watch, broker.port)


def _killed(scene: Scene, through_relay: bool) -> str | None:
    broker = scene.broker()
    relay = scene.relay(broker.port)
    observer = scene.observer(broker.port)
    watch = scene.watch(relay.port if through_relay else broker.port)
    if wrong := _started(observer):
        return wrong
    if through_relay:
        relay.keep_server()
    scene.end_watch(watch, signal.SIGKILL)
    if not through_relay and not wait(lambda: observer.payloads(AVAILABILITY)[-1] == b"offline"):
        return "no will after SIGKILL"
    again = scene.watch(relay.port if through_relay else broker.port)
    if wrong := _alive(broker.port, observer):
        return wrong
    if through_relay:
        relay.lose_server(0)
    return _alive(broker.port, observer) or _ended(scene, again, broker.port)


def _broker_frozen(scene: Scene, end: bool) -> str | None:
    broker = scene.broker()
    observer = scene.observer(broker.port)
    watch = scene.watch(broker.port)
    if wrong := _started(observer):
        return wrong
    broker.send(signal.SIGSTOP)
    time.sleep(_SHORT_S)
    if end:
        scene.end_watch(watch)
    broker.send(signal.SIGCONT)
    return _ended(scene, watch, broker.port) if end else _alive(broker.port, observer)


def _watch_frozen(scene: Scene) -> str | None:
    broker = scene.broker()
    observer = scene.observer(broker.port)
    watch = scene.watch(broker.port)
    if wrong := _started(observer):
        return wrong
    watch.process.send_signal(signal.SIGSTOP)
    time.sleep(_SHORT_S)
    watch.process.send_signal(signal.SIGCONT)
    return _alive(broker.port, observer) or _ended(scene, watch, broker.port)


def _kept_before(scene: Scene, topic: str, payload: bytes) -> str | None:
    broker = scene.broker()
    observer = scene.observer(broker.port)
    observer.publish(topic, payload)
    observer.messages.clear()
    watch = scene.watch(broker.port)
    return _started(observer) or _alive(broker.port, observer) or _ended(scene, watch, broker.port)


def _published(scene: Scene, topic: str, payload: bytes, times: int = 1, *, retain: bool = True) -> str | None:
    """Another client publishes on a topic of the watch while it runs."""
    broker = scene.broker()
    observer = scene.observer(broker.port)
    watch = scene.watch(broker.port)
    if wrong := _started(observer):
        return wrong
    for _ in range(times):
        observer.client.publish(topic, payload, retain=retain)
    observer.publish("hostile/done", "x")
    lines = len([line for line in watch.lines if "another sender" in line])
    wrong = None if lines <= 2 else f"{lines} lines about another sender"
    return wrong or _alive(broker.port, observer) or _ended(scene, watch, broker.port)


def _foreign_will(scene: Scene) -> str | None:
    broker = scene.broker()
    observer = scene.observer(broker.port)
    watch = scene.watch(broker.port)
    if wrong := _started(observer):
        return wrong
    Observer(broker.port, topic=AVAILABILITY, payload="offline", qos=1, retain=True).cut()
    wait(lambda: b"offline" in observer.payloads(AVAILABILITY))
    return _alive(broker.port) or _ended(scene, watch, broker.port)


def _answers_online(scene: Scene) -> str | None:
    broker = scene.broker()
    observer = scene.observer(broker.port)
    watch = scene.watch(broker.port)
    if wrong := _started(observer):
        return wrong
    until_s, corrections = time.monotonic() + _SHORT_S, 0
    while time.monotonic() < until_s:
        count = observer.payloads(AVAILABILITY).count(b"online")
        observer.publish(AVAILABILITY, "offline")
        corrections += wait(lambda: observer.payloads(AVAILABILITY).count(b"online") > count, 0.3)  # noqa: B023
    wrong = None if corrections <= 6 else f"{corrections} corrections in {_SHORT_S:g} s"
    if not wait(lambda: retained(broker.port, AVAILABILITY) == b"online", 2 * _STATE_S):
        return wrong or "offline for ever"
    return wrong or _ended(scene, watch, broker.port)


def _same_id(scene: Scene, times: int) -> str | None:
    """Another client connects with the id of the watch, as a copied disk would make it."""
    broker = scene.broker("allow_anonymous true", "log_dest file " + str(scene.folder / "log"), "log_type all")
    observer = scene.observer(broker.port)
    watch = scene.watch(broker.port)
    if wrong := _started(observer):
        return wrong
    log = (scene.folder / "log").read_text()
    name = next(word for word in log.split() if word.startswith("edge") and len(word) == 23)
    for _ in range(times):
        other = scene.observer(broker.port, name)
        other.cut()
    return _alive(broker.port, observer) or _ended(scene, watch, broker.port)


def _two(scene: Scene, number: signal.Signals, topics: tuple[str, str] = (TOPIC, TOPIC)) -> str | None:
    broker = scene.broker()
    observer = scene.observer(broker.port)
    first = scene.watch(broker.port, topic=topics[0])
    if wrong := _started(observer):
        return wrong
    second = scene.watch(broker.port, topic=topics[1])
    wait(
        lambda: second.printed("another sender") or observer.payloads(f"{topics[1]}/availability").count(b"online") > 1
    )
    scene.end_watch(second, number)
    return _alive(broker.port, observer) or _ended(scene, first, broker.port)


def _restarts(scene: Scene, times: int, number: signal.Signals, *settings: str) -> str | None:
    broker = scene.broker(*settings)
    observer = scene.observer(broker.port)
    watch = scene.watch(broker.port)
    if wrong := _started(observer):
        return wrong
    for _ in range(times):
        broker.stop(number)
        time.sleep(_SHORT_S / 4)
        broker.start()
    fresh = scene.observer(broker.port)
    wrong = _started(fresh) or _alive(broker.port, fresh)
    sensors = {topic for topic, _, _ in fresh.messages if topic.startswith("homeassistant/")}
    return wrong or (None if len(sensors) == 2 else "no discovery") or _ended(scene, watch, broker.port)


def _late(scene: Scene, before: Callable[[socket.socket], None] | None) -> str | None:
    """At the start there is no broker, or another program on its port; then the broker comes."""
    broker = scene.broker()
    port = broker.port
    broker.stop()
    listener = socket.create_server(("127.0.0.1", port)) if before else None
    if listener and before:
        threading.Thread(target=before, args=(listener,), daemon=True).start()
    watch = scene.watch(port)
    if not wait(lambda: watch.printed("mqtt: "), _START_S):
        return "hang: no message"
    if listener:
        listener.shutdown(socket.SHUT_RDWR)
        listener.close()
    broker.start()
    observer = scene.observer(port)
    return _started(observer) or _alive(port, observer) or _ended(scene, watch, port)


def _silent(listener: socket.socket) -> None:
    kept = []
    try:
        while True:
            kept.append(listener.accept()[0])
    except OSError:
        for one in kept:
            one.close()


def _answering(answer: bytes) -> Callable[[socket.socket], None]:
    def serve(listener: socket.socket) -> None:
        try:
            while True:
                client, _ = listener.accept()
                with client:
                    client.sendall(answer)
        except OSError:
            pass

    return serve


def _fails(scene: Scene, watch: WatchProcess, text: str, secret: str = "hush") -> str | None:
    """A message with ``text`` comes, and the watch goes on without the broker."""
    if not wait(lambda: watch.printed(text), _START_S):
        return f"hang: no message with {text!r}, but {watch.lines[-2:]}"
    if watch.process.poll() is not None or watch.printed(secret):
        return "it has ended" if watch.process.poll() is not None else "the password is shown"
    scene.end_watch(watch)
    return None


def _login(scene: Scene, user: str, *, changed: bool = False) -> str | None:
    scene.folder.mkdir(parents=True)
    users, file = scene.folder / "users", scene.folder / "password"
    command = ["mosquitto_passwd", "-b", "-c", str(users), "me", "hush"]
    subprocess.run(command, check=True, capture_output=True)
    file.write_text("hush\n" if changed else "hush, wrong\n")
    broker = scene.broker("allow_anonymous false", f"password_file {users}")
    watch = scene.watch(broker.port, "--mqtt-password-file", str(file), user=user)
    if changed:
        time.sleep(_SHORT_S)
        subprocess.run([*command[:-1], "other"], check=True, capture_output=True)
        broker.stop()
        broker.start()
    return _fails(scene, watch, "check the user and the password")


def _limited(scene: Scene, *settings: str) -> str | None:
    """A broker with limits: the watch goes on, and ends in time."""
    broker = scene.broker("allow_anonymous true", *settings)
    watch = scene.watch(broker.port)
    wait(lambda: len(watch.lines) > 0, 2 * _SHORT_S)
    return "it has ended" if watch.process.poll() is not None else None


def _tls(
    scene: Scene, certificates: Path, *, server: str = "server", ca: str = "ca", host: str = "127.0.0.1"
) -> str | None:
    broker = scene.broker(
        "allow_anonymous true",
        f"certfile {certificates / server}.pem",
        f"keyfile {certificates / 'server.key'}",
    )
    watch = scene.watch(broker.port, "--mqtt-ca", str(certificates / f"{ca}.pem"), scheme="mqtts", host=host)
    if (server, ca, host) != ("server", "ca", "127.0.0.1"):
        return _fails(scene, watch, "its certificate is not trusted")
    time.sleep(_SHORT_S)
    return f"refused: {watch.lines[-1]}" if watch.printed("mqtt:") else None


def _tls_mixed(scene: Scene, certificates: Path, *, client: str, text: str) -> str | None:
    lines = (f"certfile {certificates / 'server.pem'}", f"keyfile {certificates / 'server.key'}")
    broker = scene.broker("allow_anonymous true", *(lines if client == "mqtt" else ()))
    options = () if client == "mqtt" else ("--mqtt-ca", str(certificates / "ca.pem"))
    return _fails(scene, scene.watch(broker.port, *options, scheme=client), text)


def _tls_silent(scene: Scene, certificates: Path) -> str | None:
    listener = socket.create_server(("127.0.0.1", free_port()))
    threading.Thread(target=_silent, args=(listener,), daemon=True).start()
    port = listener.getsockname()[1]
    watch = scene.watch(port, "--mqtt-ca", str(certificates / "ca.pem"), scheme="mqtts")
    wrong = _fails(scene, watch, "no answer")
    listener.shutdown(socket.SHUT_RDWR)
    listener.close()
    return wrong


FAULTS: dict[str, Callable[[Scene], str | None]] = {
    "half-open: the client's side is cut": lambda of: _cut_client(of, then_server=False),
    "half-open: the server's side ends later": _cut_client,
    "half-open: twice": lambda of: _cut_client(of, 2),
    "half-open: killed behind a relay, started again": lambda of: _killed(of, True),
    "killed and started again": lambda of: _killed(of, False),
    "the broker stands still": lambda of: _broker_frozen(of, False),
    "the broker stands still at the end": lambda of: _broker_frozen(of, True),
    "the watch stands still": _watch_frozen,
    "kept: offline": lambda of: _kept_before(of, AVAILABILITY, b"offline"),
    "kept: bytes as availability": lambda of: _kept_before(of, AVAILABILITY, b"\xff\x00\x1b[2J"),
    "kept: 5 MB as state": lambda of: _kept_before(of, STATE, b"\xff" * 5_000_000),
    "kept: online of Home Assistant": lambda of: _kept_before(of, "homeassistant/status", b"online"),
    "offline by another client": lambda of: _published(of, AVAILABILITY, b"offline"),
    "offline by another client, not kept": lambda of: _published(of, AVAILABILITY, b"offline", retain=False),
    "availability removed": lambda of: _published(of, AVAILABILITY, b""),
    "10 MB as availability": lambda of: _published(of, AVAILABILITY, b"x" * 10_000_000),
    "20 times offline": lambda of: _published(of, AVAILABILITY, b"offline", 20),
    "5,000 foreign states": lambda of: _published(of, STATE, b"{}", 5000, retain=False),
    "1,000 births of Home Assistant": lambda of: _published(of, "homeassistant/status", b"online", 1000, retain=False),
    "births that are not text": lambda of: _published(of, "homeassistant/status", b"\xff\xfe", 100, retain=False),
    "the will of another client": _foreign_will,
    "a sender that answers every online": _answers_online,
    "taken over once": lambda of: _same_id(of, 1),
    "taken over twice": lambda of: _same_id(of, 2),
    "two watches, one ends": lambda of: _two(of, signal.SIGTERM),
    "two watches, one is killed": lambda of: _two(of, signal.SIGKILL),
    "two topics, one ends": lambda of: _two(of, signal.SIGTERM, (TOPIC, "hostile/other")),
    "restart": lambda of: _restarts(of, 1, signal.SIGTERM),
    "restart after SIGKILL": lambda of: _restarts(of, 1, signal.SIGKILL),
    "two restarts": lambda of: _restarts(of, 2, signal.SIGKILL),
    "restart with persistence": lambda of: _restarts(
        of, 1, signal.SIGTERM, "allow_anonymous true", "persistence true", f"persistence_location {of.folder}/"
    ),
    "no broker at the start": lambda of: _late(of, None),
    "a silent port at the start": lambda of: _late(of, _silent),
    "a port that closes at the start": lambda of: _late(of, _answering(b"")),
    "HTTP at the start": lambda of: _late(of, _answering(b"HTTP/1.1 400 Bad Request\r\n\r\n" * 100)),
    "random packets at the start": lambda of: _late(of, _answering(bytes(range(255, 31, -1)) * 10)),
    "a wrong password": lambda of: _login(of, "me@"),
    "an unknown user": lambda of: _login(of, "%E2%98%83@"),
    "the password is changed": lambda of: _login(of, "me@", changed=True),
    "messages of 50 bytes at most": lambda of: _limited(of, "message_size_limit 50"),
    "packets of 20 bytes at most": lambda of: _limited(of, "max_packet_size 20"),
    "one waiting message at most": lambda of: _limited(of, "max_inflight_messages 1", "max_queued_messages 1"),
    "no topic may be written": lambda of: _limited(of, f"acl_file {_acl(of.folder)}"),
}
CERTIFIED: dict[str, Callable[[Scene, Path], str | None]] = {
    "TLS": _tls,
    "TLS: another authority": lambda of, given: _tls(of, given, ca="other"),
    "TLS: another name": lambda of, given: _tls(of, given, host="localhost"),
    "TLS: expired": lambda of, given: _tls(of, given, server="expired"),
    "TLS to a port without": lambda of, given: _tls_mixed(of, given, client="mqtts", text="mqtt: "),
    "no TLS to a port with": lambda of, given: _tls_mixed(of, given, client="mqtt", text="write mqtts://"),
    "TLS to a silent port": _tls_silent,
}
REFUSED = {
    "new line": "mqtt://127.0.0.1/a%0Ab",
    "real new line": "mqtt://127.0.0.1/a\nb",
    "wildcard": "mqtt://127.0.0.1/a/+",
    "all": "mqtt://127.0.0.1/%23",
    "zero byte": "mqtt://127.0.0.1/a%00b",
    "$SYS": "mqtt://127.0.0.1/$SYS/broker",
    "too long": "mqtt://127.0.0.1/" + "a" * 65_536,
    "300 levels": "mqtt://127.0.0.1/" + "a/" * 300 + "a",
    "not UTF-8": "mqtt://127.0.0.1/%FF",
    "port 0": "mqtt://127.0.0.1:0/a",
    "password": "mqtt://me:hush@127.0.0.1/a",
    "query": "mqtt://127.0.0.1/a?password=hush",
    "user with a new line": "mqtt://m%0Ae@127.0.0.1/a",
    "only a host": "mqtt://127.0.0.1",
}


def _acl(folder: Path) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "acl").write_text("topic read nothing\n")
    return folder / "acl"
