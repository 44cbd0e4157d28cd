"""The state of a session and its photos, as plain values for JSON."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from trainer.teach.review import ReviewedPhoto
from trainer.teach.session import PhotoDetails
from trainer.teach.state import (
    CLASS,
    INBOX,
    TRASH,
    Answer,
    ClassState,
    ModelState,
    Recording,
    Right,
    SessionState,
)

PLACES = {"classes": CLASS, "inbox": INBOX, "trash": TRASH}
"""The places of photos by their name in the API."""

_NAMES = {place: name for name, place in PLACES.items()}


def describe_state(state: SessionState) -> dict[str, Any]:
    """The object of ``GET /api/session``."""
    return {
        "version": state.version,
        "folder": state.folder,
        "backbone": {"architecture": state.architecture, "quantization": state.quantization},
        "classes": [_class(one) for one in state.classes],
        "inbox": {"photos": state.inbox_photos},
        "trash": {"photos": state.trash_photos, "bytes": state.trash_bytes},
        "recording": state.recording and describe_recording(state.recording),
        "learning": _learning(state),
        "figures": _figures(state),
        "undo": state.undo and state.undo._asdict(),
        "redo": state.redo and state.redo._asdict(),
        "work": [{"title": work.name, "done": work.done, "total": work.total} for work in state.work],
        "model": describe_model(state.model),
        "messages": [{"time_s": round(message.time_s, 3), "text": message.text} for message in state.messages],
    }


def describe_photo(one: ReviewedPhoto) -> dict[str, Any]:
    """A photo in a list."""
    photo = one.photo
    return {
        "id": photo.id,
        "place": _NAMES[photo.place],
        "class": photo.label,
        "added_s": round(photo.added_s, 3),
        "name": photo.relative.rpartition("/")[2],
        "answer": one.answer and _answer(one.answer),
        "hold": photo.hold,
        "hold_photos": one.hold_photos,
        "doubtful": _rounded(one.doubtful),
    }


def describe_details(details: PhotoDetails, size: tuple[int, int] | None) -> dict[str, Any]:
    """A photo with its scores and its nearest photos; ``size`` is its upright width and height in pixels."""
    near = [
        {"id": one.photo.id, "class": one.photo.label, "cosine": round(one.cosine, 6)} for one in details.neighbours
    ]
    return {
        **describe_photo(details.reviewed),
        "scores": [_answer(score) for score in details.scores],
        "neighbours": near,
        "width": size and size[0],
        "height": size and size[1],
        "bytes": details.reviewed.photo.size_bytes,
    }


def describe_photos(total: int, photos: Iterable[ReviewedPhoto]) -> dict[str, Any]:
    """A part of a list of ``total`` photos."""
    return {"total": total, "photos": [describe_photo(one) for one in photos]}


def _class(one: ClassState) -> dict[str, Any]:
    return {
        "name": one.name,
        "photos": one.photos,
        "holds": one.holds,
        "newest": [{"id": newest.photo.id, "photos": newest.photos} for newest in one.newest],
        "remembered": one.remembered,
        "right": _right(one.right),
        "advice": one.advice,
    }


def describe_recording(recording: Recording) -> dict[str, Any]:
    """What is being recorded."""
    return {
        "class": recording.label,
        "hold": recording.hold,
        "kept": recording.kept,
        "folded": recording.folded,
    }


def _learning(state: SessionState) -> dict[str, Any]:
    learnt = state.learnt
    answers = learnt is not None and learnt.head is not None
    return {
        "state": "learning" if state.learning else "ready" if answers else "too few",
        "seconds": _rounded(learnt and learnt.seconds),
        "thorough": learnt is not None and learnt.thorough,
    }


def _figures(state: SessionState) -> dict[str, Any]:
    figures = state.figures
    known = figures is not None and figures.right is not None
    return {
        "state": "computing" if state.computing else "ready" if known else "not enough",
        "right": _right(figures and figures.right),
        "worth": figures.worth if figures else "",
        "mixed": [
            {"class": mix.label, "taken_for": mix.taken_for, "count": len(mix.photos), "photos": list(mix.photos)}
            for mix in (figures.mixed if figures else ())
        ],
        "doubtful": [id_ for id_, _ in (figures.doubtful if figures else ())],
        "advice": list(figures.advice if figures else ()),
    }


def describe_model(model: ModelState) -> dict[str, Any]:
    """What became of the model."""
    return {
        "state": model.state,
        "text": model.text,
        "file": model.path
        and {"name": model.path.name, "size_bytes": model.size_bytes, "accuracy": _rounded(model.accuracy)},
        "store": model.store and str(model.store),
        "can_go_back": model.can_go_back,
    }


def _right(right: Right | None) -> dict[str, Any] | None:
    if right is None:
        return None
    return {
        "share": round(right.share, 4),
        "low": round(right.low, 4),
        "high": round(right.high, 4),
        "independent": right.independent,
    }


def _answer(answer: Answer) -> dict[str, Any]:
    return {"label": answer.label, "score": round(answer.score, 6)}


def _rounded(number: float | None) -> float | None:
    return None if number is None else round(number, 6)
