"""The messages of ssh when it fails, and the errors made of them."""

from __future__ import annotations

from pathlib import Path

import pytest

from trainer.flash.ssh_errors import ssh_error
from trainer.flash.target import Target


@pytest.mark.parametrize(
    ("stderr", "expected"),
    [
        ("@@@\n@ WARNING: REMOTE HOST IDENTIFICATION HAS CHANGED! @\nHost key verification failed.\n", "ssh-keygen -R"),
        ("Host key verification failed.\n", "run 'ssh -p 2222 pi@box' once"),
        ("pi@box: Permission denied (publickey,password).\n", "'ssh-copy-id -p 2222 pi@box'"),
        ("ssh: Could not resolve hostname box: Name or service not known\n", "there is no host of this name"),
        ("ssh: connect to host box port 2222: Connection refused\n", "systemctl enable --now ssh"),
        ("ssh: connect to host box port 2222: Connection timed out\n", "check that it is on"),
        ("Connection to box closed by remote host.\n", "to continue"),
        ("Timeout, server box not responding.\n", "to continue"),
        ("", "ssh ended without a message"),
    ],
)
def test_every_failure_of_ssh_says_how_to_fix_it(stderr: str, expected: str) -> None:
    """For messages of OpenSSH 9 the error is one line, with exit code 69."""
    error = ssh_error(Target.parse("pi@box:2222"), stderr)
    assert expected in str(error)
    assert error.exit_code == 69
    assert "\n" not in str(error)


def test_a_folder_taken_for_a_host(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """If a folder of that name exists, the error says how to write it; with a user in the name it does not."""
    (tmp_path / "card").mkdir()
    monkeypatch.chdir(tmp_path)
    stderr = "ssh: Could not resolve hostname card: Name or service not known\n"
    assert str(ssh_error(Target.parse("card"), stderr)).endswith("for the folder of this name write ./card")
    assert "folder" not in str(ssh_error(Target.parse("pi@card"), stderr))
