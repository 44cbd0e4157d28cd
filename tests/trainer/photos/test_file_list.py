"""Lists of photos: CSV and JSON Lines, with paths of every kind, and what is refused."""

from __future__ import annotations

import json
import os
import unicodedata
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from edge.errors import DatasetError
from trainer.photos.file_list import FileList, read_file_list

Found = list[tuple[str, str, str | None]]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder with some photos in it and beside it."""
    for name in ("lists/a/1.jpg", "lists/a/2.jpg", "lists/b/3.jpg", "lists/b, c/4.jpg", "lists/café/5.jpg", "6.jpg"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).touch()
    return tmp_path / "lists"


def read(folder: Path, content: str | bytes, name: str = "list.csv", use_splits: bool = True) -> FileList:
    """The list with this content."""
    (folder / name).write_bytes(content.encode() if isinstance(content, str) else content)
    return read_file_list(folder / name, use_splits=use_splits)


def found(result: FileList) -> Found:
    """The photos of a list: relative path, label and split."""
    assert all(file.path.is_file() for file in result.files)
    return [(file.relative, file.label, file.split) for file in result.files]


TWO: Found = [("a/1.jpg", "rose", None), ("b/3.jpg", "tulip", None)]
SPLIT: Found = [("a/1.jpg", "rose", "training"), ("b/3.jpg", "tulip", "test")]


@pytest.mark.parametrize(
    ("content", "wanted"),
    [
        ("a/1.jpg,rose\nb/3.jpg,tulip\n", TWO),
        ("a/1.jpg;rose\r\n\r\nb/3.jpg;tulip", TWO),
        ("a/1.jpg\trose\nb/3.jpg\ttulip\n", TWO),
        ("a/1.jpg, rose \n b/3.jpg , tulip\n", TWO),
        ("path,label\na/1.jpg,rose\nb/3.jpg,tulip\n", TWO),
        ("Class;Width;Filename\nrose;640;a/1.jpg\ntulip;640;b/3.jpg\n", TWO),
        ("a/1.jpg,rose,train\nb/3.jpg,tulip,TEST\n", SPLIT),
        ("split,path,label\nTraining,a/1.jpg,rose\neval,b/3.jpg,tulip\n", SPLIT),
        ("a/1.jpg,rose,\nb/3.jpg,tulip,\n", TWO),
        (
            '"b, c/4.jpg","red, ""wild"""\na/1.jpg,rose',
            [("b, c/4.jpg", 'red, "wild"', None), ("a/1.jpg", "rose", None)],
        ),
        ("b, c/4.jpg;rose\n", [("b, c/4.jpg", "rose", None)]),
        (b"\xef\xbb\xbfpath,label\na/1.jpg,rose\nb/3.jpg,tulip\n", TWO),
        ("path;label\na/1.jpg;rose\nb/3.jpg;tulip\n".encode("utf-16"), TWO),
        ("a\\1.jpg,rose\n.\\b\\3.jpg,tulip\n", TWO),
        ("./a/../a//1.jpg,rose\nb/3.jpg,tulip\n", TWO),
        ('{"path": "a/1.jpg", "label": "rose"}\n\n{"label": "tulip", "path": "b/3.jpg", "split": null}\n', TWO),
        (
            '{"file_name": "a/1.jpg", "Label": "rose", "split": "train"}\n'
            '{"path": "b/3.jpg", "class": "tulip", "split": "test"}',
            SPLIT,
        ),
        ('{"path": "a/1.jpg", "label": 7, "more": {"deep": []}}', [("a/1.jpg", "7", None)]),
    ],
)
def test_forms_of_lists(folder: Path, content: str | bytes, wanted: Found) -> None:
    """Separators, encodings, names of columns and spellings of paths: the photos are the same."""
    result = read(folder, content)
    assert found(result) == wanted
    assert result.skipped == []


def test_paths_above_and_absolute_paths_have_stable_names(folder: Path) -> None:
    """One file has one name, however its path is written; a name does not depend on the folder of the process."""
    for spelling in ("../6.jpg", f"{folder.parent}/6.jpg", "a/../../6.jpg"):
        assert found(read(folder, f"{spelling},rose\n")) == [("../6.jpg", "rose", None)]
    assert found(read(folder, f"{folder}/a/1.jpg,rose\n")) == [("a/1.jpg", "rose", None)]


