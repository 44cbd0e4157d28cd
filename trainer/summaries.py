"""Training summaries for TensorBoard, written without TensorFlow."""

from __future__ import annotations

import io
import time
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from edge.files import write_whole
from trainer.confusion import draw_confusion
from trainer.evaluate import Evaluation
from trainer.head import Step

FILE_NAME = "events.out.tfevents.0.edge-for-poets"
"""One file a run, replaced by the next run of the same model, so that curves never mix."""


def write_summaries(folder: Path, steps: list[Step], evaluation: Evaluation) -> None:
    """Write accuracy and cross entropy by step, and the confusion matrix of the test set, under ``folder``.

    The runs are called ``train`` and ``validation`` as in the codelab, and ``test``.

    Raises :class:`~edge.errors.StorageError` where they cannot be written.
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
    write_whole(folder / FILE_NAME, records.getvalue())
