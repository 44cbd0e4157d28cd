"""Files from outside are tried in a child process: some hang the HDF5 library, or crash an interpreter.

Neither checks all that a file says. What ends the child is one line here.
"""

from __future__ import annotations

import base64
import hashlib
import sys
import tempfile
from pathlib import Path

from edge.child_process import ask
from edge.errors import ConfigurationError, ModelError
from edge.inference.interpreter import choose_runtime
from edge.inference.processor import check_processor
from edge.modelfile.model_file import ModelFile
from trainer.backbones.architectures import Architecture
from trainer.backbones.foreign.custom_operators import EDGE_TPU
from trainer.backbones.read_layers import read_layers
from trainer.backbones.tuned_weights import Layers, read_tuned
from trainer.backbones.usable import check_usable

COMMAND = (sys.executable, "-m", "trainer.backbones.apart_process")

READING_LIMIT_S = 60.0
"""How long a file of weights may be read. The largest takes half a second on a workstation."""

RUNNING_LIMIT_S = 300.0
"""How long a network may take to be loaded and run twice: far more than a board needs."""

_READ_WITHOUT_LIBRARIES = (".npz", ".pb", ".pth")
"""How the names of files end that Python and numpy alone read. The HDF5 library reads all others, which are Keras'."""

_passed: set[tuple[str, bytes]] = set()


def read_layers_apart(path: Path, architecture: Architecture) -> Layers:
    """What :func:`~trainer.backbones.read_layers.read_layers` reads; a child process reads files of Keras.

    Raises :class:`~edge.errors.ConfigurationError` as :func:`~trainer.backbones.read_layers.read_layers` does, and if
    the file ends the process that reads it, or takes longer than :data:`READING_LIMIT_S`.
    """
    if path.suffix.lower() in _READ_WITHOUT_LIBRARIES:
        return read_layers(path, architecture)
    with tempfile.TemporaryDirectory(prefix="edge-weights-") as folder:
        output = Path(folder) / "layers.npz"
        request = {
            "weights": str(path.absolute()),
            "architecture": architecture.name,
            "output": str(output),
            "time_limit_s": READING_LIMIT_S,
        }
        answer = ask(COMMAND, request, time_limit_s=READING_LIMIT_S)
        if "error" not in answer:
            return read_tuned(output)
    if "exit_code" in answer:
        raise ConfigurationError(answer["error"].replace(str(path.absolute()), str(path)))
    raise ConfigurationError(
        f"{path}: cannot read the weights ({answer['error']}): if this happens again, the file is damaged; delete it"
    )


def try_model(content: bytes) -> None:
    """Run the flatbuffer ``content`` of another project in a child process, before this process loads it.

    What has passed is not tried again by this process.

    Raises :class:`~edge.errors.ModelError` if an interpreter cannot run it, or if it ends the process or takes longer
    than :data:`RUNNING_LIMIT_S`, and :class:`~edge.errors.ConfigurationError` if no interpreter can run here.
    """
    if EDGE_TPU.encode() in content:
        raise ModelError("it was compiled for an Edge TPU and cannot run here; give the file that it was compiled from")
    check_processor()
    runtime = choose_runtime()
    key = (runtime, hashlib.sha256(content).digest())
    if key in _passed:
        return
    request = {
        "model": base64.b64encode(content).decode(),
        "runtime": runtime,
        "time_limit_s": RUNNING_LIMIT_S,
    }
    answer = ask(COMMAND, request, time_limit_s=RUNNING_LIMIT_S)
    if "exit_code" in answer:
        error = ModelError if answer["exit_code"] == ModelError.exit_code else ConfigurationError
        raise error(answer["error"])
    if "error" in answer:
        raise ModelError(f"{runtime} cannot run this model ({answer['error']}): copy or convert the file again")
    _passed.add(key)


def check_usable_apart(model: ModelFile) -> None:
    """:func:`~trainer.backbones.usable.check_usable`, after :func:`try_model`; raises what these two raise."""
    try_model(model.content)
    check_usable(model)
