"""Reading every import of a package, and comparing them with the table of its layers."""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

Layers = Sequence[Sequence[str]]
"""From the lowest layer to the highest; a layer is the names of folders and modules of the package."""


class Import(NamedTuple):
    """The module ``importer`` imports the module ``imported``."""

    importer: str
    imported: str


def read_imports(package: Path) -> list[Import]:
    """Every import in ``package`` of its own modules; those inside functions and for type checkers count."""
    modules = {_name(path, package): path for path in sorted(package.rglob("*.py"))}
    return [
        Import(name, target)
        for name, path in modules.items()
        for target in _targets(path, package.name, modules.keys())
    ]


def against_the_order(package: Path, layers: Layers) -> list[str]:
    """What breaks the rule that a module imports only modules of layers below its own, or modules of its own folder.

    A module or folder that is in no layer breaks it too, and so does a name in a layer that is not in the package.
    """
    layer_of = {name: number for number, layer in enumerate(layers) for name in layer}
    parts = {path.stem for path in package.iterdir() if path.suffix == ".py" or (path / "__init__.py").exists()}
    broken = [f"{name} is in no layer" for name in sorted(parts - layer_of.keys())]
    broken += [f"{name} is not there" for name in sorted(layer_of.keys() - parts)]
    for importer, imported in read_imports(package):
        upper, lower = _part(importer), _part(imported)
        if upper in layer_of and lower in layer_of and upper != lower and layer_of[lower] >= layer_of[upper]:
            broken.append(f"{importer} imports {imported}")
    return broken


def circles(package: Path) -> list[list[str]]:
    """The modules of ``package`` that import each other in a circle; imports inside functions count."""
    graph: dict[str, set[str]] = {}
    for importer, imported in read_imports(package):
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


def _part(module: str) -> str:
    """The folder or module directly in the package that ``module`` belongs to; the package itself is __init__."""
    names = module.split(".")
    return names[1] if len(names) > 1 else "__init__"


def _targets(path: Path, package: str, modules: Iterable[str]) -> Iterator[str]:
    known = set(modules)
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            # ``import edge`` only asks for the folder of the package; the names in it are imported by ``from``.
            yield from (alias.name for alias in node.names if alias.name in known - {package})
        elif isinstance(node, ast.ImportFrom) and node.module in known:
            for alias in node.names:
                module = f"{node.module}.{alias.name}"
                yield module if module in known else node.module
