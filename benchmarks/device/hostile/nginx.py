"""A real nginx on loopback that passes requests on, with nginx's own defaults."""

from __future__ import annotations

import contextlib
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

from benchmarks.device.ports import accepts, free_port
from benchmarks.device.waiting import wait
from edge.errors import ConfigurationError, UnavailableError

_START_S, _END_S = 30.0, 10.0
_TEMPORARY = ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")


@contextlib.contextmanager
def nginx(folder: Path, port: int, *settings: str, locations: str | None = None) -> Iterator[str]:
    """The address of an nginx that passes requests on to ``port``; ``settings`` are lines of its location.

    ``locations`` are the locations of its server, instead of that one.

    Raises :class:`~edge.errors.ConfigurationError` if it is not installed, and
    :class:`~edge.errors.UnavailableError` if it does not start.
    """
    program = shutil.which("nginx") or shutil.which("nginx", path="/usr/sbin")
    if program is None:
        raise ConfigurationError("this needs nginx: sudo apt install -y nginx")
    folder.mkdir(parents=True, exist_ok=True)
    own = free_port()
    temporary = "".join(f"{name}_temp_path {folder}/{name};" for name in _TEMPORARY)
    locations = locations or f"location / {{ proxy_pass http://127.0.0.1:{port}; {' '.join(settings)} }}"
    (folder / "nginx.conf").write_text(
        f"daemon off; master_process off; worker_processes 1; pid {folder}/pid; error_log {folder}/error.log;"
        f"events {{}} http {{ access_log off; {temporary}"
        f"server {{ listen 127.0.0.1:{own}; {locations} }} }}\n"
    )
    command = [program, "-p", str(folder), "-c", str(folder / "nginx.conf"), "-e", str(folder / "error.log")]
    tested = subprocess.run([*command, "-t"], capture_output=True, text=True, check=False)
    if tested.returncode:
        raise UnavailableError(f"nginx does not start: {tested.stderr.strip()}")
    with subprocess.Popen(command) as process:
        try:
            if not wait(lambda: accepts(own), _START_S):
                raise UnavailableError("nginx does not start")
            yield f"http://127.0.0.1:{own}/"
        finally:
            process.terminate()
            process.wait(_END_S)
