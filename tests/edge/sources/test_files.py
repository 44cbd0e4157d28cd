"""Files, folders and globs, and what is skipped."""

from __future__ import annotations

import os
import socket
import tracemalloc
from pathlib import Path

import pytest

from edge.errors import StorageError
from edge.sources.files import find_photos, walk_files
from support.colours import fill


class Skipped(dict[str, str]):
    """The skipped paths by name, with the reasons."""

    def __call__(self, path: Path, reason: str) -> None:
        assert path.name not in self
        self[path.name] = reason


@pytest.fixture
def skipped() -> Skipped:
    """An empty list of skipped paths."""
    return Skipped()


def _found(skipped: Skipped, *arguments: object) -> list[str]:
    return [str(path) for path in find_photos(map(str, arguments), skipped)]


@pytest.fixture(autouse=True)
def _in_an_empty_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def test_folders_are_walked_in_a_stable_order(skipped: Skipped) -> None:
    """Files come sorted by name, folder by folder; the order on the disk does not matter."""
    for name in ("b/2.png", "a.png", "b/10.png", "B.png", "b/c/1.png", "z.png"):
        Path("photos", name).parent.mkdir(parents=True, exist_ok=True)
        Path("photos", name).touch()
    names = [str(path.relative_to("photos")) for path in walk_files(Path("photos"), skipped)]
    assert names == ["B.png", "a.png", "b/10.png", "b/2.png", "b/c/1.png", "z.png"]
    assert skipped == {}


def test_a_large_folder_takes_little_memory(skipped: Skipped) -> None:
    """Names are kept, and not all that was asked of each file: 280 bytes a file, not 1,100."""
    count = 3000
    for number in range(count):
        Path(f"{number:05d}.jpg").touch()
    assert len(_found(skipped, ".")) == count  # what is loaded once does not count
    peaks = []
    for _ in range(2):  # in one of them Python may make its table of all strings of paths larger, which takes megabytes
        tracemalloc.start()
        try:
            found = sum(1 for _ in find_photos(["."], skipped))
            peaks.append(tracemalloc.get_traced_memory()[1])
        finally:
            tracemalloc.stop()
        assert found == count
    assert min(peaks) < 600 * count


def _make_deep(levels: int) -> None:
    """A chain of folders ``d`` in the current folder, with ``a.png`` in every hundredth and ``z.png`` in the last."""
    start = os.open(".", os.O_RDONLY)
    for level in range(levels):
        os.mkdir("d")
        if level % 100 == 0:
            Path("a.png").touch()
        os.chdir("d")
    Path("z.png").touch()
    os.fchdir(start)
    os.close(start)


def _remove_deep(levels: int) -> None:
    """Remove the chain of :func:`_make_deep`: other functions that remove folders call themselves at each level."""
    start = os.open(".", os.O_RDONLY)
    for _ in range(levels):
        os.chdir("d")
    for _ in range(levels):
        for name in os.listdir("."):
            os.rmdir(name) if name == "d" else os.remove(name)
        os.chdir("..")
    for name in os.listdir("."):
        os.rmdir(name) if name == "d" else os.remove(name)
    os.fchdir(start)
    os.close(start)


@pytest.mark.parametrize("levels", [1200, 3000])
def test_deep_folders(levels: int, skipped: Skipped) -> None:
    """Folders may be deeper than Python's limit of calls; below the system's longest path, one line says so."""
    _make_deep(levels)
    try:
        found = list(walk_files(Path("."), skipped))
        assert sum(path.name == "a.png" for path in found) == len(range(0, min(levels, 2048), 100))
        if levels == 1200:
            assert str(found[-1]) == "d/" * 1200 + "z.png"
            assert skipped == {}
        else:
            assert skipped == {"d": "cannot be read: File name too long"}
        assert _found(skipped, "**/z.png") == []
        assert skipped["z.png"] == "folders too deep for a pattern; give the folder itself"
    finally:
        _remove_deep(levels)


def test_every_regular_file_is_a_candidate(skipped: Skipped) -> None:
    """Files with any name and any extension come; only the decoder decides."""
    fill(Path("photos"), "red.png", "red", "red.txt")
    assert _found(skipped, "photos") == ["photos/red", "photos/red.png", "photos/red.txt"]


