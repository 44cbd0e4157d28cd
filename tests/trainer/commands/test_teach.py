"""``trainer teach`` as a user runs it: a camera, a page, and no TensorFlow."""

from __future__ import annotations

import dataclasses
import signal
import socket
from pathlib import Path

import pytest

from edge.modelfile.model_file import ModelFile
from edge.store.health import await_confirmation
from edge.store.install import InstallRequest, install
from edge.store.layout import Store
from support import tiny
from support.complaint import complaint
from support.ports import free_port
from support.stream_server import StreamServer
from support.teach_command import TeachCommand, teach_command
from support.waiting import wait_for
from trainer.progress import Progress
from trainer.retraining.given_backbone import read_given
from trainer.retraining.options import RetrainOptions
from trainer.retraining.retrain_all import retrain_all

pytest.importorskip("starlette", reason="the extra 'web' is not installed")
pytest.importorskip("uvicorn", reason="the extra 'web' is not installed")


def teach_two_classes(session: TeachCommand) -> None:
    """Add rose and tulip, record two photos of each, and wait until they are learnt."""
    session.wait_for(lambda state: state["learning"]["state"] == "too few")
    for label in ("rose", "tulip"):
        session.ask("PUT", f"/api/classes/{label}")
        session.hold(label, f"hold-of-{label}", 2)
    session.wait_for(lambda state: state["learning"]["state"] == "ready")


def install_confirmed(store: Store, path: Path) -> None:
    """Make the model at ``path`` the current one of ``store``, as after a health window that went well."""
    installed = install(store, InstallRequest(path, activate=True))
    await_confirmation(store, installed.sha256, window_s=1.0, status=Path(), before=None)


def test_from_nothing_to_a_live_answer(tmp_path: Path) -> None:
    """Two classes are recorded from the stream; then each frame has an answer, the folder has the photos."""
    with StreamServer() as server, teach_command(tmp_path, server.uri, tmp_path / "photos", "--json") as session:
        session.wait_for(lambda state: state["classes"] == [])
        wait_for(lambda: session.lines)
        first = session.lines[0]
        assert (first["label"], first["score"], first["categories"]) == ("unknown", 0.0, [])
        teach_two_classes(session)
        wait_for(lambda: session.lines[-1]["label"] in ("rose", "tulip"))
        assert {entry["label"] for entry in session.lines[-1]["categories"]} == {"rose", "tulip"}
        code, seconds = session.end(signal.SIGTERM)
        assert code == 0
        assert seconds < 5  # a second on a machine that does nothing else; see benchmarks/device
        for label in ("rose", "tulip"):
            photos = sorted(path.name for path in (tmp_path / "photos" / label).iterdir())
            assert photos
            assert len({name.partition("_nohash_")[0] for name in photos}) == 1  # one hold: one group
        assert "model replaced" not in session.messages
        assert f"trainer: teach at http://127.0.0.1:{session.port}/ (from another machine: ssh -L" in session.messages


def test_a_session_goes_on_where_it_ended(tmp_path: Path) -> None:
    """Killed and started again, it has the classes and photos, and answers without any new photo."""
    with StreamServer() as server:
        with teach_command(tmp_path, server.uri, tmp_path / "photos") as session:
            teach_two_classes(session)
            session.process.kill()
            session.process.wait()
            # counted now: the frame that was taken last is saved after the end of its recording
            before = [(label, len(list((tmp_path / "photos" / label).glob("*.jpg")))) for label in ("rose", "tulip")]
        with teach_command(tmp_path, server.uri, tmp_path / "photos", "--json") as session:
            session.wait_for(lambda state: state["learning"]["state"] == "ready")
            assert [(entry["name"], entry["photos"]) for entry in session.session()["classes"]] == before
            wait_for(lambda: session.lines and session.lines[-1]["label"] in ("rose", "tulip"))


