"""Where pretrained weights come from, and in which order the places are asked."""

from __future__ import annotations

import hashlib
import os
import sys
from pathlib import Path

import pytest

from edge.errors import ConfigurationError, DataError
from support.paths import DATA
from support.scripted_server import Request, ScriptedServer
from trainer.backbones.architectures import (
    ALPHAS,
    EFFICIENTNET_LITE0,
    MOBILENET_V2,
    MOBILENET_V3_SMALL,
    Architecture,
)
from trainer.backbones.keras_file import read_keras_weights
from trainer.backbones.networks import network_graph
from trainer.backbones.packaged_weights import GRAPH, LITE0, installed
from trainer.backbones.weights import Weights, download, find_weights, keras_cache_file, weights_at_hand

WIDE, NARROW = Architecture(1.0, 192), Architecture(0.5, 160)


class Connection:
    """A download that gives ``content``, or fails if there is none; it counts its calls."""

    def __init__(self, content: bytes | None) -> None:
        self.content = content
        self.asked = 0

    def download(self, architecture: Architecture) -> None:
        """Put the content where Keras would."""
        self.asked += 1
        if self.content is None:
            raise ConfigurationError("the download failed: no route to host")
        keras_cache_file(architecture).parent.mkdir(parents=True, exist_ok=True)
        keras_cache_file(architecture).write_bytes(self.content)


@pytest.fixture(autouse=True)
def keras_home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty Keras cache for each test."""
    monkeypatch.setenv("KERAS_HOME", str(tmp_path / "keras"))
    monkeypatch.setenv("no_proxy", "127.0.0.1")
    return tmp_path / "keras"


HDF5 = b"\x89HDF\r\n\x1a\n"


@pytest.mark.parametrize(
    ("answer", "line"),
    [
        (b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n", "the download failed: HTTP Error 404: Not Found"),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n" + HDF5, "the connection was cut"),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\n<html>", "what came is no file of weights"),
        (b"no HTTP at all\r\n\r\n", "the download failed: "),
    ],
)
def test_a_download_that_fails_leaves_nothing(
    keras_home: Path, monkeypatch: pytest.MonkeyPatch, answer: bytes, line: str
) -> None:
    """Each is one line, and no half file is found by the next run."""
    with ScriptedServer(lambda request: answer) as server:
        monkeypatch.setattr("trainer.backbones.weights._KERAS_WEIGHTS", server.uri)
        with pytest.raises(ConfigurationError) as caught:
            download(NARROW)
    assert line in str(caught.value) and "\n" not in str(caught.value)
    assert not list(keras_home.rglob("*"))


def test_a_download_is_where_keras_would_put_it(keras_home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The file with Keras' name is asked for, and its bytes are in Keras' folder."""
    asked = []

    def answer(request: Request) -> bytes:
        asked.append(request.target)
        return b"HTTP/1.1 200 OK\r\nContent-Length: 12\r\n\r\n" + HDF5 + b"more"

    with ScriptedServer(answer) as server:
        monkeypatch.setattr("trainer.backbones.weights._KERAS_WEIGHTS", server.uri)
        download(NARROW)
    assert asked == ["/mobilenet/mobilenet_5_0_160_tf_no_top.h5"]
    assert (keras_home / "models" / "mobilenet_5_0_160_tf_no_top.h5").read_bytes() == HDF5 + b"more"


def put(path: Path, content: bytes) -> str:
    """Write a file with its folders; returns its sha256."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)
    return hashlib.sha256(content).hexdigest()


def find(architecture: Architecture, choice: str | None, connection: Connection, settled: bool = False) -> Weights:
    """The weights found with that connection, if earlier runs used the offline graph or not."""
    return find_weights(architecture, choice, lambda weights: settled, connection.download)


def test_named_file_comes_first(tmp_path: Path) -> None:
    """--weights FILE is used even if Keras has weights of its own."""
    put(keras_cache_file(NARROW), b"keras")
    digest = put(tmp_path / "mine.h5", b"mine")
    connection = Connection(b"new")
    assert find(NARROW, str(tmp_path / "mine.h5"), connection) == Weights("mine.h5", tmp_path / "mine.h5", digest)
    assert connection.asked == 0


def test_keras_cache_comes_before_the_download() -> None:
    """Weights in Keras' cache are used without asking anybody."""
    digest = put(keras_cache_file(WIDE), b"cached")
    connection = Connection(b"new")
    assert find(WIDE, None, connection) == Weights("imagenet", keras_cache_file(WIDE), digest)
    assert connection.asked == 0


