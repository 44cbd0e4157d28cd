"""Devices that answer wrongly: what each does in place of a Raspberry Pi, and how its row must end."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import NamedTuple

SHA = "a" * 64
_GOOD = {"root": "/nowhere", "current": None, "previous": None, "pending": False, "returned": None, "models": []}
_FLOOD = "yes xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx | head -c"
_REAL = 'exec "$REAL" "$@"'
_ESCAPES = r"printf '\033]0;x\007\033[2J\r\n\302\205edge: \033[31mred\n'"


class DeviceCase(NamedTuple):
    """A device called ``name``.

    ``programs`` are shell scripts in place of its own: ``edge``, ``uname`` and so on; ``$REAL`` is the real one.
    ``chatter`` is run by its login shell before each command. ``server`` is what answers in place of its SSH server:
    bytes to send first, and whether the connection then stays open. ``home`` is its ``$EDGE_HOME``.

    ``message`` is a part of the message of its row; None: it must be flashed all the same.
    """

    name: str
    message: str | None
    programs: Mapping[str, str] = {}
    chatter: str = ""
    server: tuple[bytes, bool] | None = None
    home: str | None = None


def _edge(on: str, script: str) -> dict[str, str]:
    """``edge`` that runs ``script`` for ``edge store ON``, and is the real one for the rest."""
    return {"edge": f'case "$*" in "store {on}"*) {script} ;; *) {_REAL} ;; esac'}


def _listing(text: str) -> dict[str, str]:
    return _edge("list", f"printf '%s\\n' '{text}'")


def _lies(**wrong: object) -> dict[str, str]:
    return _listing(json.dumps({**_GOOD, **wrong}))


_UNUSABLE = "install the current version with --bootstrap"

_LISTINGS = [
    DeviceCase("lists nothing", _UNUSABLE, _edge("list", "exit 0")),
    DeviceCase("lists a word", _UNUSABLE, _listing("hello")),
    DeviceCase("lists an array", _UNUSABLE, _listing("[]")),
    DeviceCase("lists null", _UNUSABLE, _listing("null")),
    DeviceCase("lists an empty object", _UNUSABLE, _listing("{}")),
    DeviceCase("lists arrays in arrays", _UNUSABLE, _edge("list", "head -c 100000 /dev/zero | tr '\\0' '['")),
    DeviceCase("lists half an object", _UNUSABLE, _listing(json.dumps(_GOOD)[:-9])),
    DeviceCase("its store is a number", _UNUSABLE, _lies(root=5)),
    DeviceCase("its store is a relative path", _UNUSABLE, _lies(root="store")),
    DeviceCase("its store has escapes", _UNUSABLE, _lies(root="/\x1b]0;x\x07")),
    DeviceCase("its store has half a letter", _UNUSABLE, _lies(root="/\ud800")),
    DeviceCase("its store has a long name", _UNUSABLE, _lies(root="/" + "a" * 9000)),
    DeviceCase("its current model is a number", _UNUSABLE, _lies(current=5)),
    DeviceCase("its current model is an object", _UNUSABLE, _lies(current={"sha256": SHA})),
    DeviceCase("its previous model is a word", _UNUSABLE, _lies(previous="model")),
    DeviceCase("pending is a word", _UNUSABLE, _lies(pending="no")),
    DeviceCase("its models are null", _UNUSABLE, _lies(models=None)),
    DeviceCase("its models are numbers", _UNUSABLE, _lies(models=[1, 2])),
    DeviceCase("its models have no name", _UNUSABLE, _lies(models=[{"size_bytes": 5}])),
    DeviceCase("it has 1500 models", _UNUSABLE, _lies(models=[{"sha256": SHA}] * 1500)),
    DeviceCase("its watch waits for ever", _UNUSABLE, _lies(watch_every_s=1e300)),
    DeviceCase("its watch waits for no number", _UNUSABLE, _lies(watch_every_s=float("nan"))),
    DeviceCase("its list of signers is a number", _UNUSABLE, _lies(allowed_signers=5)),
    DeviceCase("its interpreter is a word", _UNUSABLE, _lies(interpreter="litert")),
    DeviceCase("its store is a folder that cannot be", "cannot store the upload", _lies(root="/proc/nowhere")),
    DeviceCase("listing crashes", "--bootstrap", _edge("list", "kill -SEGV $$")),
    DeviceCase("listing never ends", "gave no answer within", _edge("list", "exec sleep 60")),
]

_CHANGES = [
    DeviceCase("installs and prints nothing", _UNUSABLE, _edge("install", "exit 0")),
    DeviceCase("installs and prints a word", _UNUSABLE, _edge("install", "echo done")),
    DeviceCase(
        "installs another model",
        "is current there",
        _edge("install", f"echo '{json.dumps({**_GOOD, 'current': SHA})}'"),
    ),
    DeviceCase("installs no model", "none is current there", _edge("install", f"echo '{json.dumps(_GOOD)}'")),
    DeviceCase(
        "installs an object in an object", _UNUSABLE, _edge("install", "printf '{\"a\":%.0s' $(seq 20000); echo")
    ),
    DeviceCase("installs a wrong type", _UNUSABLE, _edge("install", f"echo '{json.dumps({**_GOOD, 'pending': 1})}'")),
    DeviceCase("refuses with escapes", "red", _edge("install", f"{_ESCAPES} >&2; exit 65")),
    DeviceCase("refuses without a message", "ended with code 65", _edge("install", "exit 65")),
    DeviceCase("refuses with 60 MB", "failed", _edge("install", f"{_FLOOD} 60000000 >&2; exit 1")),
    DeviceCase(
        "refuses with a long line", "xxx", _edge("install", "head -c 3000000 /dev/zero | tr '\\0' x >&2; exit 74")
    ),
    DeviceCase("installs and answers with 600 MB", "more than 1 MB", _edge("install", f"{_FLOOD} 600000000")),
    DeviceCase("installing never ends", "gave no answer within", _edge("install", "exec sleep 60")),
    DeviceCase("installing is killed", "its edge was killed", _edge("install", "kill -KILL $$")),
    DeviceCase("ends with a code of ssh", "connection was lost", _edge("install", "exit 255")),
    DeviceCase("ends with an unknown code", "failed", _edge("install", "echo what >&2; exit 99")),
]

_UPLOADS = [
    DeviceCase("writes nothing", "does not keep the bytes", {"dd": "cat > /dev/null"}),
    DeviceCase("takes no bytes", "gave no answer within", {"dd": "exec sleep 60"}),
    DeviceCase("takes some bytes", "cannot store the upload", {"dd": "head -c 100; exit 1"}),
    DeviceCase("ends well before all bytes", "does not keep the bytes", {"dd": "exit 0"}),
    DeviceCase(
        "writes with 60 MB of messages", "cannot store", {"dd": f"{_FLOOD} 60000000 >&2; cat > /dev/null; exit 1"}
    ),
    DeviceCase("writes other bytes", "does not keep the bytes", {"dd": 'tr a b | "$REAL" "$@"'}),
    DeviceCase("adds up wrongly", "does not keep the bytes", {"sha256sum": f"cat > /dev/null; echo {SHA}"}),
    DeviceCase("counts 5000 digits", "does not keep the bytes", {"wc": "cat > /dev/null; printf '9%.0s' $(seq 5000)"}),
    DeviceCase("counts a word", "does not keep the bytes", {"wc": "cat > /dev/null; echo many"}),
    DeviceCase("has no base64", "does not run the commands", {"base64": "exit 1"}),
]

_FACTS = [
    DeviceCase("its processor has 5 MB", "more than 1 MB", {"uname": "head -c 5000000 /dev/zero | tr '\\0' x"}),
    DeviceCase("its processor has escapes", None, {"uname": _ESCAPES}),
    DeviceCase(
        "its disk has 5000 digits", None, {"df": "echo; printf 'd 1 1 '; printf '9%.0s' $(seq 5000); echo ' 1% /'"}
    ),
    DeviceCase("its disk is a word", None, {"df": "echo; echo 'd 1 1 much 1% /'"}),
    DeviceCase("sudo never ends", "gave no answer within", {"sudo": "exec sleep 60"}),
    DeviceCase("its folder is relative", "is not a path", home="relative"),
    DeviceCase("its login shell prints 600 MB", "more than 1 MB", chatter=f"{_FLOOD} 600000000"),
    DeviceCase("its login shell prints escapes", None, chatter=_ESCAPES),
    DeviceCase(
        "its login shell prints facts", _UNUSABLE, chatter="echo fact base '$(reboot)'; trap 'echo fact base x' EXIT"
    ),
    DeviceCase("its login shell never ends", "gave no answer within", chatter="sleep 60"),
    DeviceCase("its login shell ends", "does not run the commands", chatter="exit 0"),
]

_SERVERS = [
    DeviceCase("its server is silent", "login", server=(b"", True)),
    DeviceCase("its server closes", "connection was lost", server=(b"", False)),
    DeviceCase(
        "its server is another program", "connection was lost", server=(b"HTTP/1.1 400 Bad Request\r\n\r\n", False)
    ),
    DeviceCase("its server greets and is silent", "login", server=(b"SSH-2.0-OpenSSH_9.2\r\n", True)),
    DeviceCase("its server sends zeros", "connection was lost", server=(bytes(1_000_000), True)),
    DeviceCase("its server sends lines", "connection was lost", server=(b"line\r\n" * 100_000, True)),
]

CASES: Sequence[DeviceCase] = (*_LISTINGS, *_CHANGES, *_UPLOADS, *_FACTS, *_SERVERS)