def test_hidden_files_are_skipped(skipped: Skipped) -> None:
    """Hidden files and folders are skipped with that reason, also those that macOS and Windows make."""
    fill(Path("photos/.thumbnails"), "red.png")
    fill(Path("photos"), "red.png")
    Path("photos/.DS_Store").touch()
    assert _found(skipped, "photos") == ["photos/red.png"]
    assert skipped == {".thumbnails": "hidden", ".DS_Store": "hidden"}


SYSTEM_NAMES = ["@eaDir", "__MACOSX", "Thumbs.db", "desktop.ini", "$RECYCLE.BIN", "#recycle", "lost+found", "@Recycle"]


@pytest.mark.parametrize("name", [*SYSTEM_NAMES, "@EADIR", "thumbs.DB"])
def test_what_systems_make_is_skipped(name: str, skipped: Skipped) -> None:
    """Files and folders that drives and systems make for themselves are skipped, in any case and by globs."""
    fill(Path("photos", "deep", name), "red.png")
    fill(Path("photos", "deep"), "blue.png")
    assert _found(skipped, "photos") == ["photos/deep/blue.png"]
    assert skipped == {name: "made by a drive or a system"}
    skipped.clear()
    assert _found(skipped, "photos/*/*") == ["photos/deep/blue.png"]
    assert set(skipped.values()) == {"made by a drive or a system"}


def test_what_systems_make_may_be_named(skipped: Skipped) -> None:
    """Such a folder is used if an argument names it."""
    fill(Path("photos/@eaDir"), "red.png")
    assert _found(skipped, "photos/@eaDir") == ["photos/@eaDir/red.png"]
    assert _found(skipped, "photos/@eaDir/r*") == ["photos/@eaDir/red.png"]
    assert skipped == {}


@pytest.mark.parametrize("name", ["recycled", "thumbs", "lost", "eaDir", "Temporary"])
def test_names_that_only_sound_like_a_system(name: str, skipped: Skipped) -> None:
    """A class may have any other name."""
    fill(Path("photos", name), "red.png")
    assert _found(skipped, "photos") == [f"photos/{name}/red.png"]


def test_hidden_files_may_be_named(skipped: Skipped) -> None:
    """A hidden file or folder that is named itself is used."""
    fill(Path(".hidden"), "red.png")
    assert _found(skipped, ".hidden", ".hidden/red.png") == [".hidden/red.png"]


def test_links(skipped: Skipped) -> None:
    """Links to files and folders are followed; loops, broken links and links to themselves are not."""
    fill(Path("photos/deep"), "red.png")
    fill(Path("elsewhere"), "blue.png")
    Path("photos/file.png").symlink_to(Path("elsewhere/blue.png").resolve())
    Path("photos/folder").symlink_to(Path("elsewhere").resolve())
    Path("photos/deep/up").symlink_to("..")
    Path("photos/broken").symlink_to("nowhere")
    Path("photos/self").symlink_to("self")
    assert _found(skipped, "photos") == ["photos/deep/red.png", "photos/file.png", "photos/folder/blue.png"]
    assert skipped == {
        "up": "a link back to a folder above it",
        "broken": "cannot be read: No such file or directory",
        "self": "cannot be read: Too many levels of symbolic links",
    }


def test_links_given_as_arguments(skipped: Skipped) -> None:
    """A link that is named itself is followed or skipped like one that is found."""
    fill(Path("photos"), "red.png")
    Path("link").symlink_to("photos")
    Path("broken").symlink_to("nowhere")
    Path("self").symlink_to("self")
    assert _found(skipped, "link", "broken", "self") == ["link/red.png"]
    assert skipped == {
        "broken": "no such file or folder",
        "self": "cannot be read: Too many levels of symbolic links",
    }


def test_pipes_and_sockets(skipped: Skipped) -> None:
    """A file that is not regular is never opened, found or named: to read a pipe would wait without end."""
    fill(Path("photos"), "red.png")
    os.mkfifo("photos/pipe.jpg")
    os.mkfifo("named.jpg")
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind("photos/socket.jpg")
        assert _found(skipped, "photos", "named.jpg", "/dev/nul[l]") == ["photos/red.png"]
    assert {"pipe.jpg", "socket.jpg", "named.jpg", "null"} == set(skipped)
    assert set(skipped.values()) == {"not a regular file"}


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read every folder")
def test_folder_that_may_not_be_read(skipped: Skipped) -> None:
    """A folder without permission is skipped, found or named, and the other files come."""
    fill(Path("photos/closed"), "red.png")
    fill(Path("photos/open"), "red.png")
    Path("photos/closed").chmod(0)
    try:
        assert _found(skipped, "photos", "photos/closed/red.png") == ["photos/open/red.png"]
    finally:
        Path("photos/closed").chmod(0o700)
    assert set(skipped.values()) == {"cannot be read: Permission denied"}


