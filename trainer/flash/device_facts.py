"""Facts about a device, read by one command before anything on it is changed."""

from __future__ import annotations

import json
from typing import Any, NamedTuple

from edge.errors import UnavailableError
from trainer.flash.ssh_connection import SshConnection
from trainer.wheels.environment import shell_functions

# Each line of the answer begins with "fact", because the login shell may print other lines.
_READ = r"""
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


class DeviceFacts(NamedTuple):
    """What a device is and has. If it lacks something, the text is empty, and ``edge`` and ``store`` are None.

    ``kernel`` is the output of ``uname -m``, ``debian`` that of ``dpkg --print-architecture``, ``python`` a version
    such as ``3.11``, ``glibc`` one such as ``2.36``. ``base`` is the folder for the environments of a bootstrap,
    ``environment`` the name of the one in use. ``edge`` is the path of the command, ``version`` the output of its
    ``--version``, ``store`` that of its ``store list --json``.
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


def read_device_facts(connection: SshConnection) -> DeviceFacts:
    """Read the facts of the device at the other end of ``connection``.

    Raises :class:`~edge.errors.UnavailableError` if it cannot be reached, or does not run the commands of a Linux
    system.
    """
    answer = connection.run(shell_functions() + _READ)
    facts: dict[str, str] = {}
    for line in answer.out.splitlines():
        word, _, rest = line.partition(" ")
        if word == "fact":
            name, _, value = rest.partition(" ")
            facts[name] = value.strip()
    if "kernel" not in facts:
        raise UnavailableError("it does not run the commands of Linux over ssh; check that it is a Raspberry Pi")
    return DeviceFacts(
        kernel=facts["kernel"],
        debian=facts.get("debian", ""),
        python=facts.get("python", ""),
        glibc=facts.get("glibc", ""),
        has_venv=facts.get("venv") == "yes",
        is_root=facts.get("root") == "yes",
        can_sudo=facts.get("sudo") == "yes",
        has_systemd=facts.get("systemd") == "yes",
        base=facts.get("base", ""),
        environment=facts.get("environment", ""),
        free_bytes=1024 * int(facts["free"]) if facts.get("free", "").isdecimal() else None,
        edge=facts.get("edge") or None,
        version=facts.get("version", ""),
        store=_json(facts.get("store", "")),
    )


def _json(text: str) -> dict[str, Any] | None:
    try:
        value = json.loads(text)
    except ValueError:
        return None
    return value if isinstance(value, dict) else None
