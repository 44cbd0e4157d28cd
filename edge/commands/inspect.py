"""``edge inspect``: what a model file carries, and whether this machine computes what the workstation computed."""

from __future__ import annotations

import argparse
import contextlib
import json
import sys
from typing import TYPE_CHECKING, Any

import numpy as np

from edge.commands.arguments import add_command, add_model_options, pixel_options
from edge.commands.delegate_options import delegate_choice
from edge.commands.inspect_table import format_facts
from edge.errors import ModelError
from edge.inference.classifier import Classifier
from edge.inference.self_test import SelfTestResult, run_self_test
from edge.messages import print_message
from edge.modelfile.foreign import Function
from edge.modelfile.manifest import KNOWN_PHOTOS_NAME, REMEMBERED_NAME
from edge.modelfile.model_file import ModelFile
from edge.modelfile.normalization import GIVEN
from edge.system.signals import interrupted_at_once

if TYPE_CHECKING:
    from edge.commands.arguments import Commands


def add(commands: Commands) -> None:
    """Add the command to ``commands``."""
    inspect = add_command(
        commands,
        "inspect",
        "Show what a model file carries and run its self-test. Exit code 65: the self-test failed.",
        "edge inspect models/flowers.tflite",
    )
    inspect.add_argument("model", metavar="MODEL", help="the model file")
    inspect.add_argument("--json", action="store_true", help="print one JSON object with all facts instead of tables")
    add_model_options(inspect)
    inspect.set_defaults(command=_inspect)


def _inspect(options: argparse.Namespace) -> int:
    model = ModelFile.load(options.model, options.labels, **pixel_options(options))
    for line in model.messages():
        print_message(line)
    delegate = delegate_choice(options)
    with contextlib.nullcontext() if delegate is None else interrupted_at_once():
        classifier = Classifier(model, runtime=options.runtime, delegate=delegate)
        result = run_self_test(classifier) if model.manifest else None
    facts = _facts(classifier, result)
    sys.stdout.write(json.dumps(facts) + "\n" if options.json else format_facts(facts))
    if result:
        try:
            result.require_passed()
        except ModelError as error:
            raise ModelError(f"{options.model}: {error}") from None
    return 0


def _facts(classifier: Classifier, result: SelfTestResult | None) -> dict[str, Any]:
    """All facts as plain JSON values; None for what a model of another project does not say."""
    model, delegate = classifier.model, classifier.delegate
    manifest = model.manifest
    return {
        "architecture": manifest and manifest.architecture,
        "quantization": manifest and manifest.quantization,
        "labels": list(model.labels),
        "test_accuracy": manifest and manifest.accuracy,
        "test_photos": manifest and manifest.test_photos,
        "independent_test_photos": manifest and manifest.independent_test_photos,
        "score_threshold": manifest and manifest.score_threshold,
        "rejects_strangers": bool(manifest and manifest.gate),
        "photos": manifest and manifest.photos,
        "known_photos": manifest
        and manifest.known_photos
        and {
            "training": manifest.known_photos.training,
            "validation": manifest.known_photos.validation,
            "size_bytes": len(model.packed[KNOWN_PHOTOS_NAME]),
        },
        "remembered": manifest
        and manifest.remembered
        and {
            "bottlenecks": dict(zip(model.labels, manifest.remembered.counts, strict=True)),
            "size_bytes": len(model.packed[REMEMBERED_NAME]),
        },
        "unknown": manifest and manifest.unknown and manifest.unknown._asdict(),
        "training": manifest and manifest.training,
        "input": f"{model.input.dtype} {model.input.shape}",
        "pixels": _pixels(model),
        "scores": model.transform.text if model.transform else Function.NONE.value,
        "output": f"{model.output.dtype} {model.output.shape}",
        "size_bytes": model.size_bytes,
        "sha256": model.sha256,
        "minimum_runtime": manifest and manifest.minimum_runtime,
        "runtime": classifier.runtime,
        "delegate": delegate and {**delegate.as_json(), "parts": classifier.delegate_parts},
        "self_test": result
        and {
            "passed": result.passed,
            "largest_difference": round(result.largest_difference, 6),
            "tolerance": round(result.tolerance, 6),
        },
    }


def _pixels(model: ModelFile) -> str:
    """How pixels become the values of the input, in words."""
    image, normalization = model.image, model.normalization
    words = "one channel, grey; " if image.channels == 1 else ""
    if model.input.dtype != np.float32 and normalization.origin != GIVEN:
        return words + "0..255, as they are"
    return f"{words}scaled to {normalization.text} ({normalization.origin})"