def test_download_comes_before_the_offline_graph(offline: None) -> None:
    """A connected machine gets the weights of this very architecture, not those of 224."""
    connection = Connection(b"new")
    assert find(WIDE, None, connection) == Weights(
        "imagenet", keras_cache_file(WIDE), hashlib.sha256(b"new").hexdigest()
    )
    assert connection.asked == 1


def test_offline_graph_serves_width_one_where_the_download_fails(offline: None) -> None:
    """Without a connection the graph of the extra is taken, and its origin says so."""
    connection = Connection(None)
    assert find(WIDE, None, connection) == Weights("imagenet (1.0_224, offline extra)", installed(GRAPH), GRAPH.sha256)
    assert connection.asked == 1


def test_settled_offline_run_does_not_try_the_network_again(offline: None) -> None:
    """A second run on an unconnected machine does not wait for a time-out."""
    connection = Connection(None)
    assert find(WIDE, None, connection, settled=True).sha256 == GRAPH.sha256
    assert connection.asked == 0


def test_nothing_at_hand_names_the_three_ways() -> None:
    """Width 0.50 without file, cache or connection ends in one line with all three remedies."""
    with pytest.raises(ConfigurationError) as error:
        find(NARROW, None, Connection(None))
    text = str(error.value)
    assert text.startswith("no pretrained weights for mobilenet_0.50_160 (the download failed: no route to host)")
    for remedy in ("--weights FILE", "KERAS_HOME", "pip install 'edge-for-poets[offline]'"):
        assert remedy in text
    assert "\n" not in text


def test_offline_by_name(offline: None) -> None:
    """--weights offline never asks the network, and says that other widths are not in it."""
    connection = Connection(b"new")
    assert find(WIDE, "offline", connection).path == installed(GRAPH)
    with pytest.raises(ConfigurationError, match=r"0\.50_160 \(the offline extra has only mobilenet_1\.0 and"):
        find(NARROW, "offline", connection)
    assert connection.asked == 0


