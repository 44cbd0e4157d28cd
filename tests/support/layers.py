"""Reading every import of a package, and comparing them with the table of its layers."""

from __future__ import annotations

import ast
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

Layers = Sequence[Sequence[str]]
"""From the lowest layer to the highest; a layer names folders and modules of the package that stand side by side."""


class Import(NamedTuple):
    """The module ``importer`` imports the module ``imported``; ``late`` inside a function or for types alone."""

    importer: str
    imported: str
    late: bool


def read_imports(package: Path) -> list[Import]:
    """Every import in ``package`` of its own modules, those inside functions and for type checkers included."""
    modules = {_name(path, package): path for path in sorted(package.rglob("*.py"))}
    return [
        Import(name, target, late)
        for name, path in modules.items()
        for target, late in _targets(path, package.name, modules.keys())
    ]


def against_the_order(package: Path, layers: Layers) -> list[str]:
    """What breaks the rule that a layer imports only layers below it, or itself where it is a folder.

    A module or folder that stands in no layer breaks it too, and so does a layer that names what is not there.
    """
    floor = {name: number for number, layer in enumerate(layers) for name in layer}
    rooms = {path.stem for path in package.iterdir() if path.suffix == ".py" or (path / "__init__.py").exists()}
    broken = [f"{name} stands in no layer" for name in sorted(rooms - floor.keys())]
    broken += [f"{name} is not there" for name in sorted(floor.keys() - rooms)]
    for importer, imported, _ in read_imports(package):
        upper, lower = _room(importer), _room(imported)
        if upper in floor and lower in floor and upper != lower and floor[lower] >= floor[upper]:
            broken.append(f"{importer} imports {imported}")
    return broken


def circles(package: Path) -> list[list[str]]:
    """The modules of ``package`` that import each other in a circle, those inside functions included."""
    graph: dict[str, set[str]] = {}
    for importer, imported, _ in read_imports(package):
        graph.setdefault(importer, set()).add(imported)
    found, done = [], set[str]()

    def visit(module: str, path: list[str]) -> None:
        if module in path:
            found.append(path[path.index(module) :])
        elif module not in done:
            for target in sorted(graph.get(module, ())):
                visit(target, [*path, module])
            done.add(module)

    for module in sorted(graph):
        visit(module, [])
    return found


def _name(path: Path, package: Path) -> str:
    parts = path.relative_to(package.parent).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def _room(module: str) -> str:
    """The folder or module directly under the package in which ``module`` lies; the package itself is __init__."""
    parts = module.split(".")
    return parts[1] if len(parts) > 1 else "__init__"


def _targets(path: Path, package: str, modules: object) -> Iterator[tuple[str, bool]]:
    known = set(modules)  # type: ignore[call-overload]
    tree = ast.parse(path.read_text(encoding="utf-8"))
    late = {
        inner
        for outer in ast.walk(tree)
        if isinstance(outer, (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda))
        or (isinstance(outer, ast.If) and ast.unparse(outer.test) == "TYPE_CHECKING")
        for inner in ast.walk(outer)
    }
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            # ``import edge`` only asks where the package lies; what it offers is imported by name.
            yield from ((alias.name, node in late) for alias in node.names if alias.name in known - {package})
        elif isinstance(node, ast.ImportFrom) and node.module in known:
            for alias in node.names:
                module = f"{node.module}.{alias.name}"
                yield (module if module in known else node.module), node in late
