"""The report's page: one HTML file that carries its styles, its script, its figures and its data."""

from __future__ import annotations

import html
import json
from collections.abc import Callable, Sequence
from pathlib import Path
from string import Template
from typing import Any, NamedTuple

from benchmarks.board_report.columns import FIGURES_FROM, Column, columns, format_ms, format_percent
from benchmarks.board_report.drawing import colour_key
from benchmarks.board_report.measurements import Board, Measurement
from benchmarks.board_report.summary import board_card

TITLE = "MobileNet on the board: the grid, measured"

_PREFIX = "mobilenet_"  # not shown if the screen is narrow
_PARTS = Path(__file__).parent
_FOOTER = """\
<p>Muted columns hold published figures of the original 1001-class networks, not of these files: multiply-adds,
parameters and ImageNet top-1 of their authors (the tables are named in models/README.md), Pixel 3 latency (4 threads)
from TensorFlow Lite's hosted models. The published accuracy is that of another task and never to be compared with a
measured one.</p>
<p>Latency is the median of one inference, without decoding; end to end adds decoding and preprocessing of one photo.
An empty accuracy was not measured: such a file has an untrained head, and only its size and speed mean anything.</p>
"""


class PageFigure(NamedTuple):
    """A figure as the page shows it: ``svg`` is an inline SVG element."""

    title: str
    caption: str
    svg: str
    tall: bool = False


def render_page(boards: Sequence[Board], measurements: Sequence[Measurement], figures: Sequence[PageFigure]) -> str:
    """The whole page as text; everything that comes from a bench file is escaped."""
    shown = columns(with_board=len(boards) > 1)
    page = Template((_PARTS / "page.html").read_text(encoding="utf-8"))
    return page.substitute(
        title=TITLE,
        lead=_lead(boards, measurements),
        css=(_PARTS / "page.css").read_text(encoding="utf-8"),
        js=(_PARTS / "page.js").read_text(encoding="utf-8"),
        cards="\n".join(board_card(board, [r for r in measurements if r.board.slug == board.slug]) for board in boards),
        figures="\n".join(_figure(figure) for figure in figures),
        filters="\n".join(_filter(name, measurements, key) for name, key in _FILTERS.items()),
        table=_table(shown, measurements),
        footer=_FOOTER,
        measurements=_as_script([_record(measurement) for measurement in measurements]),
    )


def describe(measurement: Measurement) -> str:
    """The name of a mark, for people who hear the page: model, latency and accuracy."""
    accuracy = measurement.row["accuracy"]
    worth = f", accuracy {format_percent(accuracy)}" if accuracy is not None else ""
    model, setting = _model(measurement), _setting(measurement)
    return f"{model}, {measurement.board.name}, {setting}: {format_ms(measurement.row['p50_ms'])} ms{worth}"


def _lead(boards: Sequence[Board], measurements: Sequence[Measurement]) -> str:
    models = len({measurement.row["sha256"] for measurement in measurements})
    dates = sorted({str(board.results.get("date", "")) for board in boards})
    place = "one board" if len(boards) == 1 else f"{len(boards)} boards"
    when = " to ".join(dict.fromkeys((dates[0], dates[-1])))
    return html.escape(f"{models} model files on {place}, {len(measurements)} measurements, {when}.")


def _model(measurement: Measurement) -> str:
    name = measurement.architecture.name if measurement.architecture else measurement.row["model"]
    return f"{name} {measurement.quantization}" if measurement.architecture else str(name)


def _setting(measurement: Measurement) -> str:
    runtime, threads = measurement.setting
    return f"{runtime} {measurement.row['runtime_version'] or ''}, {threads} thread{'s' if threads > 1 else ''}"


_FILTERS: dict[str, Callable[[Measurement], str]] = {
    "Board": lambda measurement: measurement.board.name,
    "Quantization": lambda measurement: measurement.quantization,
    "Runtime": lambda measurement: str(measurement.row["runtime"]),
    "Threads": lambda measurement: str(measurement.row["threads"]),
}


