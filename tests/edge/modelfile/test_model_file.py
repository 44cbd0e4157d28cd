"""The model file: whole, damaged, foreign."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from edge.errors import ModelError
from edge.modelfile.manifest import KNOWN_PHOTOS_NAME, LABELS_NAME, MANIFEST_NAME
from edge.modelfile.metadata import unpack_files
from edge.modelfile.model_file import ModelFile
from support import surgery
from support.surgery import Patient

TINY = surgery.tiny("int8")
FLATBUFFER_BYTES = unpack_files(TINY).flatbuffer_bytes


def _resealed(labels: str = "blue\ngreen\nred\n", **facts: Any) -> bytes:
    """The tiny model with other labels and other facts in its manifest, as if exported so."""
    packed = unpack_files(TINY)
    manifest = json.loads(packed.files[MANIFEST_NAME])
    manifest.update(labels_sha256=hashlib.sha256(labels.encode()).hexdigest(), **facts)
    files = {**packed.files, LABELS_NAME: labels.encode(), MANIFEST_NAME: json.dumps(manifest).encode()}
    return surgery.with_zip(TINY[: packed.flatbuffer_bytes], files)


def test_everything_about_a_model(any_model: Path) -> None:
    """A model that this project exported carries labels, manifest, sizes and normalisation."""
    content = any_model.read_bytes()
    model = ModelFile.load(any_model)
    assert model.content == content
    assert model.sha256 == hashlib.sha256(content).hexdigest()
    assert model.labels == ("blue", "green", "red")
    assert model.manifest is not None and model.manifest.architecture == "mobilenet_0.25_128"
    assert (model.input_size, model.size_bytes) == ((32, 32), len(content))
    assert (model.mean, model.std) == (127.5, 127.5)


def test_path_may_be_text(int8_model: Path) -> None:
    """A path can be given as str or Path."""
    assert ModelFile.load(str(int8_model)) == ModelFile.load(int8_model)


def test_width_comes_before_height() -> None:
    """``input_size`` is (width, height) though tensors are (height, width)."""
    patient = Patient(TINY).foreign()
    patient.set_item(patient.tensor("image"), surgery.SHAPE, "4i", 1, 16, 64, 3)
    assert ModelFile.from_bytes(patient.content).input_size == (64, 16)


def test_files_that_cannot_be_read(tmp_path: Path) -> None:
    """A missing file and a folder are refused by name."""
    with pytest.raises(ModelError, match=r"gone\.tflite: cannot read the model \(No such file or directory\)"):
        ModelFile.load(tmp_path / "gone.tflite")
    with pytest.raises(ModelError, match=r"cannot read the model \(Is a directory\)"):
        ModelFile.load(tmp_path)


@pytest.mark.parametrize("content", [b"", b"TFL3", b"<html>" * 100, bytes(4096)])
def test_files_that_are_no_model(content: bytes, tmp_path: Path) -> None:
    """An empty file, an error page saved under the model's name and zeros are refused by name."""
    path = tmp_path / "model.tflite"
    path.write_bytes(content)
    with pytest.raises(ModelError, match=r"model\.tflite: (the model file has only \d+ bytes|not a TFLite model)"):
        ModelFile.load(path)


def test_truncated_at_any_length() -> None:
    """However much of its end is lost, a model file is refused, also if a label file is given."""
    for length in range(len(TINY)):
        with pytest.raises(ModelError):
            ModelFile.from_bytes(TINY[:length])
    for length in range(FLATBUFFER_BYTES - 8, len(TINY), 7):
        with pytest.raises(ModelError):
            ModelFile.from_bytes(TINY[:length], ("blue", "green", "red"))


@pytest.mark.parametrize("change", [0x01, 0xFF])
def test_any_changed_byte(change: int) -> None:
    """With any one byte changed the file is refused, or its labels and its flatbuffer are what they were."""
    accepted = 0
    for position in range(len(TINY)):
        damaged = bytearray(TINY)
        damaged[position] ^= change
        try:
            model = ModelFile.from_bytes(bytes(damaged))
        except ModelError:
            continue
        accepted += 1
        assert model.labels == ("blue", "green", "red")
        assert model.manifest is not None
        assert model.content[:FLATBUFFER_BYTES] == TINY[:FLATBUFFER_BYTES]
        assert model.packed == unpack_files(TINY).files
    assert accepted < 180  # dates, versions and attributes in the zip's directory