def test_without_a_camera_review_and_learning_go_on(tmp_path: Path) -> None:
    """The camera goes away: no recording, but photos are moved and learnt; when it is back, recording works."""
    with StreamServer() as server, teach_command(tmp_path, server.uri, tmp_path / "photos") as session:
        teach_two_classes(session)
        server.fault("refuse")
        wait_for(lambda: "edge:" in session.messages or "trainer: http" in session.messages)
        status, answer = session.ask("PUT", "/api/recording", {"class": "rose", "hold": "away"})
        while status == 200:
            status, answer = session.ask("PUT", "/api/recording", {"class": "rose", "hold": "away"})
        assert "gives no pictures" in answer["error"]
        photos = session.ask("GET", "/api/photos?place=classes&class=rose")[1]["photos"]
        session.ask("PUT", "/api/classes/daisy")
        session.ask("POST", "/api/photos/assign", {"photos": [photos[0]["id"]], "class": "daisy"})
        session.wait_for(lambda state: [c["photos"] for c in state["classes"] if c["name"] == "daisy"] == [1])
        session.wait_for(lambda state: state["learning"]["state"] == "ready")
        server.end_fault()
        wait_for(lambda: "is back" in session.messages)
        session.hold("tulip", "again", 1)


def test_a_source_that_ends_leaves_the_session(tmp_path: Path) -> None:
    """After the last frame of a film the page is still there; --count ends the session."""
    film = tmp_path / "film.avi"
    cv2 = pytest.importorskip("cv2", reason="the extra 'camera' is not installed")
    writer = cv2.VideoWriter(str(film), cv2.VideoWriter_fourcc(*"MJPG"), 30, (64, 48))
    for seed in range(3):
        writer.write(tiny_picture(seed))
    writer.release()
    with teach_command(tmp_path, film, tmp_path / "photos") as session:
        wait_for(lambda: "the source has ended; all but the stream goes on" in session.messages)
        assert session.session()["classes"] == []
        assert session.end(signal.SIGINT)[0] == 130
    with StreamServer() as server, teach_command(tmp_path, server.uri, tmp_path / "photos", "--count", 3) as session:
        assert session.process.wait(60) == 0


def tiny_picture(seed: int):  # type: ignore[no-untyped-def]
    """A picture for a film."""
    import numpy as np

    return np.full((48, 64, 3), 40 * seed, np.uint8)


def test_captured_frames_are_the_inbox(tmp_path: Path) -> None:
    """What --capture keeps, unsure frames of a model with classes, is shown as the inbox."""
    with StreamServer() as server:
        words = (server.uri, tmp_path / "photos", "--capture", tmp_path / "kept", "--score-threshold", "1")
        with teach_command(tmp_path, *words) as session:
            teach_two_classes(session)
            session.wait_for(lambda state: state["inbox"]["photos"] >= 1)
            assert list((tmp_path / "kept").glob("*/*.jpg"))


def test_save_makes_it_the_stores_model(tmp_path: Path) -> None:
    """The saved model is the store's current one; the next session takes its backbone from there."""
    tiny.paint_folder(tmp_path / "photos")
    with StreamServer() as server:
        with teach_command(tmp_path, server.uri, tmp_path / "photos") as session:
            session.wait_for(lambda state: state["learning"]["state"] == "ready")
            assert session.ask("POST", "/api/model/save")[0] == 202
            model = session.wait_for(
                lambda state: state["model"]["state"] not in ("saving", "installed") and state["model"]
            )
            assert model["state"] == "running", model
        current = (tmp_path / "store" / "current" / "model.tflite").resolve()
        assert ModelFile.load(current).labels == ("blue", "green", "red")
        with teach_command(tmp_path, server.uri, tmp_path / "photos", backbone=()) as session:
            session.wait_for(lambda state: state["learning"]["state"] == "ready")
            assert session.session()["backbone"]["architecture"] == tiny.ARCHITECTURE.name


