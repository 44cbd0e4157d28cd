"""A figure inside the page: its colours follow the page's theme, its marks can be pointed at and walked through."""

from __future__ import annotations

import html
import re
from collections.abc import Callable

from benchmarks.board_report.drawing import MARK, THEME

_HEAD = re.compile(r"^.*?(?=<svg)", re.DOTALL)
_METADATA = re.compile(r"\s*<metadata>.*?</metadata>", re.DOTALL)
_SIZE = re.compile(r'(<svg[^>]*?) width="[^"]*"([^>]*?)>', re.DOTALL)
_HEIGHT = re.compile(r'(<svg[^>]*?) height="[^"]*"', re.DOTALL)
_NUMBER = re.compile(r"(?<=[ \"\n])(-?\d+\.\d{3})\d+")
_FONT = re.compile(r"font:\s*([\d.]+px)[^;\"]*|font-family:[^;\"]*")
_REFERENCE = re.compile(r'(url\(#|xlink:href="#|\bid=")')
_MARK = re.compile(rf'<g id="{MARK}(\d+)">')


def inline_svg(svg: bytes, prefix: str, title: str, describe: Callable[[int], str]) -> str:
    """The SVG element of a figure drawn with letters as text, ready to stand in the page.

    Ids get ``prefix``, so that figures do not meddle with each other. Each mark becomes a focusable group
    with ``data-measurement`` and the name that ``describe`` gives its measurement.
    """
    text = _METADATA.sub("", _HEAD.sub("", svg.decode("utf-8"), count=1))
    text = _HEIGHT.sub(r"\1", _SIZE.sub(r"\1\2>", text, count=1), count=1)
    label = html.escape(title, quote=True)
    text = text.replace("<svg", f'<svg role="group" aria-label="{label}" class="figure"', 1)
    for colour, variable in THEME.items():
        text = re.sub(re.escape(colour), f"var(--{variable})", text, flags=re.IGNORECASE)
    text = _FONT.sub(lambda found: f"font-size: {found[1]}" if found[1] else "", text)
    text = _NUMBER.sub(r"\1", text)
    text = _MARK.sub(lambda found: _mark(int(found[1]), describe), text)
    return _REFERENCE.sub(rf"\g<1>{prefix}-", text).strip()


def _mark(index: int, describe: Callable[[int], str]) -> str:
    name = html.escape(describe(index), quote=True)
    return f'<g class="mark" data-measurement="{index}" role="img" tabindex="-1" aria-label="{name}">'
