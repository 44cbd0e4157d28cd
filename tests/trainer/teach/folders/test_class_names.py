"""Names of classes: every name that is kept is a safe folder and a label; the others are refused with a line."""

from __future__ import annotations

import os
import unicodedata
from pathlib import Path

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from edge.errors import UsageError
from edge.sources.files import reason_to_ignore
from trainer.photos.folder import label_problem, list_photos
from trainer.teach.folders.class_names import check_class_name

# Names that are near the rules, and any text.
PARTS = st.sampled_from(
    [
        "..",
        ".",
        "/",
        "\\",
        "a",
        "A",
        "é",
        "e\u0301",
        "ﬁ",
        "ß",
        " ",
        "\n",
        "\0",
        "\u202e",
        "\u200d",
        "con",
        "COM1",
        "😀",
        "名",
    ]
)
NAMES = st.one_of(
    st.lists(PARTS, max_size=8).map("".join), st.text(max_size=20), st.text("ab名", min_size=80, max_size=130)
)


@given(NAMES, st.lists(NAMES, max_size=3))
@example("x" * 255, [])
@example("é" * 127 + "x", [])
def test_a_kept_name_is_a_folder_and_a_label(
    tmp_path_factory: pytest.TempPathFactory, name: str, others: list[str]
) -> None:
    """A kept name makes one folder, directly in its parent, which is read as a class of that name."""
    try:
        kept = check_class_name(name, others)
    except UsageError as error:
        assert len(str(error).splitlines()) == 1
        assert str(error).isprintable() or "\u200d" in str(error)
        return
    root = tmp_path_factory.mktemp("names")
    (root / kept).mkdir()
    (root / kept / "1.jpg").write_bytes(b"1")
    assert os.listdir(root) == [kept]
    assert list_photos(root, "classes").labels == (kept,)
    assert label_problem(kept) is None and reason_to_ignore(kept) is None
    assert kept == unicodedata.normalize("NFC", name).strip()
    assert len(kept.encode()) <= 255
    assert check_class_name(kept, [*others, kept]) == kept
    twins = [other for other in others if other.casefold() == kept.casefold()]
    assert not twins or kept in twins


@pytest.mark.parametrize(
    ("name", "why"),
    [
        ("", "a class needs a name"),
        (" \t", "a class needs a name"),
        ("..", "the class '..': its name cannot begin or end with a dot; folders are named after it"),
        (".hidden", "the class '.hidden': its name cannot begin or end with a dot; folders are named after it"),
        ("../rose", "the class '../rose': its name cannot have the character /; folders are named after it"),
        ("a\\b", "the class 'a\\\\b': its name cannot have the character \\; folders are named after it"),
        ("what?", "the class 'what?': its name cannot have the character ?; folders are named after it"),
        ("a\nb", "the class 'a?b': its name has a control character; use letters, digits and blanks"),
        ("a\u202eb", "the class 'a?b': its name has a control character; use letters, digits and blanks"),
        ("a\ud800", "the class 'a?': its name has a control character; use letters, digits and blanks"),
        ("Nul.txt", "the class 'Nul.txt': systems use this name for themselves; choose another one"),
        ("COM1", "the class 'COM1': systems use this name for themselves; choose another one"),
        ("__MACOSX", "the class '__MACOSX': systems use this name for themselves; choose another one"),
        ("ROSE", "the class 'ROSE': there is a class 'rose'; use that one, or another name"),
    ],
)
def test_a_refused_name_has_a_reason(name: str, why: str) -> None:
    """The message names the class and what is wrong with it."""
    with pytest.raises(UsageError) as caught:
        check_class_name(name, ["rose"])
    assert str(caught.value) == why


def test_a_name_of_too_many_bytes_is_refused() -> None:
    """255 bytes are possible, 256 are not, however many characters these are."""
    assert check_class_name("é" * 127 + "x", []) == "é" * 127 + "x"
    with pytest.raises(UsageError, match="its name has 256 bytes; 255 are possible"):
        check_class_name("é" * 128, [])


def test_unicode_forms_of_one_name_are_one_class() -> None:
    """The decomposed form of a name is that class, not another one."""
    assert check_class_name("Ga\u0308nseblu\u0308mchen", ["Gänseblümchen"]) == "Gänseblümchen"


def test_letters_of_all_scripts_are_kept(tmp_path: Path) -> None:
    """Emoji and scripts that need joiners are names like others."""
    for name in ("👩\u200d🌾", "クラス", "क्\u200dष", "rose 2.0"):
        assert check_class_name(name, []) == name
