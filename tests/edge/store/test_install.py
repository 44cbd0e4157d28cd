"""Taking models in."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import stat
from collections.abc import Callable
from pathlib import Path

import pytest

from edge.errors import ModelError, StorageError, UsageError
from edge.store.install import InstallRequest, check_request, install
from edge.store.isolated_check import CheckedModel, check_in_child
from edge.store.layout import Store, short
from edge.store.state import read_state
from edge.store.transaction import change
from support import surgery


def _files(store: Store) -> list[str]:
    return sorted(str(path.relative_to(store.root)) for path in store.root.rglob("*") if not path.is_dir())


def test_a_model_comes_in(store: Store, model: Callable[..., Path]) -> None:
    """It has its folder and a note, and nothing is switched unless that is asked for."""
    path = model()
    sha256 = hashlib.sha256(path.read_bytes()).hexdigest()
    done = install(store, InstallRequest(path, sha256=sha256.upper(), size_bytes=path.stat().st_size))
    assert (done.sha256, done.outcome, done.signer, done.removed) == (sha256, "installed", None, [])
    assert done.self_test is not None and done.self_test["largest_difference"] <= done.self_test["tolerance"]
    assert _files(store) == ["lock", f"models/{sha256}/install.json", f"models/{sha256}/model.tflite", "state.json"]
    assert store.model(sha256).read_bytes() == path.read_bytes()
    record = json.loads(store.record(sha256).read_bytes())
    assert (record["architecture"], record["quantization"], record["labels"]) == ("mobilenet_0.25_128", "int8", 3)
    assert read_state(store).current is None


@pytest.mark.usefixtures("trusting")
def test_a_repeat_changes_nothing(store: Store, model: Callable[..., Path]) -> None:
    """The same model again is present, or unchanged if it is current; no file is written."""
    path = model()
    install(store, InstallRequest(path))
    assert install(store, InstallRequest(path)).outcome == "present"
    assert install(store, InstallRequest(path, activate=True)).outcome == "present"
    before = {name: (store.root / name).lstat().st_mtime_ns for name in _files(store) if name != "lock"}
    done = install(store, InstallRequest(path, activate=True))
    assert (done.outcome, done.self_test) == ("unchanged", None)
    assert {name: (store.root / name).lstat().st_mtime_ns for name in _files(store) if name != "lock"} == before


@pytest.mark.usefixtures("trusting")
@pytest.mark.parametrize(
    ("expected", "reason"),
    [
        ({"sha256": "0" * 64}, r"its sha256 is \w{12}\.\.\., not 0{12}\.\.\.; copy it again"),
        ({"size_bytes": 5}, r"has \d+ bytes instead of 5; copy it again"),
        ({"path": Path("gone.tflite")}, "cannot read the model"),
        ({"path": Path("/dev/null")}, "is not a file"),
        ({"path": Path("/")}, "is not a file"),
        ({"signature": Path("gone.sig")}, "cannot read the signature"),
    ],
)
def test_what_is_not_what_was_announced(
    expected: dict[str, object], reason: str, store: Store, model: Callable[..., Path]
) -> None:
    """A wrong size, a wrong sha256 or no file is refused before the store is touched."""
    with pytest.raises(ModelError, match=reason):
        install(store, InstallRequest(**{"path": model(), **expected}))  # type: ignore[arg-type]
    assert not store.root.exists()


def test_a_file_that_is_no_model(store: Store, tmp_path: Path) -> None:
    """It is refused in one line, and leaves nothing."""
    path = tmp_path / "text.tflite"
    path.write_bytes(b"no model\n" * 100)
    with pytest.raises(ModelError, match="not a TFLite model"):
        install(store, InstallRequest(path))
    assert _files(store) == ["lock"]


def test_a_model_of_another_computation(store: Store, model: Callable[..., Path]) -> None:
    """If the self-test fails, the model is refused and leaves nothing."""
    expected = {**json.loads(json.dumps(_self_test())), "expected": [[0.5, 0.25, 0.25]] * 4}
    with pytest.raises(ModelError, match="the self-test failed on"):
        install(store, InstallRequest(model(1, self_test=expected), activate=True))
    assert _files(store) == ["lock"] and read_state(store).current is None


def test_the_file_is_checked_outside_the_lock(
    store: Store, model: Callable[..., Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    """While the child checks the file, another process may change the store."""
    other = []

    def check(path: Path) -> CheckedModel:
        with change(store, "test", wait_s=0) as state:
            other.append(state)
        return check_in_child(path)

    monkeypatch.setattr("edge.store.install.check_in_child", check)
    assert install(store, InstallRequest(model(), activate=True)).outcome == "installed"
    assert [state.current for state in other] == [None]


def test_only_the_bytes_that_were_checked_are_installed(
    store: Store, model: Callable[..., Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    """A file that is replaced by another good model before its check is refused, and leaves nothing."""
    path, other = model(0), model(1)

    def check(path: Path) -> CheckedModel:
        path.write_bytes(other.read_bytes())
        return check_in_child(path)

    monkeypatch.setattr("edge.store.install.check_in_child", check)
    with pytest.raises(ModelError, match=r"model-0\.tflite: was changed while it was checked; copy it again"):
        install(store, InstallRequest(path))
    assert _files(store) == ["lock"]


@pytest.mark.usefixtures("trusting")
def test_a_model_that_is_removed_meanwhile(
    store: Store, put: Callable[..., str], model: Callable[..., Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    """A model that was here before its check, and is not here after it, is written again."""
    sha256 = put(0, activate=False)

    def check(path: Path) -> CheckedModel:
        shutil.rmtree(store.folder(sha256))
        return CheckedModel(sha256, {}, [], {"runtime": "none"})

    monkeypatch.setattr("edge.store.install.check_in_child", check)
    assert install(store, InstallRequest(model(0), activate=True)).outcome == "installed"
    assert store.current_model.read_bytes() == model(0).read_bytes()


def test_what_would_be_refused_is_refused_without_a_change(store: Store, model: Callable[..., Path]) -> None:
    """The check of a request runs the self-test too, and makes no folder."""
    expected = {**json.loads(json.dumps(_self_test())), "expected": [[0.5, 0.25, 0.25]] * 4}
    with pytest.raises(ModelError, match="the self-test failed on"):
        check_request(store, InstallRequest(model(1, self_test=expected), activate=True))
    check_request(store, InstallRequest(model(), activate=True))
    assert not store.root.exists()


def _self_test() -> dict[str, object]:
    from edge.modelfile.model_file import ModelFile

    manifest = ModelFile.from_bytes(surgery.tiny()).manifest
    assert manifest is not None
    return manifest.self_test._asdict()


def test_models_of_other_projects_come_in(store: Store, tmp_path: Path) -> None:
    """A model without a self-test must at least run; its note says that nothing was compared."""
    path = tmp_path / "foreign.tflite"
    path.write_bytes(surgery.Patient(surgery.tiny("float32")).foreign().content)
    done = install(store, InstallRequest(path))
    assert done.self_test is not None and done.self_test["largest_difference"] is None


@pytest.mark.usefixtures("trusting")
def test_a_damaged_model_is_mended_in_place(store: Store, put: Callable[..., str], model: Callable[..., Path]) -> None:
    """Installing it again gives the current model its bytes back, and its folder is never absent."""
    sha256 = put(0)
    store.model(sha256).write_bytes(b"")
    assert install(store, InstallRequest(model(0), activate=True)).outcome == "installed"
    assert hashlib.sha256(store.model(sha256).read_bytes()).hexdigest() == sha256
    assert read_state(store).current == sha256 and not list(store.models.glob(".*"))


@pytest.mark.usefixtures("trusting")
def test_an_older_model_needs_a_word(store: Store, put: Callable[..., str], model: Callable[..., Path]) -> None:
    """Older is what was first installed here before; --allow-older takes it, and refusing changes nothing."""
    first, second = put(0), put(1)
    with pytest.raises(UsageError, match=f"{short(first)} was installed here before the current {short(second)}"):
        install(store, InstallRequest(model(0), activate=True))
    assert read_state(store).current == second
    assert install(store, InstallRequest(model(0), activate=True, allow_older=True)).state.current == first


@pytest.mark.usefixtures("trusting")
def test_a_full_disk(small_disk: Callable[[str], Path], model: Callable[..., Path]) -> None:
    """Too little free space is an error before anything is written."""
    root = small_disk("64k") / "store"
    with pytest.raises(StorageError, match=r"the model needs \d+ bytes and \d+ are free; remove old models"):
        install(Store(root), InstallRequest(model()))
    assert Store(root).installed() == []


@pytest.mark.usefixtures("trusting")
def test_an_upload_is_dropped_once_it_is_in(store: Store, model: Callable[..., Path]) -> None:
    """What was installed from the folder of uploads need not stay there; another upload goes on."""
    path = model()
    store.incoming.mkdir(parents=True)
    sha256 = hashlib.sha256(path.read_bytes()).hexdigest()
    upload, other = store.incoming / f"{sha256}.part", store.incoming / f"{'0' * 64}.part"
    upload.write_bytes(path.read_bytes())
    other.write_bytes(b"half")
    install(store, InstallRequest(upload))
    assert not upload.exists() and other.exists()


def test_no_other_user_may_write_into_the_store(store: Store, model: Callable[..., Path]) -> None:
    """Its folders are made with their permissions, also if the umask takes none away."""
    before = os.umask(0)
    try:
        sha256 = install(store, InstallRequest(model())).sha256
    finally:
        os.umask(before)
    for folder in (store.root, store.models, store.folder(sha256)):
        assert stat.S_IMODE(folder.stat().st_mode) == 0o755
