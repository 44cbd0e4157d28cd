"""Training summaries for TensorBoard, written without TensorFlow."""

from __future__ import annotations

import io
import time
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from PIL import Image, ImageDraw, ImageFont

from edge.files import write_output
from trainer.evaluation.evaluate import Evaluation
from trainer.head.fit import Step

FILE_NAME = "events.out.tfevents.0.edge-for-poets"
"""One file for each run; the next run of the same model replaces it, so that curves never mix."""


_MARGIN, _FONT_SIZE = 150, 18
_LARGEST_CELL, _SMALLEST_CELL, _MATRIX = 64, 2, 4096  # pixels; a thousand classes must still fit into memory
_NAMED_CELL, _COUNTED_CELL = 20, 32  # pixels that a name and a number need
_INK, _PAPER, _RIGHT, _WRONG = (30, 30, 40), (255, 255, 255), (46, 125, 50), (198, 40, 40)


def write_summaries(folder: Path, steps: list[Step], evaluation: Evaluation) -> None:
    """Write accuracy and cross entropy by step, and the confusion matrix of the test set, under ``folder``.

    The runs are called ``train`` and ``validation`` as in the codelab, and ``test``.

    Raises :class:`~edge.errors.StorageError` if they cannot be written.
    """
    for run, values in (
        ("train", [(step.training_accuracy, step.training_cross_entropy) for step in steps]),
        ("validation", [(step.validation_accuracy, step.validation_cross_entropy) for step in steps]),
    ):
        summaries = (
            _scalars({"accuracy": accuracy, "cross_entropy": cross_entropy}) for accuracy, cross_entropy in values
        )
        _write_run(folder / run, summaries)
    picture = draw_confusion(evaluation.confusion, evaluation.labels)
    encoded = io.BytesIO()
    picture.save(encoded, "PNG")
    summary = _scalars({"accuracy": evaluation.accuracy})
    image = summary.value.add(tag="confusion_matrix").image
    image.width, image.height = picture.size
    image.colorspace = 3  # RGB
    image.encoded_image_string = encoded.getvalue()
    _write_run(folder / "test", [summary])


def _scalars(values: dict[str, float]) -> Any:
    from tensorboard.compat.proto import summary_pb2

    summary: Any = summary_pb2.Summary()
    for tag, value in values.items():
        summary.value.add(tag=tag, simple_value=value)
    return summary


def _write_run(folder: Path, summaries: Iterable[Any]) -> None:
    from tensorboard.compat.proto import event_pb2
    from tensorboard.summary.writer.record_writer import RecordWriter

    records = io.BytesIO()
    writer: Any = RecordWriter(records)
    started = time.time()
    writer.write(event_pb2.Event(wall_time=started, file_version="brain.Event:2").SerializeToString())
    for step, summary in enumerate(summaries):
        event = event_pb2.Event(wall_time=started, step=step, summary=summary)
        writer.write(event.SerializeToString())
    write_output(folder / FILE_NAME, records.getvalue())


def draw_confusion(confusion: npt.NDArray[np.intp], labels: Sequence[str]) -> Image.Image:
    """Draw ``confusion`` (labels, labels): one row for each class, one column for each answer; RGB.

    Right answers are green and wrong ones red; a larger share of the row has a stronger colour. If there are very many
    classes, the cells get small and lose their numbers, then their names.
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
