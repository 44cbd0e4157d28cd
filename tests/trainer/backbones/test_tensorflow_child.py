"""The child process: its lines are heard as they come, its errors come back, and it never outlives the call."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from edge.errors import ConfigurationError, DataError, StorageError
from trainer.backbones.tensorflow_child import run_tensorflow


@pytest.fixture
def module(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """A function that makes a module with the given statements; returns its name."""
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))

    def make(statements: str) -> str:
        (tmp_path / "childs_play.py").write_text(statements)
        return "childs_play"

    return make


def test_text_goes_in_and_lines_come_out(module) -> None:
    """The text is the child's stdin, whole; every line of its stdout is heard in order."""
    heard: list[str] = []
    name = module("import sys\nprint(len(sys.stdin.read()), sys.argv[1:])\nprint('bye')")
    run_tensorflow("a test", name, ["--x"], "y" * 1_000_000, heard.append)
    assert heard == ["1000000 ['--x']\n", "bye\n"]


def test_what_the_child_leaves_behind_is_removed(module) -> None:
    """TensorFlow never deletes some of its temporary files: they are gone with the child, however it ended."""
    heard: list[str] = []
    leave = "import os, tempfile\nfd, name = tempfile.mkstemp()\nprint(name, flush=True)\nos._exit({})"
    run_tensorflow("a test", module(leave.format(0)), listen=heard.append)
    with pytest.raises(DataError):
        run_tensorflow("a test", module(leave.format(65)), listen=heard.append)
    assert len(heard) == 2
    assert not any(Path(name.rstrip()).parent.exists() for name in heard)


@pytest.mark.parametrize(("code", "kind"), [(65, DataError), (74, StorageError), (78, ConfigurationError)])
def test_errors_of_the_child_keep_their_kind_and_line(module, code: int, kind: type[Exception]) -> None:
    """The last line on the child's stderr is the message, its exit code the kind."""
    name = module(f"import sys\nprint('talk', file=sys.stderr)\nprint('so and so', file=sys.stderr)\nsys.exit({code})")
    with pytest.raises(kind, match=r"^so and so$"):
        run_tensorflow("a test", name)


def test_missing_tensorflow_is_named_with_its_purpose(module) -> None:
    """What needs TensorFlow, and how to install it."""
    name = module("raise ModuleNotFoundError(\"No module named 'tensorflow'\")")
    with pytest.raises(ConfigurationError, match=r"^a test needs TensorFlow: pip install 'edge-for-poets\[trainer\]'$"):
        run_tensorflow("a test", name)


def test_interrupted_call_leaves_no_child(module) -> None:
    """An exception among the lines, as Ctrl-C raises one, ends the child too."""
    heard: list[int] = []

    def interrupt(line: str) -> None:
        heard.append(int(line))
        raise KeyboardInterrupt

    name = module("import os, time\nprint(os.getpid(), flush=True)\ntime.sleep(600)")
    with pytest.raises(KeyboardInterrupt):
        run_tensorflow("a test", name, listen=interrupt)
    with pytest.raises(ProcessLookupError):
        os.kill(heard[0], 0)
