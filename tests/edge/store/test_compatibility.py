"""Whether this device's interpreter is new enough."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from edge.errors import ModelError
from edge.modelfile.model_file import ModelFile
from edge.store import compatibility
from edge.store.compatibility import Runtime, check_runtime
from edge.store.install import InstallRequest, install
from edge.store.layout import Store


@pytest.mark.parametrize(
    ("name", "version", "needed"),
    [
        ("tflite-runtime", "2.14.0", "2.14.0"),
        ("tflite-runtime", "2.14.0", "1.5.0"),
        ("litert", "1.0.1", "2.17.0"),
        ("litert", "2.3.0", "2.20.0"),
        ("litert", "9.0", "2.20"),
        ("tflite-runtime", "", "2.99"),
        ("tflite-c", "2.17.1", "2.17.1"),
        ("litert", "2.3.0", "unknown"),
    ],
)
def test_new_enough(
    name: str, version: str, needed: str, model: Callable[..., Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The interpreter has what the model needs, or that is not known: then the self-test decides."""
    _pretend(monkeypatch, name, version)
    check_runtime(ModelFile.load(model(minimum_runtime=needed)))


@pytest.mark.parametrize(
    ("name", "version", "needed", "kernels", "remedy"),
    [
        ("tflite-runtime", "2.5.0", "2.14.0", "2.5.0", "pip install 'tflite-runtime>=2.14.0'"),
        ("tflite-runtime", "2.14.0", "2.15.0", "2.14.0", "pip install 'ai-edge-litert>=1.0'"),
        ("tflite-runtime", "2.14.0", "2.19.1", "2.14.0", "pip install 'ai-edge-litert>=2.0'"),
        ("tflite-c", "2.5.0", "2.14.0", "2.5.0", "set EDGE_TFLITE_LIBRARY to a library of that release or a newer"),
        ("litert", "1.2.0", "2.18.0", "2.17", "pip install 'ai-edge-litert>=2.0'"),
        ("litert", "2.3.0", "99.0.0", "2.20", "upgrade ai-edge-litert and edge-for-poets, or export"),
    ],
)
def test_too_old(
    name: str,
    version: str,
    needed: str,
    kernels: str,
    remedy: str,
    model: Callable[..., Path],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The line names what is needed, what is here, and the version that could run it."""
    _pretend(monkeypatch, name, version)
    with pytest.raises(ModelError) as caught:
        check_runtime(ModelFile.load(model(minimum_runtime=needed)))
    assert str(caught.value).startswith(
        f"the model needs TensorFlow Lite {needed}; {name} {version} here has the kernels of {kernels}: {remedy}"
    )


def test_install_refuses_before_it_writes(store: Store, model: Callable[..., Path]) -> None:
    """A model from the future does not get into the store; one of another project is left to its trial run."""
    with pytest.raises(ModelError, match=r"the model needs TensorFlow Lite 99\.0\.0"):
        install(store, InstallRequest(model(minimum_runtime="99.0.0")))
    assert not store.models.exists()


def _pretend(monkeypatch: pytest.MonkeyPatch, name: str, version: str) -> None:
    monkeypatch.setattr(compatibility, "runtime_here", lambda: Runtime(name, version or None))
