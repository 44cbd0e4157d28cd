"""How much each class counts in the fit of a head."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from trainer.bottlenecks.remembered import Remembered


def balanced_weights(labels: npt.NDArray[np.intp], classes: int) -> npt.NDArray[np.float64]:
    """The weights that give all ``classes`` the same influence: (classes,), 1 if they are equally frequent.

    ``photos / (classes * photos of the class)``, after King and Zeng, *Logistic Regression in Rare Events Data*
    (2001).
    """
    return len(labels) / (classes * np.maximum(np.bincount(labels, minlength=classes), 1))


def weights_beside(
    labels: npt.NDArray[np.intp], classes: int, remembered: Remembered | None
) -> npt.NDArray[np.float64] | None:
    """:func:`balanced_weights` of ``labels`` if something is ``remembered``, else None: all photos count the same.

    A class of which a few bottlenecks are remembered was taught by more photos.
    """
    return None if remembered is None else balanced_weights(labels, classes)
