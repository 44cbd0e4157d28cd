"""Measures what differs between processors: ``python tests/processors/measure.py PHOTOS``.

It trains on a folder of photos and labels them, on this processor as it is and as others would compute, and prints
the largest differences as a table. With ``--emulate CPU`` also on processors that QEMU emulates (``qemu-x86_64-static
-cpu help`` lists them), which takes many minutes and starts from this processor's backbones. The pretrained weights
must be at hand.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, NamedTuple

import numpy as np
from kinds import PROCESSORS, REPOSITORY, cores, probe, probe_as

from edge.modelfile.manifest import Manifest
from edge.modelfile.model_file import ModelFile

KINDS = ("float32", "int8")
COLUMNS = {
    "backbone": "{}",
    "temperature": "{:.0e}",
    "threshold": "{:.0e}",
    "accuracy": "{:.2%}",
    "score": "{:.1e}",
    "labels": "{}",
    "same file: score": "{:.1e}",
    "labels ": "{}",
}
"""Heading -> format. Temperature and the gate's threshold are relative, labels are photos named otherwise."""


class Trained(NamedTuple):
    """A model file that was trained, and the scores that it gives to each photo: path -> label -> score."""

    file: Path
    manifest: Manifest
    scores: dict[str, dict[str, float]]


class Way(NamedTuple):
    """A way to run Python: words before its arguments, variables, and how many cores it may use (None: all)."""

    python: list[str]
    environment: dict[str, str]
    cores: int | None = None

    def run(self, *arguments: object) -> str:
        """What ``python -m ARGUMENTS`` prints."""
        command = [*self.python, "-m", *map(str, arguments)]
        with cores(self.cores):
            done = subprocess.run(command, env=self.environment, capture_output=True, text=True, cwd=REPOSITORY)
        if done.returncode:
            sys.exit(f"{' '.join(command)}: {done.returncode}\n{done.stderr}")
        return done.stdout

    def label(self, model: Path, photos: Path) -> dict[str, dict[str, float]]:
        """The scores that ``model`` gives to each of ``photos``."""
        said = self.run("edge", "label", "--json", "--top-k", 1000, "--model", model, photos)
        records = map(json.loads, said.splitlines())
        return {
            record["path"]: dict(zip(record["labels"], record["scores"], strict=True))
            for record in records
            if "labels" in record
        }

    def train(self, photos: Path, architecture: str, folder: Path, backbones: Path | None = None) -> dict[str, Trained]:
        """Train each of :data:`KINDS` in ``folder``, on ``backbones`` or on its own; kind -> what it came to."""
        if backbones is not None:
            shutil.copytree(backbones, folder / "cache" / "backbones")
        kinds = [part for kind in KINDS for part in ("--quantization", kind)]
        arguments = ["--architecture", architecture, "--output", folder / "m.tflite", *kinds]
        self.run("trainer", "retrain", photos, "--bottleneck-dir", folder / "cache", *arguments)
        files = {kind: folder / f"m-{kind}.tflite" for kind in KINDS}
        return {kind: Trained(file, _manifest(file), self.label(file, photos)) for kind, file in files.items()}


def main() -> None:
    """Measure and print one row for each processor and kind of model."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("photos", type=Path)
    parser.add_argument("--architecture", default="mobilenet_0.25_128")
    parser.add_argument("--emulate", action="append", default=[], metavar="CPU")
    asked = parser.parse_args()
    plain = {**os.environ, "PYTHONPATH": str(REPOSITORY)}
    here = Way([sys.executable], plain)
    found = probe(plain)
    assert found is not None
    ways = {
        each.name: Way([sys.executable], each.environment(found["numpy"]), each.cores)
        for each in PROCESSORS
        if probe_as(each, found)
    }
    for cpu in asked.emulate:
        ways[f"QEMU's {cpu}"] = Way(["qemu-x86_64-static", "-cpu", cpu, sys.executable], plain)
    photos, architecture = asked.photos.resolve(), asked.architecture
    with TemporaryDirectory() as scratch:
        folder = Path(scratch)
        before = here.train(photos, architecture, folder / "here")
        print("| trained and labelled as | kind", *COLUMNS, sep=" | ", end=" |\n")
        print("|---" * (2 + len(COLUMNS)), end="|\n", flush=True)
        for number, (name, way) in enumerate({"this processor, again": here, **ways}.items()):
            backbones = folder / "here" / "cache" / "backbones" if name.startswith("QEMU") else None
            after = way.train(photos, architecture, folder / str(number), backbones)
            for kind in KINDS:
                row = _row(before[kind], after[kind], way.label(before[kind].file, photos))
                cells = [shown.format(value) for shown, value in zip(COLUMNS.values(), row, strict=True)]
                print(f"| {name} | {kind}", *cells, sep=" | ", end=" |\n", flush=True)


def _manifest(file: Path) -> Manifest:
    manifest = ModelFile.load(file).manifest
    assert manifest is not None
    return manifest


def _row(before: Trained, after: Trained, carried: dict[str, dict[str, float]]) -> list[Any]:
    first, second = before.manifest, after.manifest
    hashes = [manifest.training["backbone_sha256"] for manifest in (first, second)]
    return [
        "the same" if hashes[0] == hashes[1] else "another",
        abs(second.training["temperature"] / first.training["temperature"] - 1),
        abs(second.gate.threshold / first.gate.threshold - 1) if first.gate and second.gate else 0.0,
        abs((second.accuracy or 0.0) - (first.accuracy or 0.0)),
        *_differences(before.scores, after.scores),
        *_differences(before.scores, carried),
    ]


def _differences(first: Any, second: Any) -> tuple[float, int]:
    """The largest difference of a score, and how many photos get another label."""
    assert first.keys() == second.keys()
    largest = max(abs(score - second[path][label]) for path, found in first.items() for label, score in found.items())
    best = [[max(found, key=found.get) for found in scores.values()] for scores in (first, second)]
    return largest, int(np.sum(np.array(best[0]) != np.array(best[1])))


if __name__ == "__main__":
    main()
