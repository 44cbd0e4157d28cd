"""What a device says of itself, asked in one go before anything is done to it."""

from __future__ import annotations

import json
from typing import Any, NamedTuple

from edge.errors import UnavailableError
from trainer.flash.ssh import Connection
from trainer.wheels.edge_wheel import device_functions

# Each line of the answer begins with a word of ours, because a login shell may talk, too.
_ASK = r"""
fact() { printf 'fact %s %s\n' "$1" "$2"; }
fact kernel "$(uname -m)"
fact debian "$(dpkg --print-architecture 2>/dev/null)"
fact python "$(python3 -c 'import sys; print("%d.%d" % sys.version_info[:2])' 2>/dev/null)"
fact glibc "$(getconf GNU_LIBC_VERSION 2>/dev/null | cut -d ' ' -f 2)"
fact venv "$(python3 -c 'import ensurepip, venv' 2>/dev/null && echo yes)"
fact root "$([ "$(id -u)" -eq 0 ] && echo yes)"
fact sudo "$(sudo -n true 2>/dev/null && echo yes)"
fact systemd "$([ -d /run/systemd/system ] && echo yes)"
base=$(base_folder)
fact base "$base"
fact environment "$(basename "$(readlink "$base/venv")")"
user=$HOME/.local/share/edge
for edge in "$base/venv/bin/edge" "$(command -v edge)" "$user/venv/bin/edge" /opt/edge/venv/bin/edge; do
    if [ -x "$edge" ] && listing=$("$edge" store list --json 2>/dev/null); then
        fact edge "$edge"
        fact store "$listing"
        fact version "$("$edge" --version)"
        break
    fi
done
folder=$base
while [ ! -d "$folder" ]; do folder=$(dirname "$folder"); done
fact free "$(df -Pk "$folder" | awk 'NR == 2 { print $4 }')"
"""


class Facts(NamedTuple):
    """A device, as it is. Texts are empty and ``edge`` and ``store`` None where the device has no such thing.

    ``kernel`` is ``uname -m``, ``debian`` the userland's architecture, ``python`` such as ``3.11``, ``glibc``
    such as ``2.36``. ``base`` is the folder that a bootstrap makes its environment in, ``environment`` the name of
    the one in use there. ``edge`` is the path of the command, ``version`` what it says of itself, ``store`` what
    ``edge store list --json`` said.
    """

    kernel: str
    debian: str
    python: str
    glibc: str
    has_venv: bool
    is_root: bool
    can_sudo: bool
    has_systemd: bool
    base: str
    environment: str
    free_bytes: int | None
    edge: str | None
    version: str
    store: dict[str, Any] | None


def ask_facts(connection: Connection) -> Facts:
    """What the device at the other end of ``connection`` is and has.

    Raises :class:`~edge.errors.UnavailableError` where it cannot be reached or makes no sense.
    """
    answer = connection.run(device_functions() + _ASK)
    said: dict[str, str] = {}
    for line in answer.out.splitlines():
        word, _, rest = line.partition(" ")
        if word == "fact":
            name, _, value = rest.partition(" ")
            said[name] = value.strip()
    if "kernel" not in said:
        raise UnavailableError("it does not run commands over ssh as Linux does; is it a Raspberry Pi?")
    return Facts(
        kernel=said["kernel"],
        debian=said.get("debian", ""),
        python=said.get("python", ""),
        glibc=said.get("glibc", ""),
        has_venv=said.get("venv") == "yes",
        is_root=said.get("root") == "yes",
        can_sudo=said.get("sudo") == "yes",
        has_systemd=said.get("systemd") == "yes",
        base=said.get("base", ""),
        environment=said.get("environment", ""),
        free_bytes=1024 * int(said["free"]) if said.get("free", "").isdecimal() else None,
        edge=said.get("edge") or None,
        version=said.get("version", ""),
        store=_json(said.get("store", "")),
    )


def _json(text: str) -> dict[str, Any] | None:
    try:
        value = json.loads(text)
    except ValueError:
        return None
    return value if isinstance(value, dict) else None
