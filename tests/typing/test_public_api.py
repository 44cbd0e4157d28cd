"""The file that mypy checks uses the whole public API."""

from __future__ import annotations

import ast
import importlib
from pathlib import Path

import pytest

pytest.importorskip("trainer.progress", reason="the trainer is not installed")

TREE = ast.parse(Path(__file__).with_name("public_api.py").read_text(encoding="utf-8"))


@pytest.mark.parametrize("package", ["edge", "edge.sources", "edge.sinks", "edge.store", "trainer"])
def test_every_public_name_is_imported_and_used(package: str) -> None:
    """Every name of ``__all__`` is imported from its package and used at least once below the imports."""
    imported = {
        alias.name
        for node in TREE.body
        if isinstance(node, ast.ImportFrom) and node.module == package
        for alias in node.names
    }
    used = {node.id for node in ast.walk(TREE) if isinstance(node, ast.Name)}
    assert imported == set(importlib.import_module(package).__all__)
    assert imported <= used
