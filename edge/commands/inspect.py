"""``edge inspect``: what a model file carries, and whether this machine computes what the workstation computed."""

from __future__ import annotations

import argparse
import json
from typing import TYPE_CHECKING, Any

from edge.commands.arguments import add_command, add_model_options
from edge.errors import ModelError
from edge.inference.classifier import Classifier
from edge.inference.selftest import run_self_test
from edge.modelfile.model_file import ModelFile

if TYPE_CHECKING:
    from edge.commands.arguments import Commands


def add(commands: Commands) -> None:
    """Add the command to ``commands``."""
    inspect = add_command(
        commands,
        "inspect",
        "Show what a model file carries and run its self-test.",
        "edge inspect models/flowers.tflite",
    )
    inspect.add_argument("model", metavar="MODEL", help="the model file")
    inspect.add_argument("--json", action="store_true", help="one JSON object")
    add_model_options(inspect)
    inspect.set_defaults(command=_inspect)


def _inspect(options: argparse.Namespace) -> int:
    model = ModelFile.load(options.model, options.labels)
    classifier = Classifier(model, 1, options.runtime)
    facts = _facts(model, classifier.runtime)
    result = run_self_test(classifier) if model.manifest else None
    facts["self_test"] = result and {
        "passed": result.passed,
        "largest_difference": round(result.largest_difference, 6),
        "tolerance": round(result.tolerance, 6),
    }
    if options.json:
        print(json.dumps(facts))
    else:
        facts["labels"] = ", ".join(model.labels[:10]) + (", ..." if len(model.labels) > 10 else "")
        facts["self_test"] = (
            f"{'passed' if result.passed else 'FAILED'} (largest difference {result.largest_difference:.4f}, "
            f"allowed {result.tolerance:.4f})"
            if result
            else "none: not exported by trainer retrain"
        )
        for name, value in facts.items():
            print(f"{name.replace('_', ' '):<22}{'not known' if value is None else value}")
    if result and not result.passed:
        raise ModelError(f"{options.model}: the self-test failed on {classifier.runtime}; do not use it here")
    return 0


def _facts(model: ModelFile, runtime: str) -> dict[str, Any]:
    manifest = model.manifest
    return {
        "architecture": manifest and manifest.architecture,
        "quantization": manifest and manifest.quantization,
        "labels": list(model.labels),
        "test_accuracy": manifest and manifest.accuracy,
        "test_photos": manifest and manifest.test_photos,
        "score_threshold": manifest and manifest.score_threshold,
        "rejects_strangers": bool(manifest and manifest.gate),
        "photos": manifest and manifest.photos,
        "training": manifest and manifest.training,
        "input": f"{model.input.dtype} {model.input.shape}",
        "output": f"{model.output.dtype} {model.output.shape}",
        "size_bytes": model.size_bytes,
        "sha256": model.sha256,
        "minimum_runtime": manifest and manifest.minimum_runtime,
        "runtime": runtime,
    }
