"""How often a new file gives other things the name of a class: sentences, tables, and photos it was wrong about."""

from __future__ import annotations

from trainer.evaluation.background import TakenPhoto
from trainer.report.content import ReportContent
from trainer.report.number_format import counted, percent
from trainer.report.tables import ReportTable, inside
from trainer.retraining.other_things import DRAWINGS, HELD_BACK, OtherThings

SHOWN = 12
"""The largest number of photos of other things that are shown; they are most of the size of the section."""

_WORTH = (
    "Drawings and directions are of the kinds that taught the label {label}, so their figures are too good. Photos of "
    "other things are the true measure: trainer evaluate MODEL PHOTOS --strangers FOLDER."
)


def other_things_notes(content: ReportContent) -> list[str]:
    """What the figures are, and what they are worth; nothing without a training."""
    if content.training is None:
        return []
    found = content.training.other_things
    if found is None:
        return [
            "The file has neither a label for the rest of the world nor a gate: every picture gets the name of a class."
        ]
    if found.label is None:
        return [_without_class(found, content.has_evidence)]
    kinds = [kind.kind for kind in found.strange]
    directions = [kind for kind in kinds if kind not in (DRAWINGS, HELD_BACK)]
    sentences = ["How many other things get the name of a class. None of them taught the file."]
    if content.has_evidence:
        sentences.append("The last row is the price: test photos of the classes that got no name.")
    if content.has_evidence or HELD_BACK in kinds:
        sentences.append("Photos were judged by the file;")
    sentences.append(f"drawings, and bottlenecks along {' and '.join(directions)}, were judged by the head in floats.")
    if not sentences[-2].endswith(";"):
        sentences[-1] = f"D{sentences[-1][1:]}"
    return [" ".join(sentences), _WORTH.format(label=found.label)]


def other_things_table(content: ReportContent) -> ReportTable | None:
    """The counts of each kind, by setting; None without a training and without a label for the rest of the world."""
    found = content.training.other_things if content.training else None
    if found is None or found.label is None:
        return None
    rows = [(kind.kind, f"{kind.pictures:,}", *_shares(kind.named, kind.pictures)) for kind in found.strange]
    if content.has_evidence:
        known = found.known
        lost = [known.pictures - named for named in known.named]
        rows.append((f"{known.kind} without a name", f"{known.pictures:,}", *_shares(lost, known.pictures)))
    return ReportTable(("kind", "number", *found.settings), rows)


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
            (
                inside(entry.photo.relative),
                f"{entry.label} ({percent(entry.score)})",
                gate_answer(content, entry) or "no gate",
            )
            for entry in taken_photos(content)[:SHOWN]
        ],
    )


def gate_answer(content: ReportContent, entry: TakenPhoto) -> str:
    """What the gate says of a photo that was taken for a class; empty if there is no gate."""
    found = content.training.other_things if content.training else None
    if found is None or found.rejected is None:
        return ""
    return "unknown" if entry.photo.sha256 in found.rejected else "passes"


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


def _shares(counts: list[int], pictures: int) -> list[str]:
    return [f"{count:,} ({percent(count / pictures)})" if pictures else "-" for count in counts]
