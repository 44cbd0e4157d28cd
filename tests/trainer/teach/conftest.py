"""What the tests of a session share: the tiny photos and backbone as a session has them."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from support import tiny
from support.class_folders import Open
from trainer.bottlenecks.extractor import FeatureExtractor
from trainer.progress import Progress
from trainer.teach.folders.class_folders import ClassFolders
from trainer.teach.learning.features import Features
from trainer.teach.state import CLASS, TaughtPhoto

MEMORY = Path("/dev/shm")


@pytest.fixture
def extractor(cache: Path) -> FeatureExtractor:
    """The tiny backbone with a cache of its own."""
    return tiny.extractor(cache, progress=Progress())


@pytest.fixture
def listed(photos: Path) -> Callable[[], list[TaughtPhoto]]:
    """A function that lists the photos in the class folders of the tiny photos."""

    def list_now() -> list[TaughtPhoto]:
        folders = ClassFolders(photos)
        try:
            return folders.of(CLASS)
        finally:
            folders.close()

    return list_now


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """The folder of a session."""
    return tmp_path / "photos"


@pytest.fixture
def opened(root: Path) -> Iterator[Open]:
    """Opens sessions of ``root``; they are closed at the end."""
    sessions: list[ClassFolders] = []

    def open_session(inbox: Path | None = None, **options: object) -> ClassFolders:
        sessions.append(ClassFolders(root, inbox, **options))  # type: ignore[arg-type]
        return sessions[-1]

    yield open_session
    for session in sessions:
        session.close()


@pytest.fixture
def features(extractor: FeatureExtractor) -> Features:
    """The bottlenecks of no photo yet."""
    return Features(extractor)


@pytest.fixture
def other_file_system(tmp_path: Path) -> Iterator[Path]:
    """A folder on another file system than ``tmp_path``; without one the test is skipped."""
    if not os.access(MEMORY, os.W_OK) or MEMORY.stat().st_dev == tmp_path.stat().st_dev:
        pytest.skip("there is only one file system here")
    folder = Path(tempfile.mkdtemp(prefix="other-", dir=MEMORY))
    yield folder
    shutil.rmtree(folder)
