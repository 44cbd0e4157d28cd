"""The folder of backbones and bottlenecks that no option names."""

from __future__ import annotations

from pathlib import Path

import pytest

from edge.errors import StorageError
from trainer.cache_folder import default_bottleneck_dir, make_cache_folder


def test_it_is_made(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """The folder lies in the user's cache folder, and is there afterwards."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "new"))
    make_cache_folder(default_bottleneck_dir())
    assert default_bottleneck_dir() == tmp_path / "new" / "edge-for-poets"
    assert (tmp_path / "new" / "edge-for-poets").is_dir()


def test_it_cannot_be_made(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """The error names the folder, the reason and the option that helps."""
    (tmp_path / "file").touch()
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "file"))
    with pytest.raises(StorageError) as raised:
        make_cache_folder(default_bottleneck_dir())
    assert str(raised.value) == (
        f"{tmp_path / 'file' / 'edge-for-poets'}: cannot be made (Not a directory); choose --bottleneck-dir"
    )
