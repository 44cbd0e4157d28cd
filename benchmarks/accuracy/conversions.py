"""Accuracy: the float head, the whole model converted to int8 in the usual way, and ours; same test photos."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.accuracy.splits import retrain_options
from edge.modelfile.model_file import ModelFile
from edge.preprocess import preprocess
from trainer.backbones.architectures import Architecture
from trainer.evaluation.evaluate import evaluate_photos
from trainer.photos.split import TRAINING
from trainer.progress import Progress
from trainer.retraining.retrain_all import retrain_all
from trainer.retraining.retrained import Retrained

REPRESENTATIVE_PHOTOS = 100


def compare(
    image_dir: Path, architectures: list[Architecture], seeds: list[int], cache: Path, progress: Progress
) -> list[dict[str, Any]]:
    """One row for each architecture and split: accuracies (0..1) on the same 30 % of the photos.

    ``float_head`` is the float32 file, ``whole_model_int8`` the converter's int8 of backbone and float head
    calibrated on 100 training photos, ``ours_int8`` the spliced file.
    """
    rows = []
    for architecture in architectures:
        for seed in seeds:
            with tempfile.TemporaryDirectory() as scratch:
                options = retrain_options(image_dir, scratch, cache, architecture, seed, ("float32", "int8"))
                floating, int8 = retrain_all(options, progress)
                with progress.stage("whole-model int8"):
                    whole = _whole_model_accuracy(floating, Path(scratch))
                rows.append(
                    {
                        "architecture": architecture.name,
                        "seed": seed,
                        "test_photos": int8.evaluation.count,
                        "float_head": round(floating.evaluation.accuracy, 4),
                        "whole_model_int8": round(whole, 4),
                        "ours_int8": round(int8.evaluation.accuracy, 4),
                        "ours_promised": round(int8.promised_accuracy, 4),
                    }
                )
                progress.message(str(rows[-1]))
    return rows


def _whole_model_accuracy(floating: Retrained, scratch: Path) -> float:
    """The accuracy of backbone and float head converted to int8 in one piece, on the same test photos."""
    dataset, size = floating.dataset, floating.backbone.architecture.input_size
    photos = dataset.of(TRAINING)
    chosen = np.random.default_rng(0).permutation(len(photos))[:REPRESENTATIVE_PHOTOS]
    calibration = np.stack([preprocess(photos[i].path, (size, size)) for i in chosen])
    head = floating.fit.head
    np.savez(scratch / "inputs.npz", weights=head.weights, bias=head.bias, calibration=calibration)
    arguments = [floating.backbone.architecture.name, str(floating.backbone.weights.path), str(scratch)]
    environment = {**os.environ, "TF_CPP_MIN_LOG_LEVEL": "3"}
    command = [sys.executable, "-m", "benchmarks.accuracy.whole_model", *arguments]
    subprocess.run(command, check=True, env=environment, stderr=subprocess.DEVNULL)
    content = (scratch / "whole.tflite").read_bytes()
    model = ModelFile.from_bytes(content, dataset.labels)
    return evaluate_photos(model, dataset.of("test")).accuracy