def test_appended_bytes_do_no_harm() -> None:
    """A file with rubbish behind it is the same model or refused."""
    try:
        assert ModelFile.from_bytes(TINY + b"rubbish").labels == ("blue", "green", "red")
    except ModelError as error:
        assert "copy it again" in str(error)


def test_other_weights_under_the_same_manifest() -> None:
    """Weights that were not exported with the manifest are noticed."""
    with pytest.raises(ModelError, match="bytes are not those that were exported"):
        ModelFile.from_bytes(Patient(TINY).flip_weight().content)


def test_other_labels_under_the_same_manifest() -> None:
    """Labels that were shuffled in the zip are noticed."""
    packed = unpack_files(TINY)
    files = {**packed.files, LABELS_NAME: b"red\ngreen\nblue\n"}
    with pytest.raises(ModelError, match="labels are not those that were exported"):
        ModelFile.from_bytes(surgery.with_zip(TINY[: packed.flatbuffer_bytes], files))


@pytest.mark.parametrize("change", ["other", "shorter", "missing"])
def test_other_known_photos_under_the_same_manifest(change: str) -> None:
    """Hashes of photos that were changed, cut off or left out of the zip are noticed."""
    packed = unpack_files(TINY)
    hashes = packed.files[KNOWN_PHOTOS_NAME]
    files = {**packed.files, KNOWN_PHOTOS_NAME: hashes[:-6] if change == "shorter" else hashes[:-1] + b"\0"}
    if change == "missing":
        del files[KNOWN_PHOTOS_NAME]
    with pytest.raises(ModelError, match="known photos are not those that were exported; copy the file again"):
        ModelFile.from_bytes(surgery.with_zip(TINY[: packed.flatbuffer_bytes], files))


def test_a_model_that_does_not_say_which_photos_it_knows() -> None:
    """Files of an older release have no such hashes, and are read as before."""
    model = ModelFile.from_bytes(surgery.without_known_photos(TINY))
    assert model.manifest is not None
    assert model.manifest.known_photos is None


def test_manifest_of_a_newer_release() -> None:
    """A manifest of another schema version asks for an upgrade."""
    with pytest.raises(ModelError, match="upgrade edge-for-poets"):
        ModelFile.from_bytes(_resealed(schema_version=2))


def test_other_preprocessing() -> None:
    """A model trained with other preprocessing would see other pixels: refused."""
    with pytest.raises(ModelError, match="trained with preprocessing 99, this package has"):
        ModelFile.from_bytes(_resealed(preprocessing_version=99))


def test_labels_cut_off() -> None:
    """A model whose zip is gone altogether says that its labels are."""
    with pytest.raises(ModelError, match="labels that belong to this model are cut off"):
        ModelFile.from_bytes(TINY[:FLATBUFFER_BYTES])
    with pytest.raises(ModelError, match="manifest is cut off"):
        ModelFile.from_bytes(TINY[:FLATBUFFER_BYTES], ("blue", "green", "red"))


def test_own_labels_are_not_replaced() -> None:
    """Other labels for a model that carries its own are refused."""
    with pytest.raises(ModelError, match="carries its own labels; leave out the label file"):
        ModelFile.from_bytes(TINY, ("blue", "green", "red"))


@pytest.mark.parametrize("labels", ["1 euro\n10 cents\n2 euros\n", "3 c\n2 b\n1 a\n", " x\ny \n\u2028z\n"])
def test_own_labels_are_taken_as_they_are(labels: str) -> None:
    """Class names that look numbered are names: neither stripped nor put in another order."""
    assert ModelFile.from_bytes(_resealed(labels)).labels == tuple(labels.split("\n")[:-1])