def test_offline_by_name_without_the_extra(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where the extra is missing the line says that, and not that the width is wrong."""
    monkeypatch.setattr(sys, "path", [str(tmp_path)])
    with pytest.raises(ConfigurationError, match=r"1\.0_192 \(the offline extra is not installed\)"):
        find(WIDE, "offline", Connection(None))


def test_random_needs_nothing() -> None:
    """--weights random has no file and needs no download."""
    connection = Connection(b"new")
    assert find(NARROW, "random", connection) == Weights("random", None, "")
    assert connection.asked == 0


def test_missing_weights_file_is_named(tmp_path: Path) -> None:
    """A file that is not there, or is a folder, is a configuration error with its name and the reason."""
    for name, reason in ((str(tmp_path / "gone.h5"), "No such file"), (str(tmp_path), "Is a directory")):
        with pytest.raises(ConfigurationError, match=f"cannot read the weights .{reason}") as error:
            find(WIDE, name, Connection(b"new"))
        assert str(error.value).startswith(name)


def test_at_hand_tells_what_needs_no_download(offline: None) -> None:
    """Keras' cache is named before the extra; other widths have nothing."""
    assert weights_at_hand(WIDE) == "offline extra"
    assert weights_at_hand(NARROW) is None
    for architecture in (WIDE, NARROW):
        put(keras_cache_file(architecture), b"x")
        assert weights_at_hand(architecture) == "keras cache"


def test_cache_files_are_called_as_keras_calls_them(keras_home: Path) -> None:
    """The four widths have the spelling of Keras' own downloads."""
    names = [keras_cache_file(Architecture(alpha, 224)).relative_to(keras_home).as_posix() for alpha in ALPHAS]
    assert names == [f"models/mobilenet_{width}_224_tf_no_top.h5" for width in ("1_0", "7_5", "5_0", "2_5")]
    later = [Architecture(0.5, 96, MOBILENET_V2), Architecture(0.75, 224, MOBILENET_V3_SMALL)]
    assert [keras_cache_file(each).name for each in later] == [
        "mobilenet_v2_weights_tf_dim_ordering_tf_kernels_0.5_96_no_top.h5",
        "weights_mobilenet_v3_small_224_0.75_float_no_top_v2.h5",
    ]


def test_lite0_comes_with_the_extra_alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Keras has no weights of it: nothing is downloaded, and the line names the extra."""
    connection, lite0 = Connection(b"new"), Architecture(1.0, 224, EFFICIENTNET_LITE0)
    if installed(LITE0):
        assert find(lite0, None, connection) == Weights("imagenet (offline extra)", installed(LITE0), LITE0.sha256)
    monkeypatch.setattr(sys, "path", [str(tmp_path)])
    with pytest.raises(ConfigurationError, match=r"give --weights FILE, or pip install 'edge-for-poets\[offline\]'$"):
        find(lite0, None, connection)
    assert connection.asked == 0


def test_default_keras_home_is_in_the_users_home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without KERAS_HOME the cache is ~/.keras."""
    monkeypatch.delenv("KERAS_HOME")
    monkeypatch.setenv("HOME", str(tmp_path))
    assert keras_cache_file(WIDE) == tmp_path / ".keras/models/mobilenet_1_0_192_tf_no_top.h5"


def test_real_keras_cache_is_found(shared: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The weights that Keras left in a real cache are found under its name."""
    monkeypatch.setenv("KERAS_HOME", str(shared / "keras_home"))
    found = {(a.alpha, a.input_size) for a in (Architecture(0.25, 128), NARROW) if weights_at_hand(a) == "keras cache"}
    assert found == {(0.25, 128), (0.5, 160)}


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="no pipes with names on Windows")
def test_weights_are_a_file_of_limited_size(tmp_path: Path) -> None:
    """A pipe would never end, a device neither, and a file with a hole has any size."""
    os.mkfifo(tmp_path / "pipe.h5")
    with (tmp_path / "hole.h5").open("wb") as file:
        file.truncate(1 << 40)
    found = {"pipe.h5": "a device, a pipe", "hole.h5": "too large to be the weights", "none.h5": "No such file"}
    for name, line in found.items():
        with pytest.raises(ConfigurationError, match=line):
            find_weights(Architecture(0.25, 128), str(tmp_path / name), lambda weights: False, lambda network: None)


@pytest.mark.parametrize(
    ("name", "architecture", "origin"),
    [
        ("mobilenet_5_0_224_tf_no_top.h5", NARROW, "mobilenet_5_0_224_tf_no_top.h5, trained at 224 pixels"),
        ("mobilenet_5_0_224_tf.h5", NARROW, "mobilenet_5_0_224_tf.h5, trained at 224 pixels"),
        ("mobilenet_5_0_160_tf_no_top.h5", NARROW, "mobilenet_5_0_160_tf_no_top.h5"),
        ("my_weights_224.h5", NARROW, "my_weights_224.h5"),
        (
            "mobilenet_v2_weights_tf_dim_ordering_tf_kernels_0.35_96_no_top.h5",
            Architecture(0.35, 128, MOBILENET_V2),
            "mobilenet_v2_weights_tf_dim_ordering_tf_kernels_0.35_96_no_top.h5, trained at 96 pixels",
        ),
        (
            "mobilenet_1_0_224_tf_no_top.h5",
            Architecture(1.0, 224, EFFICIENTNET_LITE0),
            "mobilenet_1_0_224_tf_no_top.h5",
        ),
    ],
)
def test_the_name_of_a_file_tells_another_input_size(
    tmp_path: Path, name: str, architecture: Architecture, origin: str
) -> None:
    """Weights fit every size of their width, so what is printed says at which size Keras' file was trained."""
    (tmp_path / name).write_bytes(HDF5)
    choice = str(tmp_path / name)
    assert find_weights(architecture, choice, lambda weights: False, Connection(None).download).origin == origin


def test_a_model_in_place_of_weights() -> None:
    """A TFLite file is named as one, with the option that takes it; a zip behind it does not matter."""
    with pytest.raises(DataError, match="no file of Keras' weights: it is a TFLite model: give it as --backbone"):
        read_keras_weights(DATA / "tiny-int8.tflite", network_graph(NARROW))
