"""What ``ssh`` says when it fails, in one line that says how to mend it."""

from __future__ import annotations

import re
from pathlib import Path

from edge.errors import UnavailableError
from trainer.flash.target import Target

_SAYINGS = (
    # The order matters: a changed key is also a failed verification.
    (
        "REMOTE HOST IDENTIFICATION HAS CHANGED|host key .* has changed",
        "its host key has changed; if you set the device up anew, run ssh-keygen -R {known} and then {ssh}, "
        "else somebody may be listening",
    ),
    (
        "Host key verification failed|No .* host key is known",
        "its host key is not known; run {ssh} once and confirm it",
    ),
    (
        "Permission denied|Too many authentication failures|no more authentication methods",
        "it refused the login; put your key there with {copy}",
    ),
    (
        "Could not resolve hostname|Name or service not known",
        "no host of this name; check it, and that it is on{folder}",
    ),
    ("Connection refused", "it runs no SSH server; on the device: sudo systemctl enable --now ssh"),
    ("Connection timed out|No route to host|Network is unreachable|Operation timed out", "does not answer; is it on?"),
    ("[Bb]ad configuration option|configuration file|Bad owner or permissions", "ssh's configuration: {said}"),
)
_LOST = "the connection was lost ({said}); run the same command again to go on"


def explain(target: Target, stderr: str) -> UnavailableError:
    """The error that tells why ``ssh`` could not reach ``target`` or lost it; ``stderr`` is what it said."""
    lines = [line.strip() for line in stderr.splitlines() if line.strip()]
    said = lines[-1][:200] if lines else "ssh ended without a word"
    port = f" -p {target.port}" if target.port else ""
    words = {
        "said": said,
        "ssh": f"'ssh{port} {target.destination}'",
        "copy": f"'ssh-copy-id{port} {target.destination}'",
        "folder": f"; for the folder of this name write ./{target.name}" if Path(target.name).is_dir() else "",
        "known": f"'[{target.host}]:{target.port}'" if target.port not in (None, 22) else target.host,
    }
    for pattern, remedy in _SAYINGS:
        if re.search(pattern, stderr):
            return UnavailableError(remedy.format_map(words))
    return UnavailableError(_LOST.format_map(words))
