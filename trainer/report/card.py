"""The model card: the facts of the page as Markdown, for a repository or a model hub."""

from __future__ import annotations

import html
import re

from trainer.report.facts import Facts
from trainer.report.summary import cautions, headlines, title_line
from trainer.report.tables import (
    Table,
    class_table,
    commands,
    data_table,
    file_table,
    mixup_table,
    quantization_table,
    skipped_table,
    suspects_note,
    suspects_table,
    training_table,
)

_NAMED = 24  # of the photos that are named wrongly, and of the files passed over
_MARKS = re.compile(r"([\\`*_\[\]|~#])")
_BREAKS = re.compile(r"[\x00-\x1f\x7f\x85\u2028\u2029]")


def render_card(facts: Facts) -> str:
    """The card as text; whatever comes from a file or a folder is escaped."""
    skipped = skipped_table(facts)
    parts = [
        f"# {_text(facts.name)}",
        _text(title_line(facts)),
        *(f"> **Beware:** {_text(line)}" for line in cautions(facts)),
        _table(Table(("measure", "value", "meaning"), [tuple(headline) for headline in headlines(facts)])),
        *_section("Classes", _table(class_table(facts))),
        *_section("Most often confused", _table(mixup_table(facts))),
        *_section("Photos to look at first", _text(suspects_note(facts)), _table(suspects_table(facts, 0, _NAMED))),
        *_section("Photos of each class in each split", _table(data_table(facts))),
        *_section("Training", _table(training_table(facts))),
        *_section("Lost to quantisation", _table(quantization_table(facts))),
        *_section(f"Files passed over ({len(skipped.rows):,})", _table(Table(skipped.heads, skipped.rows[:_NAMED]))),
        *_section("The file, and where it runs", _table(file_table(facts))),
        *_section("To use it", "```sh\n" + "\n".join(commands(facts)) + "\n```"),
    ]
    return "\n\n".join(part for part in parts if part) + "\n"


def _section(title: str, *parts: str) -> list[str]:
    return [f"## {title}", *parts] if parts[-1] else []


def _table(table: Table | None) -> str:
    if table is None or not table.rows:
        return ""
    lines = [table.heads, tuple("---" for _ in table.heads), *table.rows]
    return "\n".join("| " + " | ".join(map(_text, line)) + " |" for line in lines)


def _text(text: str) -> str:
    """``text`` as one line of Markdown that means nothing but itself."""
    return _MARKS.sub(r"\\\1", html.escape(_BREAKS.sub(" ", text), quote=False))
