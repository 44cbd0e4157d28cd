"""A bare Raspberry Pi OS made ready: an environment of its own with the edge package, and the service."""

from __future__ import annotations

import hashlib
import io
import shlex
import tarfile
import tempfile
import threading
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import NamedTuple

from edge.errors import ConfigurationError, StorageError
from trainer.flash.facts import Facts
from trainer.flash.ssh import Connection
from trainer.flash.upload import Upload, upload
from trainer.wheels.edge_wheel import device_functions
from trainer.wheels.machine import Machine
from trainer.wheels.wheelhouse import collect_wheels

_APT = "apt-get install -y python3-venv"
_INSTALL_APT = f"""
if [ "$(id -u)" -eq 0 ]; then sudo=; else sudo="sudo -n"; fi
$sudo apt-get update -q >&2
$sudo env DEBIAN_FRONTEND=noninteractive {_APT} -q >&2
"""
# $1 base, $2 name of the environment, $3 Python, $4 the uploaded archive; then pip's options
_MAKE = """
set -eu
base=$1; name=$2; archive=$4
python=$(find_python "$3")
shift 4
work=$(mktemp -d "$base/wheels.XXXXXX")
trap 'rm -rf "$work"' EXIT
tar -xf "$archive" -C "$work"
make_environment "$base" "$name" "$python" "$work" "$@"
rm -f "$archive"
"""
# $1 edge, then what edge watch is given
_SERVICE = """
set -eu
if [ "$(id -u)" -eq 0 ]; then sudo=; else sudo="sudo -n"; fi
edge=$1; shift
$sudo "$edge" service --install "$@" >&2
$sudo systemctl daemon-reload >&2
$sudo systemctl enable edge-watch >&2
$sudo systemctl restart edge-watch >&2
"""
_ROOM_FOR_ENVIRONMENT = 6  # unpacked and compiled, in sizes of the wheels; 4.7 on x86-64 with Python 3.11


class Packed(NamedTuple):
    """The wheels for a machine in one tar file, and requirements that the device must fetch itself."""

    archive: bytes
    missing: list[str]

    @property
    def name(self) -> str:
        """What an environment made of it is called: the same wheels, the same name."""
        return hashlib.sha256(self.archive).hexdigest()[:16]


class Plan(NamedTuple):
    """What is to be done, one line each; empty where the device is ready. ``environment``: whether one must be made."""

    packed: Packed
    python: str
    environment: bool
    lines: list[str]


class Bootstrap:
    """Plans and does bootstraps; the wheels for machines of one kind are fetched once."""

    def __init__(self, find_links: list[Path], extras: Sequence[str] = (), service: Sequence[str] = ()) -> None:
        """``find_links`` are folders of wheels beside pip's indexes, ``extras`` those of the edge package.

        ``service`` are the arguments that ``edge watch`` is to run with as a service; none where they are empty.
        """
        self._find_links, self._extras = find_links, extras
        self._service = list(service)
        self._packed: dict[Machine, Packed] = {}
        self._lock = threading.Lock()

    def plan(self, facts: Facts) -> Plan:
        """What it takes to make the device with these ``facts`` ready; nothing is changed.

        Raises :class:`~edge.errors.ConfigurationError` where it cannot be made ready, and
        :class:`~edge.errors.StorageError` where it has no room.
        """
        if not facts.python:
            raise ConfigurationError("it has no python3; run there: sudo apt install python3-venv")
        machine = Machine.seen(facts.kernel, facts.debian, facts.python, facts.glibc)
        if self._service and not (facts.has_systemd and facts.can_sudo):
            raise ConfigurationError("a service needs systemd and sudo without a password; leave out --service")
        packed = self._pack(machine)
        service = [f"run edge watch {shlex.join(self._service)} as a service"] if self._service else []
        if facts.edge and facts.environment == packed.name:
            return Plan(packed, facts.python, False, service)
        lines = []
        if not facts.has_venv:
            if not facts.can_sudo:
                raise ConfigurationError(f"python3-venv is missing; run there: sudo {_APT}")
            lines.append(f"run {'' if facts.is_root else 'sudo '}{_APT}")
        size = len(packed.archive)
        if facts.free_bytes is not None and facts.free_bytes < (1 + _ROOM_FOR_ENVIRONMENT) * size:
            needed = (1 + _ROOM_FOR_ENVIRONMENT) * size / 1e6
            raise StorageError(f"{facts.free_bytes / 1e6:.0f} MB are free and {needed:.0f} MB needed; make room there")
        what = f"{machine.architecture}, Python {machine.python}"
        lines.append(f"upload {size / 1e6:.1f} MB of wheels ({what}) and make {facts.base}/venv of them")
        if packed.missing:
            lines.append(f"let the device's own pip fetch {', '.join(packed.missing)}")
        return Plan(packed, facts.python, True, lines + service)

    def make_ready(
        self,
        connection: Connection,
        facts: Facts,
        plan: Plan,
        stage: Callable[[str, int | None], None],
        advance: Callable[[int], None],
    ) -> Upload:
        """Do what ``plan`` says; returns what went over the connection.

        After a cut the old environment still serves, and a repeat goes on.

        Raises :class:`~edge.errors.ConfigurationError` with the device's own words where a step fails there.
        """
        packed = plan.packed
        if not facts.has_venv:
            stage("apt-get", None)
            _run(connection, _INSTALL_APT)
        stage("wheels", len(packed.archive))
        archive = f"{facts.base}/incoming/{hashlib.sha256(packed.archive).hexdigest()}.part"
        sent = upload(connection, packed.archive, archive, advance)
        stage("environment", None)
        options = [] if packed.missing else ["--no-index"]
        _run(connection, device_functions() + _MAKE, facts.base, packed.name, plan.python, archive, *options)
        return sent

    def install_service(self, connection: Connection, edge: str, model: str) -> None:
        """Let ``edge watch`` run as a service with the file ``model``, where that was asked for.

        Raises :class:`~edge.errors.ConfigurationError` with the device's own words where that fails.
        """
        if self._service:
            _run(connection, _SERVICE, edge, *self._service, "--model", model)

    def _pack(self, machine: Machine) -> Packed:
        with self._lock:  # the second device of a kind waits for the first one's wheels
            if machine not in self._packed:
                self._packed[machine] = _pack(machine, self._find_links, self._extras)
            return self._packed[machine]


def _pack(machine: Machine, find_links: list[Path], extras: Sequence[str]) -> Packed:
    with tempfile.TemporaryDirectory(prefix="edge-wheels-") as folder:
        house = collect_wheels(machine, Path(folder), find_links, extras)
        packed = io.BytesIO()
        with tarfile.open(fileobj=packed, mode="w", format=tarfile.USTAR_FORMAT) as archive:
            for wheel in house.wheels:
                entry = tarfile.TarInfo(wheel.name)
                entry.size = wheel.stat().st_size
                with wheel.open("rb") as content:
                    archive.addfile(entry, content)
    return Packed(packed.getvalue(), house.missing)


def _run(connection: Connection, script: str, *arguments: str) -> None:
    answer = connection.run(script, *arguments)
    if answer.code:
        lines = [line.strip() for line in answer.err.splitlines() if line.strip()]
        said = next((line for line in reversed(lines) if line.startswith(("edge:", "ERROR", "E:"))), None)
        reason = said or (lines[-1] if lines else f"code {answer.code}")
        kind = StorageError if "No space left" in answer.err else ConfigurationError
        raise kind(f"the bootstrap failed: {reason.removeprefix('edge: ')[:300]}")
