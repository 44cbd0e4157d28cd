"""Prepare a bare Raspberry Pi OS over SSH: a Python environment with the edge package, and the service."""

from __future__ import annotations

import hashlib
import io
import shlex
import tarfile
import tempfile
import threading
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

from edge.errors import ConfigurationError, StorageError
from edge.shorten import plain_text
from edge.store.compatibility import Runtime
from trainer.flash.device_facts import DeviceFacts
from trainer.flash.progress_rows import ProgressRow
from trainer.flash.ssh_connection import SshConnection
from trainer.flash.upload import Upload, upload
from trainer.wheels.device_platform import DevicePlatform
from trainer.wheels.environment import shell_functions
from trainer.wheels.wheelhouse import REQUIREMENTS_NAME, WheelRequest, collect_wheels

_APT = "apt-get install -y python3-venv"
_INSTALL_VENV = f"""
if [ "$(id -u)" -eq 0 ]; then sudo=; else sudo="sudo -n"; fi
$sudo apt-get update -q >&2
$sudo env DEBIAN_FRONTEND=noninteractive {_APT} -q >&2
"""
# Arguments: the base folder, the name of the environment, the version of Python, the uploaded archive, and "online" if
# pip must fetch wheels that are not in it.
_MAKE_ENVIRONMENT = """
set -eu
base=$1; name=$2; archive=$4; missing=$5
python=$(find_python "$3")
work=$(mktemp -d "$base/wheels.XXXXXX")
trap 'rm -rf "$work"' EXIT
tar -xf "$archive" -C "$work"
make_environment "$base" "$name" "$python" "$work" "$missing"
rm -f "$archive"
"""
# Arguments: the path of edge, then the arguments of edge watch.
_INSTALL_SERVICE = """
set -eu
if [ "$(id -u)" -eq 0 ]; then sudo=; else sudo="sudo -n"; fi
edge=$1; shift
$sudo "$edge" service --install "$@" >&2
$sudo systemctl daemon-reload >&2
$sudo systemctl enable edge-watch >&2
$sudo systemctl restart edge-watch >&2
"""
# An unpacked and compiled environment is about this many times as large as its wheels: 4.7 on x86-64, Python 3.11.
_ENVIRONMENT_SIZE = 6
_INSTALL_S = 1800.0  # for apt-get, and for an environment: a Pi on a slow card and network needs many minutes
_SERVICE_S = 180.0


class PackedWheels(NamedTuple):
    """The wheels for a platform as one tar file, and the requirements that the device itself must fetch.

    ``interpreter`` is the one among the wheels.
    """

    archive: bytes
    missing: list[str]
    interpreter: Runtime | None

    @property
    def name(self) -> str:
        """The name of an environment made of these wheels: equal wheels have equal names."""
        return hashlib.sha256(self.archive).hexdigest()[:16]


class BootstrapPlan(NamedTuple):
    """The ``steps`` to make a device ready, each as one line; none if it is ready.

    ``needs_environment`` tells whether an environment of the ``wheels`` must be made, with the ``python`` there.
    """

    wheels: PackedWheels
    python: str
    needs_environment: bool
    steps: list[str]