def test_own_model_with_too_few_labels() -> None:
    """Even our own file must have a label for each output."""
    with pytest.raises(ModelError, match="2 labels for 3 outputs"):
        ModelFile.from_bytes(_resealed("blue\ngreen\n"))


def test_foreign_model_with_packed_labels() -> None:
    """A model of another project is taken with the labels packed into it, and has no manifest."""
    model = ModelFile.from_bytes(Patient(TINY).foreign("0 azure\n1 lime\n2 ruby\n").content)
    assert model.manifest is None
    assert model.labels == ("azure", "lime", "ruby")


def test_foreign_model_with_the_only_text_file() -> None:
    """Without metadata to name them, the only .txt file in the zip has the labels."""
    assert ModelFile.from_bytes(Patient(TINY).foreign(metadata=False).content).labels == ("blue", "green", "red")


def test_foreign_model_with_two_text_files() -> None:
    """With two text files it is not known which has the labels."""
    bare = Patient(TINY).foreign(None, metadata=False).content
    with pytest.raises(ModelError, match="give them with --labels FILE"):
        ModelFile.from_bytes(surgery.with_zip(bare, {"a.txt": b"a\nb\nc\n", "b.txt": b"x\ny\nz\n"}))


def test_foreign_model_and_a_label_file(tmp_path: Path) -> None:
    """A label file names the outputs of a model that carries no labels."""
    (tmp_path / "model.tflite").write_bytes(Patient(TINY).foreign(None, metadata=False).content)
    (tmp_path / "labels.txt").write_text("0 sky\n1 grass\n2 brick\n")
    with pytest.raises(ModelError, match=r"model\.tflite: the model carries no labels; give them with --labels"):
        ModelFile.load(tmp_path / "model.tflite")
    assert ModelFile.load(tmp_path / "model.tflite", tmp_path / "labels.txt").labels == ("sky", "grass", "brick")


@pytest.mark.parametrize("count", [1, 2, 4, 1001])
def test_wrong_number_of_labels(count: int) -> None:
    """Labels that do not fit the outputs are refused, whether packed or given."""
    names = [f"label {index}x" for index in range(count)]
    with pytest.raises(ModelError, match=f"{count} labels? for 3 outputs"):
        ModelFile.from_bytes(Patient(TINY).foreign("\n".join(names)).content)
    with pytest.raises(ModelError, match=f"{count} labels? for 3 outputs"):
        ModelFile.from_bytes(Patient(TINY).foreign(None, metadata=False).content, tuple(names))


def test_foreign_float_model_without_metadata() -> None:
    """If nothing says how to normalise, it is to [-1, 1], as MobileNet was trained."""
    model = ModelFile.from_bytes(Patient(surgery.tiny("float32")).foreign(metadata=False).content)
    assert (model.input.dtype, model.mean, model.std) == (np.dtype(np.float32), 127.5, 127.5)


def test_googles_own_model(shared: Path) -> None:
    """Google's quantized MobileNet has 1001 labels packed into it."""
    model = ModelFile.load(shared / "tflite" / "mobilenet_v1_0.25_128_quant.tflite")
    assert (model.input_size, len(model.labels), model.manifest) == ((128, 128), 1001, None)
    assert model.labels[986] == "daisy"


def test_the_class_for_the_rest_of_the_world_is_no_class() -> None:
    """It is one of the labels, and none of the classes; without it all labels are classes."""
    facts = {"label": "green", "photos": 0, "directions": 800, "drawings": 64, "source": "random"}
    model = ModelFile.from_bytes(surgery.with_facts(surgery.tiny(), unknown=facts))
    assert (model.labels, model.classes) == (("blue", "green", "red"), ("blue", "red"))
    assert (model.unknown_label, model.unknown_index) == ("green", 1)
    plain = ModelFile.from_bytes(surgery.tiny())
    assert plain.classes == plain.labels
    assert plain.unknown_label is plain.unknown_index is None
    with pytest.raises(ModelError, match="not one of its labels"):
        ModelFile.from_bytes(surgery.with_facts(surgery.tiny(), unknown={**facts, "label": "purple"}))
