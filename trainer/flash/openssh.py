"""What differs between the OpenSSH of Windows and that of other systems."""

from __future__ import annotations

import sys


def shares_logins() -> bool:
    """Whether several commands can use one login (``ControlMaster``): the ssh of Windows cannot."""
    return sys.platform != "win32"


def how_to_install() -> str:
    """How to install ``ssh`` and ``ssh-keygen`` here; macOS always has them."""
    if sys.platform == "win32":
        return "Settings, Optional features, OpenSSH Client"
    return "sudo apt install openssh-client"


def copy_key(options: str, destination: str) -> str:
    """The command that makes ``destination`` accept this user's key; Windows has no ``ssh-copy-id``.

    ``options`` are those of ssh, such as `` -p 2222``, with a blank before each.
    """
    if sys.platform == "win32":
        append = "mkdir -p .ssh; cat >> .ssh/authorized_keys"
        return f"Get-Content ~/.ssh/id_ed25519.pub | ssh{options} {destination} '{append}'"
    return f"'ssh-copy-id{options} {destination}'"