def test_a_session_goes_on_with_the_backbone_of_a_flashed_model(options: RetrainOptions, tmp_path: Path) -> None:
    """A model with another backbone becomes the store's while the session runs: it learns and saves with that one."""
    store = Store(tmp_path / "store")
    tiny.write_backbone(options.bottleneck_dir, "float32")
    first, other = (
        retrain_all(
            dataclasses.replace(options, quantizations=(name,), output=tmp_path / f"{name}.tflite"), Progress()
        )[0]
        for name in ("int8", "float32")
    )
    install_confirmed(store, first.path)
    with (
        StreamServer() as server,
        teach_command(tmp_path, server.uri, options.folder, "--json", backbone=()) as session,
    ):
        session.wait_for(lambda state: state["learning"]["state"] == "ready")
        assert session.session()["backbone"]["quantization"] == "int8"
        install_confirmed(store, other.path)
        session.wait_for(lambda state: state["backbone"]["quantization"] == "float32")
        wait_for(lambda: "the session goes on with the backbone of the store's new model" in session.messages)
        session.wait_for(lambda state: state["learning"]["state"] == "ready" and not state["work"])
        seen = len(session.lines)
        wait_for(lambda: len(session.lines) > seen and session.lines[-1]["categories"])
        assert session.ask("POST", "/api/model/save")[0] == 202
        model = session.wait_for(
            lambda state: state["model"]["state"] not in ("none", "saving", "installed") and state["model"]
        )
        assert model["state"] == "running", model
        assert read_given(store.current_model).backbone.quantization == "float32"
        assert session.messages.count("goes on with the backbone") == 1


def test_two_sessions_of_one_folder(tmp_path: Path) -> None:
    """A second session of the same folder is refused with one line."""
    with StreamServer() as server, teach_command(tmp_path, server.uri, tmp_path / "photos") as session:
        session.wait_for(lambda state: True)
        (tmp_path / "other").mkdir()
        with teach_command(tmp_path / "other", server.uri, tmp_path / "photos") as second:
            assert second.process.wait(60) == 69
            assert second.messages.count("\n") == 1


@pytest.mark.parametrize(
    ("words", "code", "line"),
    [
        ((), 2, "which source? give SOURCE"),
        (("0", "--backbone", "x.tflite", "--architecture", "mobilenet_0.25_128"), 2, "leave those options out"),
        (("0", "--capture", "a", "--inbox", "b"), 2, "leave out --inbox"),
        (("0", "--backbone", "gone.tflite"), 65, "gone.tflite"),
        (("0", "--web", "0.0.0.0:8080"), 2, "give --web-token TOKEN"),
        (("0", "--architecture", "resnet"), 2, "resnet"),
        (("0", "--mqtt-ca", "x"), 2, "has no effect without --mqtt"),
    ],
)
def test_mistakes(trainer, words: tuple[str, ...], code: int, line: str) -> None:
    """A mistake is one line that says how to fix it."""
    web = () if "--web" in words else ("--web", free_port())  # another program may have the usual one
    assert line in complaint(trainer("teach", *words, *web, env={"EDGE_WEB_TOKEN": "", "EDGE_STORE": "/nowhere"}), code)


def test_a_port_that_is_taken(trainer) -> None:
    """The page is the point of the command, so it ends without its port."""
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        line = complaint(trainer("teach", "0", "--web", port), 69)
    assert line == f"port {port} is used by another program; choose another with --web"


def test_without_weights_and_backbone(trainer, tmp_path: Path) -> None:
    """On a device that has no weights the line names the other way, a model file."""
    words = ("teach", "0", "--architecture", tiny.ARCHITECTURE.name, "--weights", tmp_path / "gone.h5")
    line = complaint(trainer(*words, "--web", free_port(), "--bottleneck-dir", tmp_path / "cache"), 78)
    assert "gone.h5: cannot read the weights" in line
    assert line.endswith("or give --backbone FILE, a model file of this project or another .tflite network")


def test_help(trainer) -> None:
    """The help names the example, and shows brackets as they are typed."""
    done = trainer("teach", "--help", env={"COLUMNS": "200"})
    assert "Example: trainer teach 0" in done.stdout
    assert "mqtt[s]://[user@]host[:port]/topic" in done.stdout
    assert "[HOST:]PORT" in done.stdout
