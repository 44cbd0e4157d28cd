"""The import rules that keep the edge package light enough for a small board."""

from __future__ import annotations

import ast
import importlib.metadata
import json
import sysconfig
from pathlib import Path

import pytest

import edge

PACKAGE = Path(edge.__file__).parent
MODULES = sorted(PACKAGE.rglob("*.py"))
ALLOWED_AT_START = {"edge", "numpy", "PIL"}
COSTLY = {"zipfile", "zlib", "glob", "http.server", "http.client", "asyncio", "concurrent.futures", "PIL.ImageOps"}

EVERY_COMMAND = "import edge.cli; [__import__(f'edge.commands.{name}') for name in edge.cli._COMMANDS]"


def _imports(path: Path, module_level_only: bool) -> set[str]:
    """The full names that the module at ``path`` imports; a block for type checkers counts as nothing."""
    names: set[str] = set()

    def visit(node: ast.AST) -> None:
        if isinstance(node, ast.If) and ast.unparse(node.test) == "TYPE_CHECKING":
            return
        if module_level_only and isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda)):
            return
        if isinstance(node, ast.Import):
            names.update(alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}: imports are absolute"
            names.add(str(node.module))
        for child in ast.iter_child_nodes(node):
            visit(child)

    visit(ast.parse(path.read_text(encoding="utf-8")))
    return names


def _standard(name: str) -> bool:
    import sys

    return name.split(".")[0] in sys.stdlib_module_names


@pytest.mark.parametrize("path", MODULES, ids=lambda path: str(path.relative_to(PACKAGE)))
def test_module_level_imports(path: Path) -> None:
    """At start a module of edge needs the standard library, numpy, Pillow and edge itself, nothing more."""
    outside = {name for name in _imports(path, module_level_only=True) if not _standard(name)}
    assert {name.split(".")[0] for name in outside} <= ALLOWED_AT_START


@pytest.mark.parametrize("path", MODULES, ids=lambda path: str(path.relative_to(PACKAGE)))
def test_trainer_is_never_imported(path: Path) -> None:
    """Nowhere, not even inside a function, does edge know the trainer, the benchmarks or TensorFlow."""
    heads = {name.split(".")[0] for name in _imports(path, module_level_only=False)}
    assert not heads & {"trainer", "benchmarks", "tensorflow", "typer", "rich"}


@pytest.mark.parametrize(
    ("folder", "below"),
    [
        (
            "sources",
            {
                *("edge.types", "edge.errors", "edge.distribution", "edge.lazy_names", "edge.messages"),
                *(
                    "edge.missing_path",
                    "edge.preprocess",
                    "edge.regular_file",
                    "edge.secrets",
                    "edge.pictures.bounded_file",
                    "edge.pictures.open_image",
                ),
                *("edge.system.supported", "edge.system.drives", "edge.system.daemon_pool", "edge.tls"),
                "edge.unread_photos",
            },
        ),
        (
            "sinks",
            {
                *("edge.types", "edge.errors", "edge.distribution", "edge.statistics", "edge.files", "edge.tls"),
                *("edge.backoff", "edge.controls", "edge.home", "edge.regular_file", "edge.secrets", "edge.shorten"),
                *("edge.system.locks", "edge.system.supported"),
            },
        ),
    ],
)
def test_sources_and_sinks_know_little(folder: str, below: set[str]) -> None:
    """Beside their own folder, sources import values, messages, TLS, the decoder; sinks values, counts, files,
    TLS.
    """
    for path in (PACKAGE / folder).rglob("*.py"):
        ours = {name for name in _imports(path, module_level_only=False) if name.split(".")[0] == "edge"}
        assert {name for name in ours if not name.startswith(f"edge.{folder}.")} <= below, path.name


def test_a_cold_start_loads_nothing_heavy(python) -> None:
    """``import edge`` and all subcommands load numpy and Pillow, and no other package."""
    show = "import json, sys; {}; print(json.dumps(sorted(sys.modules)))"
    base = set(json.loads(python("-c", show.format("import numpy, numpy.typing, PIL.Image")).stdout))
    done = python("-c", show.format(f"import edge; {EVERY_COMMAND}"))
    loaded = set(json.loads(done.stdout)) - base
    assert {name.split(".")[0] for name in loaded if not _standard(name)} == {"edge"}
    assert done.stderr == ""


def test_a_cold_start_leaves_out_what_only_some_runs_need(python) -> None:
    """Modules of the standard library that the unavoidable ones do not bring along wait until they are needed."""
    show = "import json, sys; import {}; print(json.dumps(sorted(sys.modules)))"
    base = set(json.loads(python("-c", show.format("numpy, numpy.typing, PIL.Image, argparse, pathlib")).stdout))
    ours = set(json.loads(python("-c", show.format(f"edge; {EVERY_COMMAND}")).stdout))
    assert not (ours - base) & COSTLY


def test_a_subcommand_leaves_the_others_alone(python) -> None:
    """``edge label`` imports no other subcommand, nor what those share."""
    show = "import json, sys; import edge.cli; edge.cli.build_parser(['label']); print(json.dumps(sorted(sys.modules)))"
    loaded = {name for name in json.loads(python("-c", show).stdout) if name.startswith("edge.")}
    assert {name for name in loaded if name.startswith("edge.commands.")} == {
        "edge.commands.arguments",
        "edge.commands.delegate_options",
        "edge.commands.label",
        "edge.commands.label_output",
    }
    assert not any(name.startswith(("edge.live", "edge.doctor", "edge.bench")) for name in loaded)


def test_the_installed_package_is_what_is_tested() -> None:
    """If edge is installed from a wheel, the tests see that copy and not the checkout (see ``make edge-test``)."""
    origin = importlib.metadata.distribution("edge-for-poets").read_text("direct_url.json") or "{}"
    if json.loads(origin).get("dir_info", {}).get("editable"):
        pytest.skip("installed in editable mode: the checkout is the package")
    assert PACKAGE.parent == Path(sysconfig.get_paths()["purelib"])


def test_public_names() -> None:
    """What the package promises in ``__all__`` is there."""
    values = ["Category", "Classification", "Classifier", "DelegateChoice", "EdgeError", "LabelledPhoto", "ModelFile"]
    assert edge.__all__ == values
    assert all(hasattr(edge, name) for name in edge.__all__)
