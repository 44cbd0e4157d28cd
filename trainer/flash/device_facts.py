"""Facts about a device, read by one command before anything on it is changed."""

from __future__ import annotations

from typing import NamedTuple

from edge.errors import UnavailableError
from trainer.flash.device_answers import StoreListing, checked_path, parse_listing, read_fact_lines, whole_number
from trainer.flash.ssh_connection import SshConnection
from trainer.wheels.environment import shell_functions

# Each line of the answer begins with "fact", because the login shell may print other lines.
_READ = r"""
fact() { printf 'fact %s %s\n' "$1" "$2"; }
fact kernel "$(uname -m)"
fact debian "$(dpkg --print-architecture 2>/dev/null)"
fact python "$(python3 -c 'import sys; print("%d.%d" % sys.version_info[:2])' 2>/dev/null)"
fact glibc "$(getconf GNU_LIBC_VERSION 2>/dev/null | cut -d ' ' -f 2)"
fact build "$(python3 -c 'import struct, sysconfig
print(8 * struct.calcsize("P"), sysconfig.get_config_var("SOABI"))' 2>/dev/null)"
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
    such as ``3.11``, ``glibc`` one such as ``2.36``. ``build`` is the width of the Python's pointers in bits, and the
    tag of its binary interface: ``64 cpython-311-aarch64-linux-gnu``. ``base`` is the folder for the environments of a
    bootstrap, ``environment`` the name of the one in use. ``edge`` is the path of the command, ``version`` the output
    of its ``--version``, ``store`` what its ``store list --json`` answers.
    """

    kernel: str
    debian: str
    python: str
    glibc: str
    build: str
    has_venv: bool
    is_root: bool
    can_sudo: bool
    has_systemd: bool
    base: str
    environment: str
    free_bytes: int | None
    edge: str | None
    version: str
    store: StoreListing | None


def read_device_facts(connection: SshConnection) -> DeviceFacts:
    """Read the facts of the device at the other end of ``connection``.

    Raises :class:`~edge.errors.UnavailableError` if it cannot be reached, or does not run the commands of a Linux
    system, and :class:`~edge.errors.ConfigurationError` if its answers cannot be used.
    """
    answer = connection.run(shell_functions() + _READ)
    facts = read_fact_lines(answer.out)
    if "kernel" not in facts:
        raise UnavailableError("it does not run the commands of Linux over ssh; check that it is a Raspberry Pi")
    free_kb = whole_number(facts.get("free", ""))
    return DeviceFacts(
        kernel=facts["kernel"],
        debian=facts.get("debian", ""),
        python=facts.get("python", ""),
        glibc=facts.get("glibc", ""),
        build=facts.get("build", ""),
        has_venv=facts.get("venv") == "yes",
        is_root=facts.get("root") == "yes",
        can_sudo=facts.get("sudo") == "yes",
        has_systemd=facts.get("systemd") == "yes",
        base=checked_path("its folder for environments", facts.get("base", "")),
        environment=facts.get("environment", ""),
        free_bytes=None if free_kb is None else 1024 * free_kb,
        edge=checked_path("its edge", facts["edge"]) if facts.get("edge") else None,
        version=facts.get("version", ""),
        store=parse_listing(facts["store"]) if facts.get("edge") and "store" in facts else None,
    )
