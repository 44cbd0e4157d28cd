"""The model card: the same content as the page, as Markdown, for a repository or a model hub."""

from __future__ import annotations

import html
import re

from trainer.report.content import ReportContent
from trainer.report.more_photos import learning_curve_table, more_photos_note
from trainer.report.other_things import other_things_notes, other_things_table, taken_photos_table
from trainer.report.summary import cautions, headlines, title_line
from trainer.report.tables import (
    ReportTable,
    class_table,
    commands,
    confused_pairs_table,
    data_table,
    doubtful_labels_note,
    doubtful_labels_table,
    file_table,
    quantization_table,
    skipped_table,
    training_table,
)

_MOST_ROWS = 24  # of the doubtful labels, and of the skipped files
_MARKS = re.compile(r"([\\`*_\[\]|~#])")
_BREAKS = re.compile(r"[\x00-\x1f\x7f\x85\u2028\u2029]")


def render_card(content: ReportContent) -> str:
    """The card as text. All names of files, folders and classes are escaped."""
    skipped, groups = skipped_table(content), content.photo_groups.groups
    parts = [
        f"# {_text(content.name)}",
        _text(title_line(content)),
        *(f"> **Caution:** {_text(line)}" for line in cautions(content)),
        _table(ReportTable(("measure", "value", "meaning"), [tuple(headline) for headline in headlines(content)])),
        *_section("More photos", _table(learning_curve_table(content)), _text(more_photos_note(content))),
        *(_section("Photos that depend on each other", _text(content.photo_groups.note)) if groups else []),
        *_section("Classes", _table(class_table(content))),
        *_section("Most often confused", _table(confused_pairs_table(content))),
        *_section(
            "Photos to look at first",
            _text(doubtful_labels_note(content)),
            _table(doubtful_labels_table(content, 0, _MOST_ROWS)),
        ),
        *_section("Other things", _table(other_things_table(content)), _text(" ".join(other_things_notes(content)))),
        *_section("Other things taken for a class", _table(taken_photos_table(content))),
        *_section("Photos of each class in each split", _table(data_table(content))),
        *_section("Training", _table(training_table(content))),
        *_section("Effect of quantization", _table(quantization_table(content))),
        *_section(
            f"Skipped files ({len(skipped.rows):,})", _table(ReportTable(skipped.heads, skipped.rows[:_MOST_ROWS]))
        ),
        *_section("The file, and where it runs", _table(file_table(content))),
        *_section("How to use it", "```sh\n" + "\n".join(commands(content)) + "\n```"),
    ]
    return "\n\n".join(part for part in parts if part) + "\n"


def _section(title: str, *parts: str) -> list[str]:
    return [f"## {title}", *parts] if parts[-1] else []


def _table(table: ReportTable | None) -> str:
    if table is None or not table.rows:
        return ""
    lines = [table.heads, tuple("---" for _ in table.heads), *table.rows]
    return "\n".join("| " + " | ".join(map(_text, line)) + " |" for line in lines)


def _text(text: str) -> str:
    """``text`` as one line of Markdown, with all marks escaped."""
    return _MARKS.sub(r"\\\1", html.escape(_BREAKS.sub(" ", text), quote=False))
