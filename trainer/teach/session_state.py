"""The state of a session, put together for the page."""

from __future__ import annotations

from collections import Counter

from trainer.bottlenecks.extractor import FeatureExtractor
from trainer.bottlenecks.remembered import Remembered
from trainer.teach.folders.class_folders import ClassFolders
from trainer.teach.learning.session_learning import Learning
from trainer.teach.state import (
    CLASS,
    INBOX,
    TRASH,
    ClassState,
    Figures,
    Message,
    ModelState,
    NewestPhoto,
    Recording,
    SessionState,
    TaughtPhoto,
)

NEWEST = 8
"""How many of the newest photos of a class, one of each hold, are shown beside its button."""


def describe_session(
    folders: ClassFolders,
    *,
    version: int,
    extractor: FeatureExtractor,
    remembered: Remembered | None,
    recording: Recording | None,
    learning: Learning,
    model: ModelState,
    messages: tuple[Message, ...],
) -> SessionState:
    """The state of ``version``."""
    learnt, figures, asked, work = learning.learnt, learning.figures, learning.asked, learning.work
    trash = folders.of(TRASH)
    counts = remembered.counts if remembered else {}
    return SessionState(
        version=version,
        folder=folders.root.absolute().name,
        architecture=extractor.backbone.architecture.name,
        quantization=extractor.backbone.quantization,
        classes=tuple(_class_state(folders, label, figures, counts.get(label, 0)) for label in folders.classes),
        inbox_photos=len(folders.of(INBOX)),
        trash_photos=len(trash),
        trash_bytes=sum(photo.size_bytes for photo in trash),
        recording=recording,
        learnt=learnt,
        learning=learnt is None or learnt.version < asked or not learnt.thorough,
        figures=figures,
        computing=figures is None or figures.version < asked,
        undo=folders.undoable,
        redo=folders.redoable,
        work=() if work is None else (work,),
        model=model,
        messages=messages,
    )


def _class_state(folders: ClassFolders, label: str, figures: Figures | None, remembered: int) -> ClassState:
    photos = folders.of(CLASS, label)
    return ClassState(
        name=label,
        photos=len(photos),
        holds=len({photo.hold for photo in photos if photo.hold}),
        newest=_newest(photos),
        remembered=remembered,
        right=figures.by_class.get(label) if figures else None,
        advice=figures.class_advice.get(label) if figures else None,
    )


def _newest(photos: list[TaughtPhoto]) -> tuple[NewestPhoto, ...]:
    """The newest of ``photos`` (oldest first): of each hold the newest one, with the number of its photos."""
    together = Counter(photo.hold or photo.id for photo in photos)
    newest: dict[str, TaughtPhoto] = {}
    for photo in reversed(photos):
        newest.setdefault(photo.hold or photo.id, photo)
        if len(newest) == NEWEST:
            break
    return tuple(NewestPhoto(photo, together[key]) for key, photo in newest.items())
