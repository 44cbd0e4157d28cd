"""``trainer teach --pull``: the photos of another device, over a real SSH server."""

from __future__ import annotations

from pathlib import Path

import pytest
from typer.testing import CliRunner

from benchmarks.device.faults.loopback import SSHD, running
from trainer.cli import app

pytestmark = [
    pytest.mark.skipif(SSHD is None, reason="no sshd here: apt install openssh-server"),
    pytest.mark.xdist_group("sshd"),
]


def test_the_photos_are_copied_and_no_session_starts(tmp_path: Path) -> None:
    """The line says how many came, and a second time that they are here; the argument is the folder."""
    with running(tmp_path / "server") as server:
        there = server.home / "photos"
        for name in ("rose/a.jpg", "tulip/b.jpg", "loose.jpg"):
            (there / name).parent.mkdir(parents=True, exist_ok=True)
            (there / name).write_bytes(name.encode())
        arguments = ["teach", "--pull", "pi1", "--pull-folder", str(there), "--ssh-config", str(server.config)]
        with pytest.MonkeyPatch.context() as patch:
            patch.chdir(tmp_path)
            first = CliRunner().invoke(app, arguments, catch_exceptions=False)
            second = CliRunner().invoke(app, arguments, catch_exceptions=False)
            other = CliRunner().invoke(app, [*arguments, "mine"], catch_exceptions=False)
    here = tmp_path / "photos"
    assert (first.exit_code, second.exit_code) == (0, 0)
    assert "photos: 2 photos copied, 0 were here already" in first.stderr
    assert "loose.jpg" in first.stderr and "not in a class folder" in first.stderr
    assert "photos: 0 photos copied, 2 were here already" in second.stderr
    assert "mine: 2 photos copied" in other.stderr
    assert sorted(str(path.relative_to(here)) for path in here.rglob("*.jpg")) == ["rose/a.jpg", "tulip/b.jpg"]


@pytest.mark.parametrize("name", ["./card", "-oProxyCommand=x", "a b"])
def test_what_is_no_host_is_refused(name: str, tmp_path: Path) -> None:
    """A folder, an option of ssh and a text with spaces are no devices."""
    (tmp_path / "card").mkdir()
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(tmp_path)
        result = CliRunner().invoke(app, ["teach", f"--pull={name}"])
    assert result.exit_code != 0
    assert not (tmp_path / "photos").exists()
