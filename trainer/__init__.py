"""Retrain a network on a folder of photos and export one quantized model file that carries everything.

>>> from trainer import Dataset, compare, evaluate, retrain  # doctest: +SKIP
>>> photos = Dataset.from_folder("flower_photos")  # doctest: +SKIP
>>> model = retrain(photos, architecture="mobilenet_0.50_224")  # doctest: +SKIP
>>> evaluate(model.path, "other_flowers").accuracy  # doctest: +SKIP
0.87
>>> compare("last_year.tflite", model.path, photos).is_significant  # doctest: +SKIP
True
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from edge.lazy_names import lazy_names

if TYPE_CHECKING:
    from trainer.backbones.architectures import Architecture
    from trainer.evaluation.compare import Comparison, compare
    from trainer.evaluation.evaluate import Evaluation, evaluate
    from trainer.evaluation.interval import Interval
    from trainer.fine_tuning.recipe import Recipe
    from trainer.photos.dataset import Dataset, Photo
    from trainer.photos.photo_files import Skipped
    from trainer.progress import Progress, Stage
    from trainer.retraining.retrain import retrain
    from trainer.retraining.retrained import Retrained

__all__ = [
    "Architecture",
    "Comparison",
    "Dataset",
    "Evaluation",
    "Interval",
    "Photo",
    "Progress",
    "Recipe",
    "Retrained",
    "Skipped",
    "Stage",
    "compare",
    "evaluate",
    "retrain",
]

# Names are imported when they are first used: the command line starts without them, and a machine that has only the
# edge package can still import the name ``trainer`` and say what is missing.
_get = lazy_names(
    __name__,
    {
        "Architecture": "trainer.backbones.architectures",
        "Comparison": "trainer.evaluation.compare",
        "Dataset": "trainer.photos.dataset",
        "Evaluation": "trainer.evaluation.evaluate",
        "Interval": "trainer.evaluation.interval",
        "Photo": "trainer.photos.dataset",
        "Progress": "trainer.progress",
        "Recipe": "trainer.fine_tuning.recipe",
        "Retrained": "trainer.retraining.retrained",
        "Skipped": "trainer.photos.photo_files",
        "Stage": "trainer.progress",
        "compare": "trainer.evaluation.compare",
        "evaluate": "trainer.evaluation.evaluate",
        "retrain": "trainer.retraining.retrain",
    },
)


def __getattr__(name: str) -> Any:
    try:
        return _get(name)
    except ModuleNotFoundError as error:
        from trainer.missing_package import explain_missing, extras_of

        raise explain_missing(error, extras_of(None)) or error from None


def __dir__() -> list[str]:
    return [*globals(), *__all__]
