"""The page of the report: one HTML file with its styles, figures and thumbnails, which loads nothing else."""

from __future__ import annotations

from pathlib import Path
from string import Template

import numpy as np

from trainer.report.chart import whisker
from trainer.report.content import ReportContent
from trainer.report.figures import Figure, score_figures, training_curves
from trainer.report.group_rows import groups_section
from trainer.report.markup import columns, escape, folded, photo_tag, prose, scrolled, section, stack, table_tag
from trainer.report.measures import class_measures
from trainer.report.more_photos import learning_curve_figure, learning_curve_table, more_photos_note
from trainer.report.number_format import counted, percent, percent_interval
from trainer.report.summary import Headline, cautions, headlines, title_line
from trainer.report.tables import (
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
from trainer.report.taken_photos import other_things_section

THUMBNAILS = 24
"""The largest number of photos that are shown; they are most of the size of the page."""

_MOST_NAMES = 400  # photos after them that are listed by name, and skipped files
_LARGEST_MATRIX = 30  # classes; a larger matrix cannot be read
_PARTS = Path(__file__).parent


def render_page(content: ReportContent) -> str:
    """The whole page as text. All names of files, folders and classes are escaped."""
    curves, scores = training_curves(content), score_figures(content)
    sections = [
        section("Classes", _classes(content)) if content.has_evidence else "",
        _more_photos(content),
        groups_section(content),
        _doubtful_labels(content) if content.doubtful_labels.ranked else "",
        other_things_section(content),
        section("Scores", columns([_figure(figure) for figure in scores])) if scores else "",
        section("Training", _training(content, curves)),
        section("Effect of quantization", _quantization(content)),
        section("The file, and where it runs", table_tag(file_table(content), "words"), _commands(content)),
    ]
    page = Template((_PARTS / "page.html").read_text(encoding="utf-8"))
    return page.substitute(
        name=escape(content.name),
        css=(_PARTS / "page.css").read_text(encoding="utf-8"),
        lead=escape(title_line(content)),
        cautions="\n".join(f'<p class="caution" role="note">{prose(line)}</p>' for line in cautions(content)),
        headlines="\n".join(_headline(headline) for headline in headlines(content)),
        sections="\n".join(part for part in sections if part),
    )


def _headline(headline: Headline) -> str:
    return (
        f'<div><dt>{escape(headline.name)}</dt><dd class="value">{escape(headline.value)}</dd>'
        f'<dd class="why">{escape(headline.note)}</dd></div>'
    )


def _figure(figure: Figure) -> str:
    keys = "".join(f"<li>{_key(style)}{escape(meaning)}</li>" for style, meaning in figure.keys)
    return (
        f'<figure><h3>{escape(figure.title)}</h3>\n<ul class="keys">{keys}</ul>\n{figure.svg}\n'
        f"<figcaption>{escape(figure.caption)}</figcaption></figure>"
    )


def _key(style: str) -> str:
    shapes = {
        "bar": '<rect class="bar" x="2" y="1" width="22" height="10"/>',
        "mark": '<circle class="mark" cx="13" cy="6" r="4"/>',
    }
    shape = shapes.get(style, f'<path class="line {style}" d="M0 6H26"/>')
    return f'<svg viewBox="0 0 26 12" aria-hidden="true">{shape}</svg>'


def _doubtful_labels(content: ReportContent) -> str:
    shown = content.doubtful_labels.ranked[:THUMBNAILS]
    photos = []
    for place, entry in enumerate(shown, 1):
        alt = f"Photo {place}: in folder {entry.photo.label}, labelled {entry.answer}"
        picture = photo_tag(entry.photo.path, alt)
        photos.append(
            f'<li class="photo">{picture}'
            f'<p class="says"><span>folder: <b>{escape(entry.photo.label)}</b></span> '
            f"<em>{percent(entry.own_score, 0)}</em></p>"
            f'<p class="says"><span>model: <b class="model">{escape(entry.answer)}</b></span> '
            f"<em>{percent(entry.answer_score, 0)}</em></p>"
            f'<p class="path">{escape(entry.photo.relative)}</p></li>'
        )
    left = len(content.doubtful_labels.ranked) - len(shown)
    rest = doubtful_labels_table(content, len(shown), _MOST_NAMES)
    named = f"{counted(left, 'more photo')}, by name" + (f" (the first {_MOST_NAMES})" if left > _MOST_NAMES else "")
    return section(
        "Photos to look at first",
        f'<p class="note">{escape(doubtful_labels_note(content))}</p>',
        f'<ol class="photos">\n{chr(10).join(photos)}\n</ol>',
        folded(named, table_tag(rest, "words")),
    )


def _more_photos(content: ReportContent) -> str:
    note, figure = more_photos_note(content), learning_curve_figure(content)
    if not note:
        return ""
    drawn = ""
    if figure is not None:
        caption = "Accuracy, and the share of each class that is labelled correctly, by share of the training photos"
        drawn = columns([_figure(figure), table_tag(learning_curve_table(content), "figures", caption)])
    return section("More photos", f'<p class="note">{prose(note)}</p>', drawn)


def _classes(content: ReportContent) -> str:
    matrix = _matrix(content)
    confused_pairs = table_tag(confused_pairs_table(content), "confused-pairs", "Most often confused")
    return columns([stack(matrix, confused_pairs), _measures(content)])


def _matrix(content: ReportContent) -> str:
    rows = class_measures(content.evaluation)
    if len(rows) > _LARGEST_MATRIX:
        return ""
    labels, confusion = content.evaluation.labels, content.evaluation.confusion
    answers = np.nonzero(confusion.sum(axis=0) + confusion.sum(axis=1))[0]
    places = [place for place in answers if labels[place] != content.evaluation.unknown]
    heads = "".join(f'<th scope="col"><span>{escape(labels[place])}</span></th>' for place in answers)
    lines = []
    for row, place in zip(rows, places, strict=True):
        cells = []
        for column in answers:
            count = int(confusion[place, column])
            share = (count / max(row.photos, 1)) ** 0.5  # the square root keeps single mistakes visible
            style = "none" if not count else "right" if place == column else "wrong"
            cells.append(f'<td class="{style}" style="--share:{share:.3f}">{count:,}</td>')
        lines.append(f'<tr><th scope="row">{escape(row.label)}</th>{"".join(cells)}</tr>')
    caption = "Confusion matrix: one row for each folder, one column for each label of the model"
    body, corner = "\n".join(lines), '<th scope="col">folder</th>'
    return scrolled(
        f'<table class="matrix"><caption>{caption}</caption><thead><tr>{corner}{heads}</tr></thead>\n'
        f"<tbody>\n{body}\n</tbody></table>",
        "Confusion matrix",
    )


def _measures(content: ReportContent) -> str:
    lines = []
    for row in class_measures(content.evaluation):
        cells = []
        for measure in (row.precision, row.recall):
            share, interval = measure.share, measure.interval
            if share is None:
                cells.append("<td>-</td>")
                continue
            description = f"{percent(share)}, with 95 % confidence {percent_interval(interval)}"
            cells.append(
                f"<td>{percent(share)}{whisker(share, interval.low, interval.high, description)}"
                f"<small>{escape(percent_interval(interval))}</small></td>"
            )
        lines.append(f'<tr><th scope="row">{escape(row.label)}</th><td>{row.photos:,}</td>{"".join(cells)}</tr>')
    heads = "".join(f'<th scope="col">{head}</th>' for head in ("class", "photos", "precision", "recall"))
    caption = (
        "Precision: share of the photos with this label that are of this class. Recall: share of the photos of this "
        "class that have this label. With 95 % intervals"
    )
    if content.evaluation.independent < content.evaluation.count:
        caption += ". Photos that depend on each other count as one"
    body = "\n".join(lines)
    return scrolled(
        f'<table class="measures"><caption>{caption}</caption><thead><tr>{heads}</tr></thead>\n'
        f"<tbody>\n{body}\n</tbody></table>",
        "Precision and recall of each class",
    )


def _training(content: ReportContent, curves: list[Figure]) -> str:
    skipped = skipped_table(content)
    photos = table_tag(data_table(content), "figures", "Photos of each class in each split")
    named = counted(len(skipped.rows), "skipped file")
    if len(skipped.rows) > _MOST_NAMES:
        named += f" (the first {_MOST_NAMES})"
    skipped_files = folded(named, table_tag(skipped._replace(rows=skipped.rows[:_MOST_NAMES]), "words"))
    record = table_tag(training_table(content), "words", "Record of the training in the file")
    parts = [
        *(_figure(figure) for figure in curves),
        stack(photos, skipped_files) if photos or skipped_files else "",
        record,
    ]
    return columns(parts) if any((*curves, photos, skipped_files, record)) else ""


def _quantization(content: ReportContent) -> str:
    return table_tag(quantization_table(content), "figures")


def _commands(content: ReportContent) -> str:
    lines = "\n".join(escape(line) for line in commands(content))
    return f'<h3 class="use">How to use it</h3>\n<pre tabindex="0"><code>{lines}</code></pre>'
