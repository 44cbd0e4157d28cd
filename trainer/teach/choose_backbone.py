"""Which backbone a teaching session uses."""

from __future__ import annotations

from collections.abc import Callable

from edge.errors import ConfigurationError, ModelError
from trainer.backbones.architectures import DEFAULT_ARCHITECTURE
from trainer.backbones.backbone import load_backbones
from trainer.retraining.given_backbone import Given, read_given
from trainer.teach.options import TeachOptions


def choose_backbone(options: TeachOptions, write_message: Callable[[str], None]) -> Given:
    """The backbone that ``options`` say, and what its file remembers.

    It is that of the file ``backbone``; else that of the current model in the store, if there is one; else the
    int8 artifact of ``architecture``, which is written if it is not in the cache.

    Raises :class:`~edge.errors.ModelError` if no backbone can be taken from the file, and
    :class:`~edge.errors.ConfigurationError` if the artifact cannot be built here.
    """
    if options.backbone is not None:
        return read_given(options.backbone, options.normalization, write_message=write_message)
    if not options.names_backbone and options.store.linked("current"):
        try:
            return read_given(options.store.current_model, write_message=write_message)
        except ModelError as error:
            write_message(f"the store's current model is not used as the backbone: {error}")
    architecture = options.architecture or DEFAULT_ARCHITECTURE
    try:
        (backbone,) = load_backbones(options.bottleneck_dir, architecture, options.weights, ("int8",))
    except ConfigurationError as error:
        raise ConfigurationError(
            f"{error}; or give --backbone FILE, a model file of this project or another .tflite network"
        ) from error
    return Given(backbone)
