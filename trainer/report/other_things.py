"""How often a new file gives other things the name of a class: sentences, tables, and photos it was wrong about."""

from __future__ import annotations

from trainer.evaluation.background import TakenPhoto
from trainer.report.content import ReportContent
from trainer.report.number_format import counted, percent
from trainer.report.tables import ReportTable
from trainer.retraining.other_things import DRAWINGS, HELD_BACK, Judged, OtherThings

SHOWN = 12
"""The largest number of photos of other things that are shown; they are most of the size of the section."""

_WORTH = (
    "Drawings and directions are of the kinds that taught it, so these figures flatter. Photos of other things are the "
    "true measure: trainer evaluate MODEL PHOTOS --strangers FOLDER prints them."
)


def other_things_note(content: ReportContent) -> str:
    """What the figures are, and what they are worth; empty without a training."""
    if content.training is None:
        return ""
    found = content.training.other_things
    if found is None:
        return (
            "The file has no label for the rest of the world and no gate: it gives every picture the name of a class."
        )
    if found.label is None:
        return _without_class(found, content.has_evidence)
    judged = [kind.kind for kind in found.strange]
    directions = judged[1 : -1 if HELD_BACK in judged else None]
    by_file = (
        "The file judged photos, the head in floats all else."
        if content.has_evidence or HELD_BACK in judged
        else "The head in floats judged them."
    )
    lost = " The last column is the price: test photos of the classes that got no name." if content.has_evidence else ""
    return (
        f"How many other things get the name of a class, and not {found.label}: none of them taught the file. "
        f"There are drawings, bottlenecks along {' and '.join(directions)}"
        + (", and photos of other things that were held back. " if HELD_BACK in judged else ". ")
        + f"{by_file}{lost} {_WORTH}"
    )


def other_things_table(content: ReportContent) -> ReportTable | None:
    """The counts for each setting and kind; None without a training and without a label for the rest of the world."""
    found = content.training.other_things if content.training else None
    if found is None or found.label is None:
        return None
    heads = ["setting", *(f"{kind.kind} ({kind.pictures:,})" for kind in found.strange)]
    rows = [[name, *(_share(kind, kind.named[place]) for kind in found.strange)] for place, name in _places(found)]
    if content.has_evidence:
        known = found.known
        heads.append(f"{known.kind} without a name ({known.pictures:,})")
        for row, named in zip(rows, known.named, strict=True):
            row.append(_share(known, known.pictures - named))
    return ReportTable(tuple(heads), [tuple(row) for row in rows])


def taken_photos(content: ReportContent) -> list[TakenPhoto]:
    """The photos of other things that were held back and taken for a class, the highest score first."""
    background = content.evaluation.background
    return background.taken if background is not None and content.training is not None else []


def taken_photos_note(content: ReportContent) -> str:
    """How many of the photos were taken for a class; empty if none were."""
    background, taken = content.evaluation.background, taken_photos(content)
    if background is None or not taken:
        return ""
    shown = f" Here are the {SHOWN} with the highest scores." if len(taken) > SHOWN else ""
    held, were = ("was" if count == 1 else "were" for count in (background.photos, len(taken)))
    return (
        f"{len(taken):,} of the {counted(background.photos, 'photo')} that {held} held back {were} taken for a class."
        f"{shown}"
    )


def taken_photos_table(content: ReportContent) -> ReportTable:
    """The photos of other things that were taken for a class."""
    return ReportTable(
        ("photo", "taken for (score)", "with --reject"),
        [
            (entry.photo.relative, f"{entry.label} ({percent(entry.score)})", gate_answer(content, entry) or "no gate")
            for entry in taken_photos(content)[:SHOWN]
        ],
    )


def gate_answer(content: ReportContent, entry: TakenPhoto) -> str:
    """What the gate says of a photo that was taken for a class; empty if there is no gate."""
    found = content.training.other_things if content.training else None
    if found is None or found.rejected is None:
        return ""
    return "unknown" if entry.photo.relative in found.rejected else "passes"


def _without_class(found: OtherThings, evidence: bool) -> str:
    """One sentence about a file with a gate alone."""
    (drawings,) = found.strange
    assert drawings.kind == DRAWINGS
    place, known = found.settings.index("--reject"), found.known
    rejected = known.pictures - known.named[place]
    lost = f", and rejects {rejected:,} of {counted(known.pictures, 'test photo')} of the classes" if evidence else ""
    return (
        "The file has no label for the rest of the world, so without --reject every picture gets the name of a class; "
        f"with it the gate lets {drawings.named[place]:,} of {counted(drawings.pictures, 'drawing')} through{lost}."
    )


def _places(found: OtherThings) -> list[tuple[int, str]]:
    return list(enumerate(found.settings))


def _share(of: Judged, count: int) -> str:
    return f"{count:,} ({percent(count / of.pictures)})" if of.pictures else "-"
