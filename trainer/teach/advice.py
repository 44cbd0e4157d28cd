"""What figures and answers of a session are worth, and what to show next: short sentences."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping

from edge.shorten import shorten
from trainer.photos.split import LEAST_GROUPS
from trainer.teach.examples import Examples, Snapshot
from trainer.teach.state import Right

_FEW = 5  # independent photos of a class; with fewer, an answer is hardly more than a guess
_WIDE = 0.2  # an interval of this width says little
_LOW = 0.8


def worth(snapshot: Snapshot, examples: Examples | None, right: Right | None) -> str:
    """One sentence that says what the figure ``right`` is worth, or an answer if there is no figure."""
    counts = Counter(photo.label for photo in snapshot.photos)
    if examples is None:
        if not counts:
            return "Nothing was taught yet: add two classes and show some of each."
        return f"Only {shorten(next(iter(counts)))} was taught yet: an answer needs at least two classes."
    if right is not None:
        more = "; that is a wide range: show more" if right.high - right.low > _WIDE else ""
        return (
            f"Each of {right.independent} independent photos was labelled by a head that had not seen it. Of other "
            f"photos like these, {right.low:.0%} to {right.high:.0%} would be right{more}."
        )
    fewest = min(_independent(examples).values())
    if fewest < _FEW:
        return f"An answer is hardly more than a guess: a class has {fewest} independent {_photos(fewest)}."
    return "There are too few independent photos to say how good the answers are."


def class_advice(snapshot: Snapshot, examples: Examples, by_class: Mapping[str, Right]) -> dict[str, str]:
    """What to show more of, for each class that needs it."""
    holds: dict[str, set[str]] = {}
    alone = Counter(photo.label for photo in snapshot.photos if photo.hold is None)
    for photo in snapshot.photos:
        if photo.hold is not None:
            holds.setdefault(photo.label, set()).add(photo.hold)
    advice = {}
    for label, independent in _independent(examples).items():
        if label not in by_class:
            recordings = len(holds.get(label, ()))
            if recordings and not alone[label]:
                advice[label] = (
                    f"not enough to say: {recordings} {'recording' if recordings == 1 else 'recordings'}; record it at "
                    f"least {LEAST_GROUPS} times, in other places and other light"
                )
            else:
                advice[label] = (
                    f"not enough to say: {independent} independent {_photos(independent)}; show it from other sides, "
                    "in other places and other light"
                )
        elif by_class[label].share < _LOW:
            advice[label] = "often taken for another class: show more kinds of it, in other places and other light"
        elif by_class[label].high - by_class[label].low > 2 * _WIDE:
            advice[label] = "few independent photos: show more, so that the figure says more"
    return advice


def _independent(examples: Examples) -> dict[str, int]:
    """How many independent photos each label has; a label that has none is not in it."""
    groups: dict[str, set[str]] = {}
    for photo in examples.dataset.photos:
        groups.setdefault(photo.label, set()).add(photo.group)
    return {label: len(found) for label, found in groups.items()}


def _photos(count: int) -> str:
    return "photo" if count == 1 else "photos"
