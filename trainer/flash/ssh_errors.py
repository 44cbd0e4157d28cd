"""The messages of ``ssh`` when it fails, each as one line that says how to fix the problem."""

from __future__ import annotations

import re
from pathlib import Path

from edge.errors import UnavailableError
from edge.shorten import plain_text
from trainer.flash.openssh import copy_key
from trainer.flash.target import Target

_PROBLEMS = (
    # The order matters: for a changed key ssh also says that the verification failed.
    (
        "REMOTE HOST IDENTIFICATION HAS CHANGED|host key .* has changed",
        "its host key has changed; if you installed its system again, run ssh-keygen -R {known} and then {ssh}; "
        "if not, another machine may answer in its place",
    ),
    (
        "Host key verification failed|No .* host key is known",
        "its host key is not known; run {ssh} once and confirm it",
    ),
    (
        "Permission denied|Too many authentication failures|no more authentication methods",
        "it refused the login; copy your key there with {copy}",
    ),
    (
        "Could not resolve hostname|Name or service not known|No such host is known",
        "there is no host of this name; check the name, and that the device is on{folder}",
    ),
    ("Connection refused", "it runs no SSH server; run on the device: sudo systemctl enable --now ssh"),
    (
        "Connection timed out|No route to host|Network is unreachable|Operation timed out",
        "it does not answer; check that it is on and in the network",
    ),
    (
        "[Bb]ad configuration option|configuration file|Bad owner or permissions",
        "the configuration of ssh is wrong: {message}",
    ),
)
_LOST = "the connection was lost ({message}); run the same command again to continue"


def ssh_error(target: Target, stderr: str) -> UnavailableError:
    """The error for the ``stderr`` of an ``ssh`` that did not reach ``target``, or lost the connection to it."""
    lines = [line.strip() for line in stderr.splitlines() if line.strip()]
    port = f" -p {target.port}" if target.port else ""
    values = {
        "message": plain_text(lines[-1], 200) if lines else "ssh ended without a message",
        "ssh": f"'ssh{port} {target.destination}'",
        "copy": copy_key(port, target.destination),
        "folder": f"; for the folder of this name write ./{target.name}" if Path(target.name).is_dir() else "",
        "known": f"'[{target.host}]:{target.port}'" if target.port not in (None, 22) else target.host,
    }
    for pattern, fix in _PROBLEMS:
        if re.search(pattern, stderr):
            return UnavailableError(fix.format_map(values))
    return UnavailableError(_LOST.format_map(values))
