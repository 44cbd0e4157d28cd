"""What the tests of a session share: the tiny photos and backbone as a session has them."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from support import tiny
from trainer.bottlenecks.extractor import FeatureExtractor
from trainer.progress import Progress
from trainer.teach.class_folders import ClassFolders
from trainer.teach.features import Features
from trainer.teach.state import CLASS, TaughtPhoto


@pytest.fixture
def extractor(cache: Path) -> FeatureExtractor:
    """The tiny backbone with a cache of its own."""
    return tiny.extractor(cache, Progress())


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
def features(extractor: FeatureExtractor) -> Features:
    """The bottlenecks of no photo yet."""
    return Features(extractor)
