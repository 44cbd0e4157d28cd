"""The parts that the page of the report is made of: escaped text, sections, tables, thumbnails."""

from __future__ import annotations

import html
import re
from pathlib import Path

from edge.printable import printable
from trainer.report.tables import ReportTable
from trainer.report.thumbnail import SIZE, thumbnail

_OPTION = re.compile(r"(?<!\S)--[a-z][a-z-]*")
_PERCENT = re.compile(r"(?<=\d) %")  # a number and its unit must stay on one line


def escape(text: str) -> str:
    """``text`` with all marks of HTML escaped, and without characters that no page may have or that turn text around.

    Names of files may have them.
    """
    return _PERCENT.sub("\N{NO-BREAK SPACE}%", html.escape(printable(text), quote=True))


def prose(text: str) -> str:
    """``text`` with all marks of HTML escaped, in which no line breaks inside the name of an option."""
    return _OPTION.sub(r'<span class="option">\g<0></span>', escape(text))


def section(title: str, *parts: str) -> str:
    """A section with a heading; empty if all ``parts`` are."""
    filled = [part for part in parts if part]
    return "\n".join([f"<section>\n<h2>{title}</h2>", *filled, "</section>"]) if filled else ""


def columns(parts: list[str]) -> str:
    """``parts`` beside each other, if the screen is wide enough."""
    return '<div class="columns">\n' + "\n".join(parts) + "\n</div>"


def stack(*parts: str) -> str:
    """``parts`` below each other."""
    return '<div class="stack">\n' + "\n".join(part for part in parts if part) + "\n</div>"


def table_tag(table: ReportTable | None, style: str = "", caption: str = "") -> str:
    """``table`` with a heading for each column and each row; empty if it has no rows."""
    if table is None or not table.rows:
        return ""
    heads = "".join(f'<th scope="col">{escape(head)}</th>' for head in table.heads)
    rows = "\n".join(
        f'<tr><th scope="row">{escape(row[0])}</th>' + "".join(f"<td>{escape(cell)}</td>" for cell in row[1:]) + "</tr>"
        for row in table.rows
    )
    caption_tag = f"<caption>{escape(caption)}</caption>" if caption else ""
    return scrolled(
        f'<table class="{style}">{caption_tag}<thead><tr>{heads}</tr></thead>\n<tbody>\n{rows}\n</tbody></table>',
        caption or ", ".join(table.heads),
    )


def scrolled(table: str, name: str) -> str:
    """A table called ``name`` that scrolls sideways if the screen is too narrow."""
    return f'<div class="scroll" tabindex="0" role="region" aria-label="Table: {escape(name)}">{table}</div>'


def photo_tag(path: Path, alt: str = "", size: int = SIZE) -> str:
    """A thumbnail of the photo at ``path``, its longer side at most ``size`` pixels, or words if it is gone.

    ``alt`` describes it to a reader who does not see it.
    """
    found = thumbnail(path, size)
    if found is None:
        return '<span class="gone">cannot be read any more</span>'
    address, width, height = found
    return f'<img src="{address}" alt="{escape(alt)}" width="{width}" height="{height}">'


def folded(title: str, table: str) -> str:
    """A table that is shown after a click on its ``title``; empty if there is no table."""
    return f"<details><summary>{escape(title)}</summary>{table}</details>" if table else ""
