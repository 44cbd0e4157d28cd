"""What other readers of a model file answer for strangers: MediaPipe Tasks, a bare interpreter, and ours."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, NamedTuple

from benchmarks.speed.peer_runs import PEERS, Peer, ask
from edge.modelfile.model_file import ModelFile
from trainer.progress import Progress

READERS = [peer for peer in PEERS if peer.quantization == "int8"]
"""The peers that read our int8 files."""


class _Answer(NamedTuple):
    label: str
    score: float


def answers(
    models: dict[str, Path], known: list[tuple[Path, str]], strangers: list[Path], progress: Progress
) -> list[dict[str, Any]]:
    """A row for each file of ``models``, by a name for it, and each reader: counts of photos.

    ``known`` are test photos with their labels, ``right`` of them get it. Of ``strangers`` the label for the rest of
    the world is ``strangers_unknown``; ``strangers_named`` get the name of a class with at least the score that the
    file recommends, ``strangers_sure`` with 0.9 or more. The same of known photos.

    Raises :class:`~edge.errors.ConfigurationError` if a reader cannot be installed or fails.
    """
    rows = []
    with progress.stage("readers", len(models) * len(READERS)) as advance:
        for name, path in models.items():
            model = ModelFile.load(path)
            assert model.manifest is not None
            for reader in READERS:
                of_known = _ask(reader, path, [photo for photo, _ in known])
                of_strangers = _ask(reader, path, strangers)
                row = {
                    "file": name,
                    "threshold": model.manifest.score_threshold,
                    "reader": reader.name,
                    "known": len(known),
                    "right": sum(answer.label == label for answer, (_, label) in zip(of_known, known, strict=True)),
                    "strangers": len(strangers),
                }
                for kind, found in (("known", of_known), ("strangers", of_strangers)):
                    row |= {f"{kind}_{what}": count for what, count in _counts(model, found).items()}
                rows.append(row)
                advance(1)
    return rows


def _ask(reader: Peer, model: Path, paths: list[Path]) -> list[_Answer]:
    found = json.loads(ask(reader, model, paths).splitlines()[-1])["answers"]
    return [_Answer(*pair) for pair in found]


def _counts(model: ModelFile, found: list[_Answer]) -> dict[str, int]:
    named = [answer.score for answer in found if answer.label != model.unknown_label]
    least = (model.manifest.score_threshold if model.manifest else None) or 0.0
    return {
        "unknown": len(found) - len(named),
        "named": sum(score >= least for score in named),
        "sure": sum(score >= 0.9 for score in named),
    }
