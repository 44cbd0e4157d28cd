"""The confusion matrix as a picture."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
from PIL import Image, ImageDraw, ImageFont

_CELL, _MARGIN, _FONT_SIZE = 64, 150, 18
_INK, _PAPER, _RIGHT, _WRONG = (30, 30, 40), (255, 255, 255), (46, 125, 50), (198, 40, 40)


def draw_confusion(confusion: npt.NDArray[np.intp], labels: Sequence[str]) -> Image.Image:
    """Draw ``confusion`` (labels, labels): a row a true class, a column an answer; RGB.

    Right answers are green and wrong ones red, the deeper the larger their share of the row.
    """
    font = ImageFont.load_default(_FONT_SIZE)
    edge = _MARGIN + _CELL * len(labels) + 10
    picture = Image.new("RGB", (edge, edge), _PAPER)
    pen = ImageDraw.Draw(picture)
    for row, label in enumerate(labels):
        y = _MARGIN + row * _CELL
        pen.text((_MARGIN - 8, y + _CELL / 2), label[:14], _INK, font, anchor="rm")
        name = Image.new("RGB", (_MARGIN - 8, _FONT_SIZE + 6), _PAPER)
        ImageDraw.Draw(name).text((0, 0), label[:14], _INK, font)
        picture.paste(name.rotate(90, expand=True), (_MARGIN + row * _CELL + _CELL // 2 - 10, 8))
        total = max(int(confusion[row].sum()), 1)
        for column in range(len(labels)):
            count = int(confusion[row, column])
            share = (count / total) ** 0.5  # the square root keeps single mistakes visible
            hue = _RIGHT if row == column else _WRONG
            fill = tuple(round(255 + (part - 255) * share) for part in hue)
            x = _MARGIN + column * _CELL
            pen.rectangle((x, y, x + _CELL - 2, y + _CELL - 2), fill=fill, outline=(220, 220, 220))
            ink = _PAPER if share > 0.6 else _INK
            pen.text((x + _CELL / 2, y + _CELL / 2), str(count), ink, font, anchor="mm")
    pen.text((8, _MARGIN - 30), "photo \\ answer", _INK, font)
    return picture