class Bootstrap:
    """Plans and does the bootstraps of devices; the wheels for each platform are fetched only once."""

    def __init__(
        self, *, find_links: Sequence[Path] = (), extras: Sequence[str] = (), service: Sequence[str] = ()
    ) -> None:
        """``find_links`` are folders of wheels beside pip's indexes, ``extras`` those of the edge package.

        ``service`` are the arguments of ``edge watch`` as a service; if empty, no service is installed.
        """
        self._find_links, self._extras = find_links, extras
        self._service = list(service)
        self._wheels: dict[DevicePlatform, PackedWheels] = {}
        self._lock = threading.Lock()

    def plan(self, facts: DeviceFacts) -> BootstrapPlan:
        """The plan for the device with these ``facts``; nothing is changed.

        Raises :class:`~edge.errors.ConfigurationError` if the device cannot be made ready, and
        :class:`~edge.errors.StorageError` if it has too little free space.
        """
        if not facts.python:
            raise ConfigurationError("it has no python3; run there: sudo apt install python3-venv")
        platform = DevicePlatform.reported(
            kernel=facts.kernel, debian=facts.debian, python=facts.python, glibc=facts.glibc, build=facts.build
        )
        if self._service and not (facts.has_systemd and facts.can_sudo):
            raise ConfigurationError("a service needs systemd, and sudo without a password; leave out --service")
        wheels = self._wheels_for(platform)
        service = [f"run edge watch {shlex.join(self._service)} as a service"] if self._service else []
        if facts.edge and facts.environment == wheels.name:
            return BootstrapPlan(wheels, facts.python, needs_environment=False, steps=service)
        steps = []
        if not facts.has_venv:
            if not facts.can_sudo:
                raise ConfigurationError(f"python3-venv is missing; run there: sudo {_APT}")
            steps.append(f"run {'' if facts.is_root else 'sudo '}{_APT}")
        size = len(wheels.archive)
        needed = (1 + _ENVIRONMENT_SIZE) * size
        if facts.free_bytes is not None and facts.free_bytes < needed:
            raise StorageError(
                f"it has {facts.free_bytes / 1e6:.0f} MB of free space and needs {needed / 1e6:.0f} MB; "
                "remove something there"
            )
        target = f"{platform.processor}, Python {platform.python}"
        steps.append(f"upload {size / 1e6:.1f} MB of wheels ({target}) and make {facts.base}/venv from them")
        if wheels.missing:
            steps.append(f"let the device's own pip fetch {', '.join(wheels.missing)}, without a hash")
        return BootstrapPlan(wheels, facts.python, needs_environment=True, steps=steps + service)

    def make_ready(
        self, connection: SshConnection, facts: DeviceFacts, plan: BootstrapPlan, row: ProgressRow
    ) -> Upload:
        """Make the environment of ``plan`` and return what was uploaded.

        If this is interrupted, the old environment stays in use, and a repeat continues.

        Raises :class:`~edge.errors.ConfigurationError` or :class:`~edge.errors.StorageError` with the device's own
        message if a step fails there.
        """
        wheels = plan.wheels
        if not facts.has_venv:
            row.stage("apt-get")
            _run(connection, _INSTALL_S, _INSTALL_VENV)
        row.stage("wheels", len(wheels.archive))
        archive = f"{facts.base}/incoming/{hashlib.sha256(wheels.archive).hexdigest()}.part"
        sent = upload(connection, wheels.archive, archive, row.advance)
        row.stage("environment")
        missing = "online" if wheels.missing else "offline"
        script = shell_functions() + _MAKE_ENVIRONMENT
        _run(connection, _INSTALL_S, script, facts.base, wheels.name, plan.python, archive, missing)
        return sent

    def install_service(self, connection: SshConnection, edge: str, model: str) -> None:
        """Run ``edge watch`` as a service with the file ``model``, if a service was asked for.

        Raises what :meth:`make_ready` does.
        """
        if self._service:
            _run(connection, _SERVICE_S, _INSTALL_SERVICE, edge, *self._service, "--model", model)

    def _wheels_for(self, platform: DevicePlatform) -> PackedWheels:
        with self._lock:  # a second device of the same platform waits until the wheels are here
            if platform not in self._wheels:
                self._wheels[platform] = _pack(WheelRequest(platform, self._find_links, self._extras))
            return self._wheels[platform]


def _pack(request: WheelRequest) -> PackedWheels:
    with tempfile.TemporaryDirectory(prefix="edge-wheels-") as folder:
        collected = collect_wheels(request, Path(folder))
        collected.check_interpreter(request.platform)
        packed = io.BytesIO()
        requirements = Path(folder, REQUIREMENTS_NAME)
        requirements.write_bytes(collected.requirements().encode())
        with tarfile.open(fileobj=packed, mode="w", format=tarfile.USTAR_FORMAT) as archive:
            for path in (*collected.wheels, requirements):
                entry = tarfile.TarInfo(path.name)
                entry.size = path.stat().st_size
                with path.open("rb") as content:
                    archive.addfile(entry, content)
    return PackedWheels(packed.getvalue(), collected.missing, collected.interpreter())


def _run(connection: SshConnection, limit_s: float, script: str, *arguments: str) -> None:
    answer = connection.run(script, *arguments, limit_s=limit_s)
    if answer.code:
        lines = [line.strip() for line in answer.err.splitlines() if line.strip()]
        message = next((line for line in reversed(lines) if line.startswith(("edge:", "ERROR", "E:"))), None)
        reason = message or (lines[-1] if lines else f"code {answer.code}")
        error = StorageError if "No space left" in answer.err else ConfigurationError
        raise error(f"the bootstrap failed: {plain_text(reason.removeprefix('edge: '))}")
