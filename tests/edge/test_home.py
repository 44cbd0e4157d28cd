"""Where a user's own folders are, and what a user without a home folder gets."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from edge.cache_folder import default_cache_folder
from edge.errors import ConfigurationError
from edge.home import home_folder, user_folder
from edge.store import layout


@pytest.fixture
def nobody(monkeypatch: pytest.MonkeyPatch) -> None:
    """A user without HOME and without an entry in the list of users, as a container may have."""
    for name in ("HOME", "USERPROFILE", "XDG_CACHE_HOME", "XDG_DATA_HOME", layout.ROOT_VARIABLE):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr(os, "geteuid", lambda: 54321)
    monkeypatch.setattr(Path, "home", classmethod(lambda cls: (_ for _ in ()).throw(RuntimeError("no home"))))


def test_home(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """It is what HOME says."""
    monkeypatch.setenv("HOME", str(tmp_path))
    assert home_folder() == tmp_path


def test_the_folder_of_a_variable(monkeypatch: pytest.MonkeyPatch) -> None:
    """A relative one would be another folder wherever a command is started: it counts as none."""
    monkeypatch.setenv("HOME", "/home/poet")
    for named, expected in (("/cache", "/cache"), ("cache", "/home/poet/.cache"), ("", "/home/poet/.cache")):
        monkeypatch.setenv("XDG_CACHE_HOME", named)
        assert user_folder("XDG_CACHE_HOME", ".cache") == Path(expected)


@pytest.mark.usefixtures("nobody")
def test_no_home(monkeypatch: pytest.MonkeyPatch) -> None:
    """The error says what to set; a folder that a variable names is taken, and the store is that of the system."""
    for find in (home_folder, default_cache_folder):
        with pytest.raises(ConfigurationError, match="no home folder; name one, such as HOME="):
            find()
    assert layout.default_root() == layout.SYSTEM_ROOT
    monkeypatch.setenv("XDG_CACHE_HOME", "/cache")
    assert default_cache_folder() == Path("/cache/edge-for-poets")


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() != 0, reason="only root may become another user")
def test_a_user_whom_the_system_does_not_know() -> None:
    """The real :meth:`~pathlib.Path.home` fails for such a user, and the line says what to do."""
    code = "import os; from edge.home import home_folder; os.setuid(54321); home_folder()"
    environment = {name: value for name, value in os.environ.items() if name != "HOME"}
    done = subprocess.run([sys.executable, "-c", code], env=environment, capture_output=True, text=True)
    if "Error: [Errno " in done.stderr:
        pytest.skip("root may not become another user here")
    assert "edge.errors.ConfigurationError: this user has no home folder" in done.stderr
