"""The confusion matrix as a picture."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
from PIL import Image, ImageDraw, ImageFont

_MARGIN, _FONT_SIZE = 150, 18
_LARGEST_CELL, _SMALLEST_CELL, _MATRIX = 64, 2, 4096  # pixels; a thousand classes must still fit into memory
_NAMED_CELL, _COUNTED_CELL = 20, 32  # pixels that a name and a number need
_INK, _PAPER, _RIGHT, _WRONG = (30, 30, 40), (255, 255, 255), (46, 125, 50), (198, 40, 40)


def draw_confusion(confusion: npt.NDArray[np.intp], labels: Sequence[str]) -> Image.Image:
    """Draw ``confusion`` (labels, labels): a row a true class, a column an answer; RGB.

    Right answers are green and wrong ones red, the deeper the larger their share of the row. With very many
    classes the cells get small and lose their numbers, then their names.
    """
    cell = max(_SMALLEST_CELL, min(_LARGEST_CELL, _MATRIX // len(labels)))
    font = ImageFont.load_default(_FONT_SIZE)
    edge = _MARGIN + cell * len(labels) + 10
    picture = Image.new("RGB", (edge, edge), _PAPER)
    pen = ImageDraw.Draw(picture)
    for row, label in enumerate(labels):
        y = _MARGIN + row * cell
        if cell >= _NAMED_CELL:
            pen.text((_MARGIN - 8, y + cell / 2), label[:14], _INK, font, anchor="rm")
            name = Image.new("RGB", (_MARGIN - 8, _FONT_SIZE + 6), _PAPER)
            ImageDraw.Draw(name).text((0, 0), label[:14], _INK, font)
            picture.paste(name.rotate(90, expand=True), (y + cell // 2 - 10, 8))
        total = max(int(confusion[row].sum()), 1)
        for column in range(len(labels)):
            count = int(confusion[row, column])
            share = (count / total) ** 0.5  # the square root keeps single mistakes visible
            hue = _RIGHT if row == column else _WRONG
            fill = tuple(round(255 + (part - 255) * share) for part in hue)
            x = _MARGIN + column * cell
            outline = (220, 220, 220) if cell >= _NAMED_CELL else None
            pen.rectangle((x, y, x + cell - 2, y + cell - 2), fill=fill, outline=outline)
            if cell >= _COUNTED_CELL:
                ink = _PAPER if share > 0.6 else _INK
                pen.text((x + cell / 2, y + cell / 2), str(count), ink, font, anchor="mm")
    pen.text((8, _MARGIN - 30), "photo \\ answer", _INK, font)
    return picture
