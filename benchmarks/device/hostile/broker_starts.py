"""Brokers that start again, come late, refuse or need TLS; each function does it and looks at what is left."""

from __future__ import annotations

import signal
import socket
import subprocess
import threading
import time
from collections.abc import Callable
from pathlib import Path

from benchmarks.device.hostile.broker_scene import START_S, Scene, alive, begin, ended, started
from benchmarks.device.hostile.mqtt_scene import WatchProcess
from benchmarks.device.ports import free_port
from benchmarks.device.waiting import wait

_SHORT_S = 2.0


def _restarts(scene: Scene, times: int, number: signal.Signals, *settings: str) -> str | None:
    broker, _, watch = begin(scene, *settings)
    for _ in range(times):
        broker.stop(number)
        time.sleep(_SHORT_S / 4)
        broker.start()
    fresh = scene.observer(broker.port)
    wrong = started(fresh) or alive(broker.port, fresh)
    announced = any(topic.startswith("homeassistant/") for topic, _, _ in fresh.messages)
    return wrong or (None if announced else "no discovery") or ended(scene, watch, broker.port)


def _late(scene: Scene, before: Callable[[socket.socket], None] | None) -> str | None:
    """At the start there is no broker, or another program on its port; then the broker comes."""
    broker = scene.broker()
    port = broker.port
    broker.stop()
    listener = socket.create_server(("127.0.0.1", port)) if before else None
    if listener and before:
        threading.Thread(target=before, args=(listener,), daemon=True).start()
    watch = scene.watch(port)
    if not wait(lambda: watch.printed("mqtt: "), START_S):
        return "hang: no message"
    if listener:
        listener.shutdown(socket.SHUT_RDWR)
        listener.close()
    broker.start()
    observer = scene.observer(port)
    return started(observer) or alive(port, observer) or ended(scene, watch, port)


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
    if not wait(lambda: watch.printed(text), START_S):
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


STARTS: dict[str, Callable[[Scene], str | None]] = {
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
CERTIFIED: dict[str, Callable[..., str | None]] = {
    "TLS": _tls,
    "TLS: another authority": lambda of, certificates: _tls(of, certificates, ca="other"),
    "TLS: another name": lambda of, certificates: _tls(of, certificates, host="localhost"),
    "TLS: expired": lambda of, certificates: _tls(of, certificates, server="expired"),
    "TLS to a port without": lambda of, certificates: _tls_mixed(of, certificates, client="mqtts", text="mqtt: "),
    "no TLS to a port with": lambda of, certificates: _tls_mixed(
        of, certificates, client="mqtt", text="write mqtts://"
    ),
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
