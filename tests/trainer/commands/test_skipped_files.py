"""Messages about skipped files: single ones by name, many of one kind in one line."""

from __future__ import annotations

from edge.sources.files import HIDDEN, OF_A_SYSTEM
from support.messages import Messages
from trainer.commands.skipped_files import name_skipped
from trainer.photos.photo_files import Skipped

HEIC = "HEIC photo: pip install 'edge-for-poets[heif]' where this program runs, or give JPEG"


def lines_of(*skipped: tuple[str, str]) -> list[str]:
    """The messages for skipped files, given as (path, reason)."""
    messages = Messages()
    name_skipped([Skipped(*entry) for entry in skipped], messages)
    return messages.lines


def test_few_files_of_a_kind_are_named_with_their_reasons() -> None:
    """Up to three of a kind have a line each; what is not the user's has none."""
    same = [(f"roses/{index}", f"the same photo as roses/{index + 5}") for index in range(3)]
    assert lines_of(*same, (".DS_Store", HIDDEN), ("roses/@eaDir", OF_A_SYSTEM)) == [
        "skipped roses/0: the same photo as roses/5",
        "skipped roses/1: the same photo as roses/6",
        "skipped roses/2: the same photo as roses/7",
    ]


def test_many_files_of_a_kind_are_one_line() -> None:
    """The line has the number, the reason, and the names of the first."""
    photos = [(f"roses/{index}.heic", HEIC) for index in range(12)]
    same = [(f"tulips/{index}", f"the same photo as roses/{index}") for index in range(4)]
    assert lines_of(*photos, *same) == [
        f"skipped 12 {HEIC.replace('photo', 'photos')} (roses/0.heic, roses/1.heic, roses/2.heic, ...)",
        "skipped 4 files: the same photo as another one (tulips/0, tulips/1, tulips/2, ...)",
        "10 skipped files are not named here; --json names all of them",
    ]


def test_lines_have_a_largest_length_and_number() -> None:
    """Long names and long reasons are shortened, and there are not more than twenty kinds."""
    lines = lines_of(*((f"{index}" + "x" * 5000, f"reason {index}" + "y" * 5000) for index in range(30)))
    assert len(lines) == 21
    assert max(map(len, lines)) < 450
    assert lines[-1] == "10 skipped files are not named here; --json names all of them"
