"""The section about other things: the table of the settings, and photos that were taken for a class."""

from __future__ import annotations

from trainer.evaluation.background import TakenPhoto
from trainer.report.content import ReportContent
from trainer.report.markup import escape, photo_tag, prose, section, table_tag
from trainer.report.number_format import percent
from trainer.report.other_things import (
    SHOWN,
    gate_answer,
    other_things_notes,
    other_things_table,
    taken_photos,
    taken_photos_note,
)
from trainer.report.tables import inside

_CAPTION = "Other things that get the name of a class, by setting"


def other_things_section(content: ReportContent) -> str:
    """The section; empty without a training."""
    notes, taken = other_things_notes(content), taken_photos(content)[:SHOWN]
    if not notes:
        return ""
    photos = "\n".join(_photo(content, place, entry) for place, entry in enumerate(taken, 1))
    return section(
        "Other things",
        *(f'<p class="note">{prose(note)}</p>' for note in notes),
        table_tag(other_things_table(content), "figures", _CAPTION),
        f'<p class="note taken">{prose(taken_photos_note(content))}</p>\n<ol class="photos">\n{photos}\n</ol>'
        if taken
        else "",
    )


def _photo(content: ReportContent, place: int, entry: TakenPhoto) -> str:
    picture = photo_tag(entry.photo.path, f"Photo {place} of other things: taken for {entry.label}")
    answer = gate_answer(content, entry)
    gate = f'<p class="says"><span>--reject: {answer}</span></p>' if answer else ""
    return (
        f'<li class="photo">{picture}'
        f'<p class="says"><span>taken for: <b class="model">{escape(entry.label)}</b></span> '
        f"<em>{percent(entry.score, 0)}</em></p>{gate}"
        f'<p class="path">{escape(inside(entry.photo.relative))}</p></li>'
    )
