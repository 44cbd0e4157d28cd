"""What figures and answers of a session are worth, and what to show next: short sentences."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Mapping

from edge.printable import printable
from edge.shorten import shorten
from trainer.photos.split import LEAST_GROUPS
from trainer.teach.learning.evidence import Evidence
from trainer.teach.learning.examples import Snapshot
from trainer.teach.state import Right

_WIDE = 0.2  # an interval of this width says little
_LOW = 0.8
_ELSEWHERE = "in other places and other light"


def worth(snapshot: Snapshot, evidence: Evidence | None, right: Right | None) -> str:
    """One sentence or two that say what the figure ``right`` is worth, or an answer if there is no figure.

    ``evidence`` is None if fewer than two classes have photos.
    """
    counts = Counter(photo.label for photo in snapshot.photos)
    if evidence is None:
        if not counts:
            return "Nothing was taught yet: add two classes and show some of each."
        return f"Only {_shown(next(iter(counts)))} was taught yet: an answer needs at least two classes."
    if right is not None:
        more = "; that is a wide range: show more" if right.high - right.low > _WIDE else ""
        return (
            f"Each of {right.independent} independent photos was labelled by a head that had not seen it. Of other "
            f"photos like these, {right.low:.0%} to {right.high:.0%} would be right{more}."
        )
    if evidence.seen:
        return (
            f"Too few photos are new to say how good the answers are: the backbone was fine-tuned on "
            f"{evidence.seen:,} of these {len(snapshot.photos):,}, or on photos like them."
        )
    if max(counts.values()) == 1 and snapshot.remembered is None:
        return "An answer from 1 photo a class is hardly more than a guess."
    label = min(evidence.independent, key=lambda each: evidence.independent[each])
    if evidence.independent[label] >= LEAST_GROUPS:
        return "How good the answers are for remembered classes is not known: their photos are not here."
    lack = _lack(snapshot, evidence, label)
    return f"Too few independent photos to say how good the answers are: {_shown(label)} {lack}."


def class_advice(snapshot: Snapshot, evidence: Evidence, by_class: Mapping[str, Right]) -> dict[str, str]:
    """What to show more of, for each class that needs it."""
    advice = {}
    for label in evidence.independent:
        right = by_class.get(label)
        if right is None:
            advice[label] = f"not enough to say: it {_lack(snapshot, evidence, label)}"
        elif right.share < _LOW:
            advice[label] = f"often taken for another class: show more kinds of it, {_ELSEWHERE}"
        elif right.high - right.low > 2 * _WIDE:
            advice[label] = "few independent photos: show more, so that the figure says more"
    return advice


def _lack(snapshot: Snapshot, evidence: Evidence, label: str) -> str:
    """What the class ``label`` has, and how it gets enough independent photos."""
    holds: dict[bool, set[str]] = defaultdict(set)
    for photo in snapshot.photos:
        if photo.label == label:
            holds[photo.hold is not None].add(photo.hold or photo.id)
    if holds[True] and not holds[False]:
        return f"has {_number(len(holds[True]), 'recording')}; record it at least {LEAST_GROUPS} times, {_ELSEWHERE}"
    count = evidence.independent[label]
    new = "new photo" if evidence.seen else "independent photo"
    return f"has {_number(count, new)}; show it at least {LEAST_GROUPS} times, {_ELSEWHERE}"


def _number(count: int, thing: str) -> str:
    return f"{count:,} {thing}{'s' * (count != 1)}"


def _shown(label: str) -> str:
    return shorten(printable(label), 60)
