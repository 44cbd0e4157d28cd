"""What may be imported: the trainer uses edge, and TensorFlow is kept out of the process that trains."""

from __future__ import annotations

import ast
import re
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from support.paths import PACKAGES, REPOSITORY

MODULES = sorted((PACKAGES / "trainer").rglob("*.py"))
NEEDED = {
    *("threadpoolctl", "PIL", "ai_edge_litert", "edge", "flatbuffers", "numpy", "packaging", "rich", "trainer"),
    "typer",
}
"""What the trainer may import at module level, beside the standard library."""

LATE = {"google", "h5py", "keras", "pyarrow", "ray", "scipy", "starlette", "tensorboard", "tensorflow"}
"""What is imported inside functions, or for type checkers, because it is slow to load or only sometimes needed."""

TENSORFLOW_MODULES = {"convert", "folded_mobilenet", "layers", "network"}
"""The only modules of the trainer that import TensorFlow or Keras: what the two child processes run."""


def imports(path: Path) -> Iterator[tuple[str, bool]]:
    """(package, whether at module level) of every import in a file."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    inner = {node for part in ast.walk(tree) if _is_late(part) for node in ast.walk(part)}
    for node in ast.walk(tree):
        names: list[str] = []
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, "imports are written out"
            names = [node.module or ""]
        for name in names:
            yield name.split(".")[0], node not in inner


def _is_late(node: ast.AST) -> bool:
    """Whether what is inside ``node`` does not run when the module is imported."""
    if isinstance(node, ast.If):
        return isinstance(node.test, ast.Name) and node.test.id == "TYPE_CHECKING"
    return isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda))


@pytest.mark.parametrize("path", MODULES, ids=lambda path: path.stem)
def test_trainer_imports_from_edge_and_never_from_tests_or_benchmarks(path: Path) -> None:
    """Every import is of the standard library, edge, the trainer itself or a declared dependency in its place."""
    for package, at_module_level in imports(path):
        if package not in sys.stdlib_module_names:
            assert package in NEEDED | ({*LATE} if not at_module_level else set()), package


def test_tensorflow_is_imported_where_it_runs_as_a_program_of_its_own() -> None:
    """Only what converts and what fine-tunes mentions TensorFlow or Keras, and inside functions."""
    found = {
        (path.stem, at_module_level)
        for path in MODULES
        for package, at_module_level in imports(path)
        if package in ("tensorflow", "keras")
    }
    assert found == {(name, False) for name in TENSORFLOW_MODULES}


def test_the_rules_for_contributors_name_this_list_and_keep_none_of_their_own() -> None:
    """CONTRIBUTING says where the list of TensorFlow's modules stands; it names no module itself."""
    lines = (REPOSITORY / "CONTRIBUTING.md").read_text(encoding="utf-8").splitlines()
    (rule,) = [line for line in lines if "TENSORFLOW_MODULES" in line]
    here = Path(__file__).relative_to(REPOSITORY).as_posix()
    assert re.findall(r"`([^`]+)`", rule) == ["trainer/", "TENSORFLOW_MODULES", here]


def test_edge_does_not_know_the_trainer() -> None:
    """Nothing in edge imports trainer, at any level."""
    for path in (PACKAGES / "edge").rglob("*.py"):
        assert "trainer" not in {package for package, _ in imports(path)}, path


def test_every_module_of_the_trainer_loads_without_tensorflow(run_python) -> None:
    """Importing the whole package brings in neither TensorFlow nor Keras."""
    parts = [path.relative_to(PACKAGES).with_suffix("").parts for path in MODULES]
    names = [".".join(part) for part in parts if not part[-1].startswith("__")]
    assert len(names) > 20
    script = f"import sys, {', '.join(names)}; print([m for m in ('tensorflow', 'keras') if m in sys.modules])"
    done = run_python("-c", script)
    assert (done.stdout, done.stderr) == ("[]\n", "")
