"""Replacing the model of a running stream, on real files and real models."""

from __future__ import annotations

import json
import os
import queue
import shutil
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from edge.errors import ModelError
from edge.live.model import LiveModel, ModelChoice
from edge.live.swap import ModelSwap
from edge.modelfile.manifest import MANIFEST_NAME
from edge.modelfile.metadata import unpack_files
from edge.statistics import StreamStatistics
from support import surgery
from support.paths import DATA
from support.waiting import TIMEOUT_S, wait_for

INT8, FLOAT32 = DATA / "tiny-int8.tflite", DATA / "tiny-float32.tflite"


class Swapping:
    """A model file in a folder, watched with short waits, and the messages about it."""

    def __init__(self, path: Path) -> None:
        shutil.copy(INT8, path)
        self.path, self.statistics = path, StreamStatistics()
        self.messages: queue.Queue[str] = queue.Queue()
        self.swap = self.of(path)

    def of(self, path: Path) -> ModelSwap:
        choice = ModelChoice(path, None, 1, None)
        return ModelSwap(choice, self.statistics, self.messages.put, poll_s=0.01, settle_s=0.05)

    def replace(self, content: bytes) -> None:
        new = self.path.with_suffix(".new")
        new.write_bytes(content)
        os.replace(new, self.path)

    def next_message(self) -> str:
        return self.messages.get(timeout=TIMEOUT_S)

    def new_model(self) -> LiveModel:
        return wait_for(self.swap.take)


@pytest.fixture
def swapping(tmp_path: Path) -> Iterator[Swapping]:
    """A running watch of the tiny int8 model."""
    made = Swapping(tmp_path / "model.tflite")
    assert made.swap.load_first().card.quantization == "int8"
    yield made
    made.swap.stop()


def test_a_replaced_file_is_taken(swapping: Swapping) -> None:
    """Another model under the same name is loaded, checked and returned once."""
    swapping.replace(FLOAT32.read_bytes())
    assert swapping.new_model().card.quantization == "float32"
    assert swapping.swap.take() is None
    assert swapping.statistics.snapshot().model_refusals == 0


def test_a_link_that_points_elsewhere_is_taken(tmp_path: Path) -> None:
    """A symbolic link to a folder, as in a store, is followed to its current target."""
    for name, model in (("one", INT8), ("two", FLOAT32)):
        (tmp_path / name).mkdir()
        shutil.copy(model, tmp_path / name / "model.tflite")
    (tmp_path / "current").symlink_to("one")
    swapping = Swapping(tmp_path / "unused.tflite")
    swapping.swap = swapping.of(tmp_path / "current" / "model.tflite")
    swapping.swap.load_first()
    (tmp_path / "next").symlink_to("two")
    os.replace(tmp_path / "next", tmp_path / "current")
    assert swapping.new_model().card.quantization == "float32"
    swapping.swap.stop()


def test_a_broken_file_is_refused_and_a_good_one_then_taken(swapping: Swapping) -> None:
    """A damaged model is refused, counted and named; the next change is read again."""
    swapping.replace(FLOAT32.read_bytes()[:-100])
    line = swapping.next_message()
    assert line.startswith("new model refused: ")
    assert line.endswith("copy it again; the old one stays")
    assert swapping.statistics.snapshot().model_refusals == 1
    assert swapping.swap.take() is None
    swapping.replace(FLOAT32.read_bytes())
    assert swapping.new_model().card.quantization == "float32"


def test_a_model_that_fails_its_self_test_is_refused(swapping: Swapping) -> None:
    """A model that fails its self-test does not replace one that passes."""
    swapping.replace(_with_wrong_self_test())
    assert "the self-test failed" in swapping.next_message()
    assert swapping.swap.take() is None


def _with_wrong_self_test() -> bytes:
    content = surgery.tiny("float32")
    test = json.loads(unpack_files(content).files[MANIFEST_NAME])["self_test"]
    test["expected"] = [[1 - score for score in row] for row in test["expected"]]
    return surgery.with_facts(content, self_test=test)


def test_a_half_copied_file_is_not_taken(swapping: Swapping) -> None:
    """While a file grows nothing is refused; when it is complete it is taken."""
    content = FLOAT32.read_bytes()

    class Growing(threading.Event):
        """Between two looks at the file it grows."""

        def wait(self, timeout: float | None = None) -> bool:
            with swapping.path.open("ab") as file:
                file.write(content[file.tell() :][:400])
            return self.is_set()

    swapping.swap._stopping = Growing()
    swapping.path.write_bytes(content[:400])
    assert swapping.new_model().card.quantization == "float32"
    assert swapping.messages.empty() and swapping.path.read_bytes() == content


def test_a_missing_file_is_waited_for(swapping: Swapping) -> None:
    """A file that is deleted and then copied again is not refused."""
    swapping.path.unlink()
    swapping.replace(FLOAT32.read_bytes())
    assert swapping.new_model().card.quantization == "float32"
    assert swapping.statistics.snapshot().model_refusals == 0


def test_a_request_is_answered(swapping: Swapping) -> None:
    """After a request a message says that nothing changed, or why the file is refused."""
    swapping.swap.request()
    assert swapping.next_message() == "the model file is unchanged; the model stays"
    swapping.path.unlink()
    swapping.swap.request()
    assert "cannot read the model (No such file or directory); the old one stays" in swapping.next_message()
    assert swapping.statistics.snapshot().model_refusals == 1


def test_the_same_bytes_are_no_new_model(swapping: Swapping) -> None:
    """A file that was written again with the same bytes replaces nothing."""
    swapping.replace(INT8.read_bytes())
    swapping.swap.request()
    assert swapping.next_message() == "the model file is unchanged; the model stays"
    assert swapping.swap.take() is None


@pytest.mark.parametrize("content", [None, b"TFL3" * 99])
def test_the_first_model_must_pass_too(tmp_path: Path, content: bytes | None) -> None:
    """The first model has no old one to keep: the error is raised."""
    if content is not None:
        (tmp_path / "model.tflite").write_bytes(content)
    swap = ModelSwap(ModelChoice(tmp_path / "model.tflite", None, 1, None), StreamStatistics(), print)
    with pytest.raises(ModelError):
        swap.load_first()
