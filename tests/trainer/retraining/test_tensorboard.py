"""Training summaries, read back record by record as TensorBoard reads them."""

from __future__ import annotations

import dataclasses
import io
import struct
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from tensorboard.compat.proto import event_pb2

from edge.errors import ConfigurationError, StorageError
from support.evaluations import evaluation_with
from trainer.head.fit import Step
from trainer.progress import Progress
from trainer.retraining.options import RetrainOptions
from trainer.retraining.retrain_all import retrain_all
from trainer.retraining.tensorboard import FILE_NAME, draw_confusion, write_summaries

STEPS = [Step(0.2, 1.6, 0.25, 1.5), Step(0.75, 0.5, 0.5, 0.75), Step(1.0, 0.125, 0.875, 0.25)]
EVALUATION = evaluation_with(("rose", "tulip"), np.array([[3, 1], [0, 4]]))

BOARD_SCRIPT = """
import json, sys
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator
out = {}
for run in ("train", "validation", "test"):
    events = EventAccumulator(sys.argv[1] + "/" + run)
    events.Reload()
    out[run] = {tag: [[e.step, e.value] for e in events.Scalars(tag)] for tag in events.Tags()["scalars"]}
    out[run].update({tag: [[e.step, e.width, e.height] for e in events.Images(tag)] for tag in events.Tags()["images"]})
print(json.dumps(out))
"""


def events(file: Path) -> list[event_pb2.Event]:
    """The events in a file of length-prefixed records (length, its checksum, data, its checksum)."""
    content, found, position = file.read_bytes(), [], 0
    while position < len(content):
        (length,) = struct.unpack_from("<Q", content, position)
        found.append(event_pb2.Event.FromString(content[position + 12 : position + 12 + length]))
        position += 12 + length + 4
    assert position == len(content)
    return found


def test_accuracy_and_cross_entropy_are_there_for_every_step(tmp_path: Path) -> None:
    """Both runs have both tags at steps 0, 1, 2 with the values of the training."""
    write_summaries(tmp_path, STEPS, EVALUATION)
    for run, columns in (("train", (0, 1)), ("validation", (2, 3))):
        first, *rest = events(tmp_path / run / FILE_NAME)
        assert first.file_version == "brain.Event:2"
        assert [event.step for event in rest] == [0, 1, 2]
        for event, step in zip(rest, STEPS, strict=True):
            values = {value.tag: value.simple_value for value in event.summary.value}
            expected = [step[column] for column in columns]
            assert list(values) == ["accuracy", "cross_entropy"]
            assert list(values.values()) == pytest.approx(expected, rel=1e-6)


def test_confusion_matrix_is_an_image_of_the_test_run(tmp_path: Path) -> None:
    """The image has the size it says and the pixels of the drawn matrix; the test accuracy stands beside it."""
    write_summaries(tmp_path, STEPS, EVALUATION)
    _, event = events(tmp_path / "test" / FILE_NAME)
    scalar, image = event.summary.value
    assert (scalar.tag, scalar.simple_value) == ("accuracy", pytest.approx(7 / 8))
    assert image.tag == "confusion_matrix"
    with Image.open(io.BytesIO(image.image.encoded_image_string)) as picture:
        assert picture.size == (image.image.width, image.image.height)
        assert image.image.colorspace == 3
        assert picture.tobytes() == draw_confusion(EVALUATION.confusion, EVALUATION.labels).tobytes()


def test_tensorboard_itself_reads_them(tmp_path: Path, run_python) -> None:
    """TensorBoard's own reader checks every record's checksum and finds the same values."""
    import json

    write_summaries(tmp_path, STEPS, EVALUATION)
    done = run_python("-c", BOARD_SCRIPT, tmp_path)
    found = json.loads(done.stdout.splitlines()[-1])
    assert [value for _, value in found["train"]["accuracy"]] == pytest.approx([0.2, 0.75, 1.0])
    assert [value for _, value in found["validation"]["cross_entropy"]] == pytest.approx([1.5, 0.75, 0.25])
    assert found["test"]["confusion_matrix"] == [[0, 288, 288]]


def test_a_second_run_replaces_the_first(tmp_path: Path) -> None:
    """Curves of two runs never mix in one folder."""
    write_summaries(tmp_path, STEPS, EVALUATION)
    write_summaries(tmp_path, STEPS[:1], EVALUATION)
    assert [path.name for path in (tmp_path / "train").iterdir()] == [FILE_NAME]
    assert len(events(tmp_path / "train" / FILE_NAME)) == 2


def test_place_that_cannot_be_written_is_a_storage_error(tmp_path: Path) -> None:
    """A file where the folder should be is named."""
    (tmp_path / "file").touch()
    with pytest.raises(StorageError, match="cannot be written"):
        write_summaries(tmp_path / "file", STEPS, EVALUATION)


def test_without_tensorboard_nothing_is_trained(options: RetrainOptions, monkeypatch: pytest.MonkeyPatch) -> None:
    """The extra trainer-lite has no TensorBoard: the line comes before the work, and no file is written."""
    monkeypatch.setattr("trainer.retraining.options.find_spec", lambda name: None)
    with pytest.raises(ConfigurationError, match=r"^--summaries-dir needs TensorBoard: pip install .*\[trainer\]"):
        retrain_all(dataclasses.replace(options, summaries_dir=options.output.parent / "summaries"), Progress())
    assert not options.output.exists()
