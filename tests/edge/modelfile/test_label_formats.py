"""Label files in JSON, CSV and YAML, in other encodings, and in zips."""

from __future__ import annotations

import io
import json
import zipfile
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge.errors import ModelError
from edge.modelfile.labels import parse_label_file, read_labels

FLOWERS = ("daisy", "roses", "tulips")
WORDS = st.text(st.characters(categories=("L", "Nd")), min_size=1, max_size=8)
NAMES = st.lists(st.lists(WORDS, min_size=1, max_size=3).map(" ".join), min_size=1, max_size=12)


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("a.json", '["daisy", "roses", "tulips"]'),
        ("a.txt", '["daisy", "roses", "tulips"]'),
        ("a.json", '{"0": "daisy", "1": "roses", "2": "tulips"}'),
        ("a.json", '{"2": "tulips", "1": "roses", "0": "daisy"}'),
        ("a.json", '{"1": "daisy", "2": "roses", "3": "tulips"}'),
        ("a.json", '{"daisy": 0, "tulips": 2, "roses": 1}'),
        ("a.json", '{"labels": ["daisy", "roses", "tulips"], "version": 2}'),
        ("a.json", '{"names": {"0": "daisy", "1": "roses", "2": "tulips"}, "task": "classify"}'),
        ("config.json", '{"id2label": {"0": "daisy", "1": "roses", "2": "tulips"}}'),
        ("signature.json", '{"classes": {"Label": ["daisy", "roses", "tulips"]}}'),
        ("a.json", '{"0": ["n1", "daisy"], "1": ["n2", "roses"], "2": ["n3", "tulips"]}'),
        ("a.json", '[{"id": 0, "name": "daisy"}, {"id": 1, "name": "roses"}, {"id": 2, "name": "tulips"}]'),
        ("meta.txt", "{'names': {0: 'daisy', 1: 'roses', 2: 'tulips'}, 'stride': 32}"),
        ("a.csv", "index,label\n0,daisy\n1,roses\n2,tulips\n"),
        ("a.csv", "0,daisy\n1,roses\n2,tulips\n"),
        ("a.csv", "daisy,0\ntulips,2\nroses,1\n"),
        ("a.csv", '1;"daisy"\n2;"roses"\n3;tulips\n'),
        ("a.tsv", "id\tname\n0\tdaisy\n1\troses\n2\ttulips\n"),
        ("a.csv", "label\ndaisy\nroses\ntulips\n"),
        ("a.csv", "\ufeffindex,mid,display_name\r\n0,/m/1,daisy\r\n1,/m/2,roses\r\n2,/m/3,tulips\r\n"),
        ("a.csv", "0 daisy\n1 roses\n2 tulips\n".replace(" ", ", ")),
        ("data.yaml", "path: ../flowers\nnc: 3\nnames: [daisy, 'roses', \"tulips\"]\n"),
        ("data.yaml", "names:\n  0: daisy  # first\n  1: roses\n  2: 'tulips'\nnc: 3\n"),
        ("data.yml", "names:\n- daisy\n- roses\n- tulips\nval: images\n"),
        ("data.yaml", "names: [daisy,\n  roses,\n  tulips]\n"),
        ("data.yaml", "names: {0: daisy, 1: roses, 2: tulips}"),
        ("a.yaml", "- daisy\n- roses\n- tulips\n"),
    ],
)
def test_formats(name: str, text: str) -> None:
    """Each shape in which tools write labels gives the labels in the order of the outputs."""
    assert parse_label_file(text.encode(), name) == FLOWERS


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-32"])
def test_encodings(encoding: str) -> None:
    """UTF-8, with or without its mark, and UTF-16 and UTF-32 with theirs."""
    assert parse_label_file("Gänseblümchen\n薔薇\n".encode(encoding), "labels.txt") == ("Gänseblümchen", "薔薇")


