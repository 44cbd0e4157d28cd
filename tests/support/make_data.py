"""Makes ``tests/data``: tiny models of ours, two bad ones and foreign ones, for tests where there is no trainer.

Run ``PYTHONPATH=tests python -m support.make_data`` after a change of the model file; a test compares the files with
what this makes.
"""

from __future__ import annotations

import tempfile
from pathlib import Path

from support import bad_models, tiny
from support.foreign_models import MODELS, foreign_model
from support.paths import DATA
from trainer.photos.split import SplitRatios
from trainer.progress import Progress
from trainer.retraining.options import RetrainOptions
from trainer.retraining.retrain_all import retrain_all

KINDS = {"int8": ("int8", 12), "float32": ("float32", 12), "gated": ("int8", 36)}
"""Name of a file -> its quantization, and the number of its photos for each class; only a file of many has a gate."""


def make(folder: Path, name: str) -> bytes:
    """The bytes of the model ``name`` of :data:`KINDS`, of the three colours, trained in ``folder``."""
    quantization, per_class = KINDS[name]
    photos = tiny.paint_folder(folder / "photos", per_class)
    tiny.write_backbone(folder / "cache", quantization)
    options = RetrainOptions(
        folder=photos,
        output=folder / f"tiny-{name}.tflite",
        bottleneck_dir=folder / "cache",
        architecture=tiny.ARCHITECTURE,
        quantizations=(quantization,),
        weights="random",
        ratios=SplitRatios(20, 20),
        unknown=None,
    )
    return retrain_all(options, Progress())[0].path.read_bytes()


if __name__ == "__main__":
    DATA.mkdir(exist_ok=True)
    for kind in KINDS:
        with tempfile.TemporaryDirectory() as scratch:
            (DATA / f"tiny-{kind}.tflite").write_bytes(make(Path(scratch), kind))
    for bad in (bad_models.hanging, bad_models.crashing):
        (DATA / f"{bad.__name__}.tflite").write_bytes(bad())
    (DATA / "foreign").mkdir(exist_ok=True)
    for model_name, arguments in MODELS.items():
        (DATA / "foreign" / f"{model_name}.tflite").write_bytes(foreign_model(**arguments))
