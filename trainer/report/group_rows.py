"""The largest groups of photos that depend on each other, as rows of thumbnails."""

from __future__ import annotations

from collections.abc import Sequence

from trainer.photos.dataset import Photo
from trainer.report.content import ReportContent
from trainer.report.markup import escape, folded, photo_tag, prose, section, table_tag
from trainer.report.number_format import counted
from trainer.report.photo_groups import group_title
from trainer.report.tables import MOST_GROUPS, groups_table

SHOWN_GROUPS, SHOWN_PHOTOS = 6, 8
"""The largest numbers of groups, and of photos of one group, that are shown."""

_PIXELS = 112  # of the longer side of a thumbnail: about 3 KB per photo


def groups_section(content: ReportContent) -> str:
    """The section about photos that depend on each other; empty if all photos are independent."""
    found = content.photo_groups
    if not found.groups:
        return ""
    rows = "\n".join(_row(group, found.trained) for group in found.groups[:SHOWN_GROUPS])
    title = f"All {counted(len(found.groups), 'group')}, by name" if len(found.groups) > 1 else "The group, by name"
    if len(found.groups) > MOST_GROUPS:
        title += f" (the first {MOST_GROUPS})"
    return section(
        "Photos that depend on each other",
        f'<p class="note">{prose(found.note)}</p>',
        f'<ol class="groups">\n{rows}\n</ol>',
        folded(title, table_tag(groups_table(content), "words")),
    )


def _row(group: Sequence[Photo], trained: bool) -> str:
    one_class = len({photo.label for photo in group}) == 1
    # The title of the row names the class already.
    names = [photo.relative.removeprefix(f"{photo.label}/") if one_class else photo.relative for photo in group]
    shots = [_shot(photo, name) for photo, name in zip(group[:SHOWN_PHOTOS], names, strict=False)]
    more = len(group) - len(shots)
    if more > 0:
        shots.append(f'<li class="more">and {more:,} more</li>')
    title = escape(group_title(group, trained))
    return f'<li class="card"><h3>{title}</h3>\n<ol class="shots">{"".join(shots)}</ol></li>'


def _shot(photo: Photo, name: str) -> str:
    return f'<li>{photo_tag(photo.path, size=_PIXELS)}<span class="path">{escape(name)}</span></li>'