@pytest.mark.parametrize(
    ("argument", "reason"),
    [
        ("gone.png", "no such file or folder"),
        ("", "no such file or folder"),
        ("a\0b", "no such file or folder"),
        ("photos/red.png/x", "cannot be read: Not a directory"),
        ("x" * 5000, "cannot be read: File name too long"),
        ("gone/*.png", "no file matches"),
        ("[z]*", "no file matches"),
    ],
)
def test_arguments_that_mean_nothing(argument: str, reason: str, skipped: Skipped) -> None:
    """A missing path is skipped with its reason; an empty name does not mean the current folder."""
    fill(Path("photos"), "red.png")
    assert _found(skipped, argument, "photos") == ["photos/red.png"]
    assert list(skipped.values()) == [reason]


def test_globs(skipped: Skipped) -> None:
    """Patterns are expanded and sorted; folders that match are walked; ** gives each file once."""
    fill(Path("photos/a"), "red-1.png", "blue-1.png")
    fill(Path("photos/b"), "red-2.png")
    assert _found(skipped, "photos/*/red*") == ["photos/a/red-1.png", "photos/b/red-2.png"]
    assert _found(skipped, "photos/[b]") == ["photos/b/red-2.png"]
    assert _found(skipped, "photos/?") == ["photos/a/blue-1.png", "photos/a/red-1.png", "photos/b/red-2.png"]
    assert _found(skipped, "photos/**") == ["photos/a/blue-1.png", "photos/a/red-1.png", "photos/b/red-2.png"]
    assert _found(skipped, "**/*.png") == ["photos/a/blue-1.png", "photos/a/red-1.png", "photos/b/red-2.png"]
    assert skipped == {}


def test_names_that_look_like_globs(skipped: Skipped) -> None:
    """The name of an existing file is not a pattern, even with brackets in it."""
    fill(Path(), "red [1].png", "red 1.png")
    assert _found(skipped, "red [1].png") == ["red [1].png"]


def test_no_file_comes_twice(skipped: Skipped) -> None:
    """A file that is named, found in its folder and matched by a glob comes once, where it came first."""
    fill(Path("photos"), "blue.png", "red.png")
    assert _found(skipped, "photos/red.png", "photos", "./photos/*.png") == ["photos/red.png", "photos/blue.png"]


def test_names_that_are_not_utf8(skipped: Skipped) -> None:
    """A name that is not UTF-8 is found."""
    Path("photos").mkdir()
    Path(os.fsdecode(b"photos/caf\xe9.png")).touch()
    assert [os.fsencode(name) for name in _found(skipped, "photos")] == [b"photos/caf\xe9.png"]


def test_search_is_lazy(skipped: Skipped) -> None:
    """The first file comes before the second argument is read."""

    def arguments():
        yield "photos"
        pytest.fail("read too far")

    fill(Path("photos"), "blue.png", "red.png")
    assert next(find_photos(arguments(), skipped)) == Path("photos/blue.png")


def test_a_drive_that_is_taken_away_while_its_files_are_looked_for(tmp_path: Path) -> None:
    """Whether they are named one by one or lie in a folder: ten that are missing in a row, and the one before them too.

    Ten that were never there are the user's mistake, and named.
    """
    skipped: list[Path] = []
    names = [tmp_path / f"{number:02}.jpg" for number in range(20)]
    for name in names:
        name.touch()
    arguments = [*(f"none-{number}" for number in range(12)), *map(str, names)]
    found = find_photos(arguments, lambda path, reason: skipped.append(path))
    assert [next(found), next(found)] == names[:2]
    assert len(skipped) == 12
    for name in names:
        name.unlink()
    with pytest.raises(
        StorageError, match=f"^{names[11]}: no such file or folder; neither can {names[1]}, which could"
    ):
        next(found)
    assert skipped[12:] == names[2:12]
