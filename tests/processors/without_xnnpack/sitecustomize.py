"""LiteRT and tflite-runtime without XNNPACK, in every Python process that has this folder in its ``PYTHONPATH``.

A processor for which XNNPACK has no kernels computes so. The packages offer no environment variable for it; Python
imports a module of this name at its start, and this one changes the interpreter's default when it is imported.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from importlib.machinery import ModuleSpec, PathFinder, SourceFileLoader
from types import ModuleType
from typing import Any

_MODULES = ("ai_edge_litert.interpreter", "tflite_runtime.interpreter")


class _Loader(SourceFileLoader):
    def exec_module(self, module: ModuleType) -> None:
        super().exec_module(module)
        plain: Any = module.Interpreter

        class Interpreter(plain):  # type: ignore[misc]
            def __init__(self, *arguments: Any, **options: Any) -> None:
                without = module.OpResolverType.BUILTIN_WITHOUT_DEFAULT_DELEGATES
                super().__init__(*arguments, **{"experimental_op_resolver_type": without, **options})

        module.Interpreter = Interpreter  # type: ignore[attr-defined]


class _Finder:
    @staticmethod
    def find_spec(name: str, path: Sequence[str] | None = None, target: ModuleType | None = None) -> ModuleSpec | None:
        spec = PathFinder.find_spec(name, path, target) if name in _MODULES else None
        if spec is not None and spec.origin is not None:
            spec.loader = _Loader(name, spec.origin)
        return spec


sys.meta_path.insert(0, _Finder())  # type: ignore[arg-type]
