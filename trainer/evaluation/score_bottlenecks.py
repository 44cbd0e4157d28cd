"""The scores that a model file gives photos whose bottlenecks are known: only its head has to compute.

The backbone in a file of ours is, operator by operator, the network that made the bottlenecks. So its last operators,
cut out of the file and run by the same interpreter, give the scores that the whole file gives, bit by bit. That is
checked on a few photos each time.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import numpy as np
import numpy.typing as npt

from edge.errors import ImageError
from edge.inference.classifier import GatedScores
from edge.inference.interpreter import ImageInterpreter, choose_runtime, dequantize, open_interpreter
from edge.modelfile.hidden_output import reveal
from edge.modelfile.model_file import ModelFile
from edge.modelfile.structure import TensorSpec
from edge.preprocess import preprocess
from trainer.backbones.foreign.prune import prune
from trainer.bottlenecks.labelled import Labelled
from trainer.bottlenecks.stored import Stored
from trainer.evaluation.score_photos import ScoredPhoto
from trainer.head.standardisation import Features
from trainer.photos.reading import openable
from trainer.tflite import read_model, write_model

CHECKED = 8
"""So many photos go through the whole file, spread evenly over all."""

ScoreHead = Callable[[Features], npt.NDArray[np.float32]]
"""Makes the scores (labels,) of a bottleneck (values,), as it comes out of the cache."""


def score_bottlenecks(
    model: ModelFile,
    photos: Sequence[Path],
    bottlenecks: Labelled | Stored,
    *,
    runtime: str | None = None,
    write_message: Callable[[str], None] = lambda line: None,
) -> Iterator[ScoredPhoto] | None:
    """The scores of ``photos``, in order, from their ``bottlenecks``; None if the whole file must compute them.

    The second is so if ``model`` has no gate, which says where its bottleneck is, and if the whole file gives one of a
    few photos another bottleneck or another score, or cannot read it; ``write_message`` then gets a line that says so.
    No time is measured: the latency of the results is not a number.

    Raises the errors of :class:`~edge.inference.interpreter.ImageInterpreter`.
    """
    if model.manifest is None or model.manifest.gate is None or not photos:
        return None
    score = _head(model, runtime)
    chosen = np.unique(np.arange(CHECKED) * len(photos) // CHECKED)
    features = np.concatenate([block.features for block in bottlenecks.where(chosen).blocks()])
    whole = ImageInterpreter(model, runtime=runtime, with_bottleneck=True)
    for place, bottleneck in zip(chosen.tolist(), features, strict=True):
        if not _same(whole, model, photos[place], bottleneck, score(bottleneck)):
            write_message(
                f"{photos[place]}: the file does not give the bottleneck that is in the cache, or the scores that "
                "belong to it; the test photos are evaluated by the whole file, which takes longer"
            )
            return None
    return _scores(score, bottlenecks)


def _same(
    whole: ImageInterpreter, model: ModelFile, photo: Path, bottleneck: Features, scores: npt.NDArray[np.float32]
) -> bool:
    """Whether the ``whole`` file gives ``photo`` this ``bottleneck`` and these ``scores``."""
    try:
        found = whole.scores(preprocess(openable(photo), model.input_size))
    except ImageError:  # the photo has gone, or it is another one now: the evaluation of the whole file names it
        return False
    assert whole.bottleneck is not None  # it was loaded with it
    revealed = dequantize(whole.read_bottleneck(), whole.bottleneck)
    return np.array_equal(revealed.reshape(-1), bottleneck) and np.array_equal(found, scores)


def _scores(score: ScoreHead, bottlenecks: Labelled | Stored) -> Iterator[ScoredPhoto]:
    for block in bottlenecks.blocks():
        for bottleneck in block.features:
            yield ScoredPhoto(GatedScores(score(bottleneck), None), float("nan"))


def _head(model: ModelFile, runtime: str | None) -> ScoreHead:
    """What computes the scores of a bottleneck as the last operators of ``model`` do."""
    revealed = reveal(model)
    interpreter = open_interpreter(cut_head(revealed.content), 1, choose_runtime(runtime))
    (taken,), (given,) = interpreter.get_input_details(), interpreter.get_output_details()

    def score(bottleneck: Features) -> npt.NDArray[np.float32]:
        interpreter.set_tensor(taken["index"], quantize(bottleneck, revealed.bottleneck)[np.newaxis])
        interpreter.invoke()
        return dequantize(interpreter.get_tensor(given["index"])[0], model.output)

    return score


def cut_head(revealed: bytes) -> bytes:
    """The operators behind the bottleneck as a flatbuffer, of ``revealed``, whose outputs are scores and bottleneck."""
    tree = read_model(revealed)
    (graph,) = tree.subgraphs
    scores, bottleneck = (int(index) for index in graph.outputs)
    makers = [place for place, operator in enumerate(graph.operators) if bottleneck in operator.outputs]
    graph.operators = graph.operators[makers[-1] + 1 :]
    graph.inputs, graph.outputs = np.array([bottleneck], np.int32), np.array([scores], np.int32)
    prune(tree)
    return write_model(tree)


def quantize(values: Features, tensor: TensorSpec) -> npt.NDArray[np.generic]:
    """What :func:`~edge.inference.interpreter.dequantize` made ``values`` from, in the type of ``tensor``."""
    assert tensor.dtype is not None  # it was examined when the file was made
    if not tensor.scale:
        return values.astype(tensor.dtype, copy=False)
    whole: npt.NDArray[np.generic] = (np.rint(values / np.float32(tensor.scale)) + tensor.zero_point).astype(
        tensor.dtype
    )
    return whole