def _record(measurement: Measurement) -> dict[str, Any]:
    """What the script needs of a measurement: the details for the tip, and what the filters compare."""
    details = []
    for column in columns(with_board=True):
        value = column.value(measurement)
        if column.detail and value is not None:
            name, unit = column.detail.split("|")
            details.append([name, f"{column.write(value)} {unit}".rstrip()])
    if measurement.measured and measurement.row["accuracy"] is None:
        details.append(["accuracy", "not measured"])
    return {
        "title": _model(measurement),
        "place": f"{measurement.board.name}; {_setting(measurement)}",
        "details": details,
        "filter": {name: key(measurement) for name, key in _FILTERS.items()},
    }


def _table(shown: Sequence[Column], measurements: Sequence[Measurement]) -> str:
    first = next(place for place, column in enumerate(shown) if column.head == FIGURES_FROM)
    published = next(place for place, column in enumerate(shown) if column.style.startswith("published"))
    spans = (first, published - first, len(shown) - published)
    groups = "".join(
        f'<th colspan="{span}" scope="colgroup"{style}>{name}</th>'
        for span, name, style in zip(spans, ("", "measured", "published"), ("", *[' class="group"'] * 2), strict=True)
    )
    heads = "".join(
        f'<th scope="col" data-column="{place}" class="{column.style}">'
        f'<button type="button">{html.escape(column.head)}</button></th>'
        for place, column in enumerate(shown)
    )
    rows = "\n".join(_row(shown, first, published, measurement) for measurement in measurements)
    return f'<table id="table"><thead><tr>{groups}</tr><tr>{heads}</tr></thead>\n<tbody>\n{rows}\n</tbody></table>'


def _row(shown: Sequence[Column], first: int, published: int, measurement: Measurement) -> str:
    values = [column.value(measurement) for column in shown]
    width = f" {colour_key(measurement.architecture)}" if measurement.architecture else ""
    name = measurement.architecture.name if measurement.architecture else measurement.row["model"]
    short = html.escape(str(name).removeprefix(_PREFIX))
    prefix = f'<span class="prefix">{_PREFIX}</span>' if str(name).startswith(_PREFIX) else ""
    cells = [f'<th scope="row"><span class="dot{width}"></span>{prefix}{short}</th>']
    for place, (column, value) in enumerate(zip(shown, values, strict=True)):
        if place == first and not measurement.measured:
            error = html.escape(str(measurement.row["error"]))
            cells.append(f'<td class="error group" colspan="{published - first}">{error}</td>')
        if place and (measurement.measured or not first <= place < published):
            text = "" if value is None else html.escape(column.write(value))
            cells.append(f'<td class="{column.style}">{text}</td>' if column.style else f"<td>{text}</td>")
    keys = html.escape(json.dumps(values), quote=True)
    return f'<tr data-measurement="{measurement.index}" data-values="{keys}">{"".join(cells)}</tr>'


def _filter(name: str, measurements: Sequence[Measurement], key: Callable[[Measurement], str]) -> str:
    found = list(dict.fromkeys(key(measurement) for measurement in measurements))
    if len(found) < 2:
        return ""
    found.sort(key=lambda text: (len(text), text) if text.isdecimal() else (0, text))
    options = "".join(f'<option value="{html.escape(text, quote=True)}">{html.escape(text)}</option>' for text in found)
    return f'<label>{name}<select data-filter="{name}"><option value="">all</option>{options}</select></label>'


def _figure(figure: PageFigure) -> str:
    tall = ' class="tall"' if figure.tall else ""
    return (
        f"<figure{tall}><h3>{html.escape(figure.title)}</h3>\n{figure.svg}\n"
        f"<figcaption>{html.escape(figure.caption)}</figcaption></figure>"
    )


def _as_script(data: Any) -> str:
    """JSON that cannot end the script element it stands in."""
    return json.dumps(data).replace("<", "\\u003c").replace("&", "\\u0026")