def test_a_list_may_be_named_without_a_folder(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The list's folder may be the current one."""
    wanted = found(read(folder, "a/1.jpg,rose\n"))
    monkeypatch.chdir(folder)
    assert found(read_file_list(Path("list.csv"))) == wanted


def test_the_split_of_a_list_is_said_and_can_be_left_out(folder: Path) -> None:
    """A line says what the list gives; the layout of classes does not use it."""
    content = "a/1.jpg,rose,train\nb/3.jpg,tulip,valid\n"
    assert read(folder, content).messages == [
        "the list gives the split; test photos are taken from the training photos; --layout classes does not use it"
    ]
    result = read(folder, content, use_splits=False)
    assert (found(result), result.messages) == (TWO, [])
    assert read(folder, "a/1.jpg,rose\n").messages == []


def test_single_photos_are_skipped_with_their_reason(folder: Path) -> None:
    """A photo that is missing, has no label, or has two labels or splits is named; a doubled line counts once."""
    os.mkfifo(folder / "pipe.jpg")
    lines = ["a/1.jpg,rose", "a/1.jpg,rose", "gone.jpg,rose", "a,rose", "pipe.jpg,rose", "b/3.jpg,", "a/2.jpg,rose"]
    result = read(folder, "\n".join([*lines, "./a/2.jpg,tulip", "café/5.jpg,tulip,train", "café/5.jpg,tulip,test", ""]))
    assert found(result) == [("a/1.jpg", "rose", None)]
    assert dict(result.skipped) == {
        "gone.jpg": "cannot be read: No such file or directory",
        "a": "not a regular file",
        "pipe.jpg": "not a regular file",
        "b/3.jpg": "the list has no label for it",
        "a/2.jpg": "listed as rose, tulip; keep one line of it",
        "café/5.jpg": "listed for test, training; keep one line of it",
    }


def test_labels_are_composed(folder: Path) -> None:
    """A label in Unicode's decomposed form is the same class as the composed one."""
    names = [unicodedata.normalize(form, "é") for form in ("NFC", "NFD")]
    assert {label for _, label, _ in found(read(folder, f"a/1.jpg,{names[0]}\na/2.jpg,{names[1]}\n"))} == {names[0]}


@pytest.mark.parametrize(
    ("content", "line"),
    [
        ("", "an empty list; give lines of path,label"),
        ("\n \n", "an empty list"),
        (b"\xff\xd8\xff\xe0\0\x10JFIF", "a photo, not a folder of photos; give a folder that has one folder of photos"),
        (b"PK\x03\x04\0\0", "a zip archive, not a folder of photos; unpack it first"),
        ("caf\u00e9.jpg,rose".encode("latin-1"), "not a folder, and not a list of photos in UTF-8"),
        ("daisy\nroses\n", "line 1 does not have 2 or 3 columns"),
        ("a/1.jpg,rose,train,more\n", "line 1 does not have 2 or 3 columns"),
        ("a/1.jpg,rose\n,tulip\n", "line 2 has no path"),
        ("path,label,split\na/1.jpg,rose,holdout\n", "line 2: unknown split 'holdout'; give train, validation or test"),
        ("gone.jpg,rose\n", "none of the 1 photos in this list can be used: gone.jpg: cannot be read"),
        ('{"path": "a/1.jpg"', "line 1 is not one whole JSON object"),
        ('{"path": "a/1.jpg", "label": "rose"}\n[1]\n', "line 2 is not one whole JSON object"),
        ('{"label": "rose"}', "line 1 has no path"),
        ('{"a":' * 20_000, "line 1 is not one whole JSON object"),
        (f'{{"path": "a/1.jpg", "label": "x", "split": "{"y" * 9999}"}}', "line 1: unknown split 'yyy"),
        (f"a/1.jpg,{'x' * 200_000}", "line 1: field larger than field limit"),
        ('{"path": "a\\u0000", "label": "x"}', "none of the 1 photos in this list can be used"),
        ('{"path": "a\\ud800", "label": "x"}', "none of the 1 photos in this list can be used"),
    ],
)
def test_what_is_not_a_list_is_refused_in_a_line(folder: Path, content: str | bytes, line: str) -> None:
    """The line names the file, and the place in it if there is one."""
    with pytest.raises(DatasetError) as raised:
        read(folder, content)
    assert str(raised.value).startswith(f"{folder / 'list.csv'}: {line}")
    assert len(str(raised.value)) < 600


CELLS = st.sampled_from(
    ["a/1.jpg", "b/3.jpg", "gone", "rose", "tulip", "train", "test", "", '"', "path", "label", "é", "../6.jpg"]
)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=150, deadline=None)
@given(
    st.one_of(
        st.lists(st.lists(CELLS, min_size=1, max_size=4), max_size=8).map(lambda rows: "\n".join(map(",".join, rows))),
        st.lists(st.dictionaries(st.sampled_from(["path", "label", "split"]), CELLS | st.none()), max_size=5).map(
            lambda rows: "\n".join(map(json.dumps, rows))
        ),
        st.binary(max_size=60),
    )
)
def test_any_list_is_read_or_refused(folder: Path, content: str | bytes) -> None:
    """Whatever the list is, each photo is used once or named once, or one line says what is wrong."""
    try:
        result = read(folder, content)
    except DatasetError as error:
        assert "\n" not in str(error) and len(str(error)) < 900
        return
    used = [relative for relative, _, _ in found(result)]
    assert used and len(set(used)) == len(used)
    assert not set(used) & {path for path, reason in result.skipped if reason.startswith("listed")}
