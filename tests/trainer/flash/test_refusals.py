"""What ssh says when it fails, and what users are told."""

from __future__ import annotations

from pathlib import Path

import pytest

from trainer.flash.refusals import explain
from trainer.flash.target import Target


@pytest.mark.parametrize(
    ("said", "told"),
    [
        ("@@@\n@ WARNING: REMOTE HOST IDENTIFICATION HAS CHANGED! @\nHost key verification failed.\n", "ssh-keygen -R"),
        ("Host key verification failed.\n", "run 'ssh -p 2222 pi@box' once"),
        ("pi@box: Permission denied (publickey,password).\n", "'ssh-copy-id -p 2222 pi@box'"),
        ("ssh: Could not resolve hostname box: Name or service not known\n", "no host of this name"),
        ("ssh: connect to host box port 2222: Connection refused\n", "systemctl enable --now ssh"),
        ("ssh: connect to host box port 2222: Connection timed out\n", "is it on?"),
        ("Connection to box closed by remote host.\n", "to go on"),
        ("Timeout, server box not responding.\n", "to go on"),
        ("", "ssh ended without a word"),
    ],
)
def test_every_failure_of_ssh_says_how_to_mend_it(said: str, told: str) -> None:
    """The texts are those of OpenSSH 9; the answer is one line, exit code 69."""
    error = explain(Target.parse("pi@box:2222"), said)
    assert told in str(error)
    assert error.exit_code == 69
    assert "\n" not in str(error)


def test_a_folder_taken_for_a_host(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Who names a folder without a slash is told how to write it; who names a host is not."""
    (tmp_path / "card").mkdir()
    monkeypatch.chdir(tmp_path)
    said = "ssh: Could not resolve hostname card: Name or service not known\n"
    assert str(explain(Target.parse("card"), said)).endswith("for the folder of this name write ./card")
    assert "folder" not in str(explain(Target.parse("pi@card"), said))
