"""Weights in PyTorch's form: read as data, and nothing of what a file asks for is called."""

from __future__ import annotations

import io
import pickle
import struct
import sys
from collections import OrderedDict
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from edge.errors import ConfigurationError, DataError
from edge.inference.interpreter import ImageInterpreter
from edge.preprocess import preprocess
from trainer.backbones.architectures import EFFICIENTNET_LITE0, Architecture
from trainer.backbones.backbone import backbone_of_layers
from trainer.backbones.network_graph import Convolution, NetworkGraph
from trainer.backbones.packaged_weights import LITE0, installed
from trainer.backbones.read_layers import read_layers
from trainer.backbones.torch_weights import read_torch_arrays, read_torch_weights
from trainer.backbones.weights import Weights

MAGIC = 0x1950A86A20F9469CFC6C
GRAPH = NetworkGraph(
    "tiny",
    (
        Convolution("first", (3, 3, 3, 4), 2, False, "norm"),
        Convolution("second", (3, 3, 4, 1), 1, True),
    ),
)
ARCHITECTURE = Architecture(1.0, 224, EFFICIENTNET_LITE0)


class Evil:
    """What a hostile file would hold: unpickled, it writes a file."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def __reduce__(self) -> tuple[Any, ...]:
        return (Path.touch, (self.path,))


class Stored:
    """Stands for an array in the pickle, as PyTorch writes it."""

    def __init__(self, key: str, shape: tuple[int, ...], stride: tuple[int, ...], offset: int, count: int) -> None:
        self.key, self.shape, self.stride, self.offset, self.count = key, shape, stride, offset, count

    def __reduce__(self) -> tuple[Any, ...]:
        rebuild = sys.modules["torch._utils"]._rebuild_tensor_v2  # type: ignore[attr-defined]
        return rebuild, (Storage(self.key, self.count), self.offset, self.shape, self.stride, False, OrderedDict())


class Storage:
    """Stands for the memory of an array."""

    def __init__(self, key: str, count: int) -> None:
        self.key, self.count = key, count


@pytest.fixture
def torch_names(monkeypatch: pytest.MonkeyPatch) -> None:
    """The two names of PyTorch that a file of weights mentions, so that the test can write one without PyTorch."""
    torch, utils = ModuleType("torch"), ModuleType("torch._utils")

    def _rebuild_tensor_v2() -> None: ...

    class FloatStorage: ...

    for module, thing in ((utils, _rebuild_tensor_v2), (torch, FloatStorage)):
        thing.__module__, thing.__qualname__ = module.__name__, thing.__name__
        setattr(module, thing.__name__, thing)
    monkeypatch.setitem(sys.modules, "torch", torch)
    monkeypatch.setitem(sys.modules, "torch._utils", utils)


def write_torch(path: Path, arrays: dict[str, Any], magic: int = MAGIC) -> Path:
    """A file of PyTorch's old form; every second array is stored with its axes in another order."""
    named: OrderedDict[str, Any] = OrderedDict()
    storages = {}
    for number, (name, array) in enumerate(arrays.items()):
        if not isinstance(array, np.ndarray):
            named[name] = array
            continue
        stored = np.asfortranarray(array) if number % 2 else array
        stride = tuple(step // 4 for step in stored.strides)
        storages[str(number)] = np.concatenate([[7.0], stored.ravel(order="K")]).astype("<f4")
        named[name] = Stored(str(number), array.shape, stride, 1, array.size + 1)

    class Pickler(pickle.Pickler):
        def persistent_id(self, thing: Any) -> Any:
            if isinstance(thing, Storage):
                return "storage", sys.modules["torch"].FloatStorage, thing.key, "cpu", thing.count, None
            return None

    stream = io.BytesIO()
    for part in (magic, 1001, {"little_endian": True}, named, sorted(storages)):
        Pickler(stream, protocol=2).dump(part)
    for key in sorted(storages):
        stream.write(struct.pack("<q", storages[key].size) + storages[key].tobytes())
    path.write_bytes(stream.getvalue())
    return path


def drawn() -> dict[str, np.ndarray]:
    """Arrays of :data:`GRAPH` in PyTorch's order of axes."""
    random = np.random.default_rng(1)
    shapes = {
        "first.weight": (4, 3, 3, 3),
        **{f"norm.{part}": (4,) for part in ("weight", "bias", "running_mean", "running_var")},
        "second.weight": (4, 1, 3, 3),
        "second.bias": (4,),
    }
    return {name: random.normal(size=shape).astype(np.float32) for name, shape in shapes.items()}


def test_arrays_come_in_keras_order(torch_names: None, tmp_path: Path) -> None:
    """Kernels are transposed, whatever order their axes are stored in; the parts of a batch norm have Keras' order."""
    arrays = drawn()
    found = read_torch_weights(write_torch(tmp_path / "w.pth", arrays), GRAPH)
    assert list(found) == ["first", "norm", "second"]
    assert (found["first"][0] == arrays["first.weight"].transpose(2, 3, 1, 0)).all()
    assert (found["second"][0] == arrays["second.weight"].transpose(2, 3, 0, 1)).all()
    assert (found["second"][1] == arrays["second.bias"]).all()
    parts = [arrays[f"norm.{part}"] for part in ("weight", "bias", "running_mean", "running_var")]
    assert all((own == part).all() for own, part in zip(found["norm"], parts, strict=True))


def test_nothing_of_the_file_is_called(torch_names: None, tmp_path: Path) -> None:
    """A file that asks for a function is refused, and the function was not called."""
    target = tmp_path / "called"
    path = write_torch(tmp_path / "w.pth", {**drawn(), "more": Evil(target)})
    with pytest.raises(DataError, match=r"it asks for \S+, which no file of weights needs"):
        read_torch_weights(path, GRAPH)
    assert not target.exists()


def test_another_file_is_refused(torch_names: None, tmp_path: Path) -> None:
    """Another number at the beginning, a missing array, an empty file: each is one line."""
    for content, line in (
        (write_torch(tmp_path / "a.pth", drawn(), magic=5).read_bytes(), "not PyTorch's number"),
        (write_torch(tmp_path / "b.pth", {"first.weight": drawn()["first.weight"]}).read_bytes(), "it has no array"),
        (b"", "no file of PyTorch's weights"),
    ):
        (tmp_path / "w.pth").write_bytes(content)
        with pytest.raises(DataError, match=line) as caught:
            read_torch_weights(tmp_path / "w.pth", GRAPH)
        assert "\n" not in str(caught.value)


@settings(max_examples=200, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_a_damaged_file_is_refused_or_read(torch_names: None, tmp_path: Path, data: st.DataObject) -> None:
    """Whatever byte is changed, and wherever the file is cut: arrays, or one kind of error."""
    content = bytearray(write_torch(tmp_path / "w.pth", drawn()).read_bytes())
    place = data.draw(st.integers(0, len(content) - 1))
    content[place] ^= data.draw(st.integers(1, 255))
    (tmp_path / "w.pth").write_bytes(content[: data.draw(st.integers(0, len(content)))])
    try:
        assert len(read_torch_weights(tmp_path / "w.pth", GRAPH)) == 3
    except DataError as error:
        assert len(str(error)) < 2000


def test_file_of_another_network(torch_names: None, tmp_path: Path) -> None:
    """``read_layers`` says which network the file is not of."""
    path = write_torch(tmp_path / "w.pth", drawn())
    with pytest.raises(ConfigurationError, match=r"not the weights of efficientnet_lite0_224 \(it has no array"):
        read_layers(path, ARCHITECTURE)


@pytest.fixture(scope="module")
def lite0() -> Path:
    """The weights of the extra ``offline``."""
    path = installed(LITE0)
    if path is None:
        pytest.skip(f"needs the package {LITE0.distribution}: the extra offline")
    return path


def test_lite0_knows_a_daisy(lite0: Path, shared: Path) -> None:
    """With its own classifier on top, the int8 network names most photos of daisies, class 985 of ImageNet's 1000."""
    layers = read_layers(lite0, ARCHITECTURE)
    backbone = backbone_of_layers(ARCHITECTURE, layers, "int8", Weights("imagenet", lite0, LITE0.sha256))
    arrays = read_torch_arrays(lite0)
    interpreter = ImageInterpreter(backbone.model, runtime="litert")
    photos = sorted((shared / "flower_photos" / "daisy").glob("*.jpg"))[:20]
    named = [
        int((arrays["_fc.weight"] @ interpreter.scores(preprocess(photo, (224, 224))) + arrays["_fc.bias"]).argmax())
        for photo in photos
    ]
    assert named.count(985) >= 15


def test_a_pickle_takes_no_memory_for_what_it_claims(torch_names: None, tmp_path: Path) -> None:
    """A place in pickle's memory beyond all others, and an array that repeats one value, would take gigabytes."""
    (tmp_path / "place.pth").write_bytes(b"\x80\x02]r" + struct.pack("<I", 1 << 28) + b".")
    with pytest.raises(DataError, match="its pickle is longer"):
        read_torch_weights(tmp_path / "place.pth", GRAPH)
    path = write_torch(tmp_path / "w.pth", {"first.weight": np.broadcast_to(np.float32(1), (1,))})
    content = path.read_bytes().replace(b"K\x01\x85", b"J\xff\xff\xff\x7f\x85", 1)
    path.write_bytes(content)
    with pytest.raises(DataError, match="more values than its storage"):
        read_torch_weights(path, GRAPH)