def test_commas_and_apostrophes() -> None:
    """Quotes keep what would end a label."""
    assert parse_label_file(b'0,"tench, Tinca tinca"\n1,goldfish\n', "a.csv") == ("tench, Tinca tinca", "goldfish")
    names = parse_label_file(b"names: ['it''s', O'Neil, a#b, \"x: y\"] # all", "a.yaml")
    assert names == ("it's", "O'Neil", "a#b", "x: y")


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("a.txt", "rosé\n".encode("latin-1"), r"not a text file in UTF-8 \(line 1\).*saved as UTF-8"),
        ("a.txt", "rose\n".encode("utf-16-le"), "UTF-16 without its mark"),
        ("a.txt", bytes(100), "not a text file"),
        ("a.json", b"daisy\nroses\n", "not JSON"),
        ("a.json", b"[]", "no labels found"),
        ("a.json", b"[[], 1]", "no labels found"),
        ("a.json", b'{"0": "daisy", "2": "roses"}', "the numbers are not 0 to 1, each once"),
        ("a.json", b'{"a": 0, "b": 0}', "the numbers are not 0 to 1, each once"),
        ("a.json", b"[" * 100_000, "not JSON"),
        ("a.csv", b"a,b\nc\n", "different numbers of columns"),
        ("a.csv", b"daisy,gelb\nroses,rot\n", "which column of the CSV has the labels"),
        ("a.csv", b"index,label\n", "no labels in it"),
        ("a.csv", b"", "different numbers of columns|no labels"),
        ("a.csv", b'0,"daisy\n1,roses\n', "damaged CSV"),
        ("a.yaml", b"nc: 3\n", "cannot read the names in this YAML"),
        ("a.yaml", b"names: &x [a, b]\n", "cannot read the names in this YAML"),
        ("a.yaml", b"names: [a, b\n", "cannot read the names in this YAML"),
        ("a.yaml", b"names:\n  a:\n    b: c\n", "cannot read the names in this YAML"),
        ("a.yaml", b"names: |\n  a\n  b\n", "cannot read the names in this YAML"),
        ("labels.zip", b"PK\x03\x04rubbish", "a damaged zip"),
    ],
)
def test_what_is_not_a_label_file(name: str, content: bytes, message: str) -> None:
    """Each is refused in one line that says how it should be."""
    with pytest.raises(ModelError, match=message):
        parse_label_file(content, name)


@given(NAMES)
def test_round_trips(names: list[str]) -> None:
    """Labels written by json are read as they were, as a list and by number."""
    numbered = {str(index): name for index, name in enumerate(names)}
    assert parse_label_file(json.dumps(names).encode(), "a.json") == tuple(names)
    assert parse_label_file(json.dumps({"names": numbered}).encode(), "a.json") == tuple(names)


@given(NAMES)
def test_yaml_round_trip(names: list[str]) -> None:
    """Quoted labels in YAML are read as they were, in both shapes."""
    flow = ", ".join(f"'{name}'" for name in names)
    block = "".join(f'  {index}: "{name}"\n' for index, name in enumerate(names))
    assert parse_label_file(f"names: [{flow}]\nnc: 1".encode(), "a.yaml") == tuple(names)
    assert parse_label_file(f"names:\n{block}nc: 1".encode(), "a.yaml") == tuple(names)


@given(st.text(), st.sampled_from(["a.txt", "a.json", "a.csv", "a.tsv", "a.yaml"]))
def test_any_text(text: str, name: str) -> None:
    """Any text is labels, or an error of one line."""
    try:
        labels = parse_label_file(text.encode("utf-8", "replace"), name)
    except ModelError as error:
        assert "\n" not in str(error)
    else:
        assert labels and all(isinstance(label, str) for label in labels)


@given(st.text("abnames: []{}',\"#-\n 01\\", max_size=60))
def test_any_yaml(text: str) -> None:
    """Any text of YAML's signs is labels, or an error of one line."""
    try:
        labels = parse_label_file(f"names: {text}".encode(), "a.yaml")
    except ModelError as error:
        assert "\n" not in str(error)
    else:
        assert labels


def test_labels_in_a_zip(tmp_path: Path) -> None:
    """A zip of Teachable Machine, given as the label file, gives the labels in it."""
    path = tmp_path / "converted_tflite.zip"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("model_unquant.tflite", b"TFL3")
        archive.writestr("labels.txt", "0 daisy\n1 roses\n2 tulips\n")
        archive.writestr("__MACOSX/._labels.txt", "x")
    assert read_labels(path) == FLOWERS


def test_a_zip_without_labels() -> None:
    """A zip with no text file, or several, is refused."""
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w") as archive:
        archive.writestr("a.txt", "a")
        archive.writestr("b.txt", "b")
    with pytest.raises(ModelError, match="2 text files in it"):
        parse_label_file(content.getvalue(), "labels.zip")


def test_a_zip_with_an_entry_without_a_name() -> None:
    """An entry without a name is no label file, and no error."""
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w") as archive:
        archive.writestr("labels.txt", "daisy\nroses\ntulips\n")
        archive.writestr(zipfile.ZipInfo(""), "x")
    assert parse_label_file(content.getvalue(), "labels.zip") == FLOWERS
