"""Signatures, with real keys and the system's ssh-keygen."""

from __future__ import annotations

import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from edge.errors import ConfigurationError, ModelError
from edge.store.install import InstallRequest, install
from edge.store.layout import Store
from edge.store.signature import allowed_signers_path, check_signature
from edge.store.verify import verify
from support.user_name import needs_ssh_keygen

pytestmark = [
    pytest.mark.usefixtures("trusting"),
    needs_ssh_keygen,
]
Sign = Callable[..., bytes]


@pytest.fixture
def key(tmp_path: Path) -> Path:
    """A new key whose models are allowed in."""
    return _make_key(tmp_path / "id_ed25519")


@pytest.fixture
def signers(store: Store, key: Path) -> Path:
    """The store's list of the allowed signers."""
    store.root.mkdir()
    path = store.root / "allowed_signers"
    path.write_text(f"poet@example.org {key.with_suffix('.pub').read_text()}")
    return path


def _make_key(path: Path, kind: str = "ed25519") -> Path:
    subprocess.run(["ssh-keygen", "-q", "-t", kind, "-N", "", "-C", "", "-f", path], check=True)
    return path


def _sign(key: Path, content: bytes, namespace: str = "edge-model") -> bytes:
    command = ["ssh-keygen", "-q", "-Y", "sign", "-f", key, "-n", namespace]
    return subprocess.run(command, input=content, capture_output=True, check=True).stdout


def test_a_device_that_asks_for_no_signature(store: Store) -> None:
    """Without allowed_signers every model is accepted, signed or not."""
    assert check_signature(store, b"model", None) is None
    assert check_signature(store, b"model", b"nonsense") is None


def test_a_signed_model(store: Store, key: Path, signers: Path) -> None:
    """The result names the signer as allowed_signers does."""
    assert check_signature(store, b"model", _sign(key, b"model")) == "poet@example.org"


def test_another_kind_of_key(store: Store, tmp_path: Path) -> None:
    """Any key that ssh knows will do, and a pattern of names."""
    key = _make_key(tmp_path / "id_ecdsa", "ecdsa")
    store.root.mkdir()
    (store.root / "allowed_signers").write_text(f'"*@example.org" {key.with_suffix(".pub").read_text()}')
    assert check_signature(store, b"model", _sign(key, b"model")) == "*@example.org"


@pytest.mark.parametrize("namespace", ["email", "file", "edge-model2"])
def test_a_signature_for_something_else(namespace: str, store: Store, key: Path, signers: Path) -> None:
    """A signature made for e-mail or for git does not let a model in."""
    with pytest.raises(ModelError, match=r"is not one that .*allowed_signers allows"):
        check_signature(store, b"model", _sign(key, b"model", namespace))


def test_wrong_signatures(store: Store, key: Path, signers: Path, tmp_path: Path) -> None:
    """No signature, another key, other content, half a signature, no signature at all in the file."""
    right = _sign(key, b"model")
    for missing in (None, b""):
        with pytest.raises(ModelError, match=r"the model is not signed, and .*allowed_signers asks for it"):
            check_signature(store, b"model", missing)
    unknown_key = _sign(_make_key(tmp_path / "unknown"), b"model")
    for wrong in (unknown_key, _sign(key, b"models"), right[:100], b"nonsense", right.replace(b"U", b"V")):
        with pytest.raises(ModelError, match="refused: the model's signature is not one"):
            check_signature(store, b"model", wrong)


def test_an_expired_key(store: Store, key: Path, signers: Path) -> None:
    """allowed_signers may say until when; ssh-keygen keeps to it."""
    signers.write_text(f'poet valid-before="20200101" {key.with_suffix(".pub").read_text()}')
    with pytest.raises(ModelError, match="is not one that"):
        check_signature(store, b"model", _sign(key, b"model"))


def test_the_administrators_list_counts_first(
    store: Store, key: Path, signers: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A user who may write into the store cannot overrule /etc/edge/allowed_signers."""
    other = _make_key(tmp_path / "administrator")
    system = tmp_path / "system_signers"
    system.write_text(f"admin {other.with_suffix('.pub').read_text()}")
    assert check_signature(store, b"model", _sign(other, b"model")) == "admin"
    with pytest.raises(ModelError, match="system_signers"):
        check_signature(store, b"model", _sign(key, b"model"))


@pytest.mark.parametrize("name", ["system_signers", "store/allowed_signers"])
@pytest.mark.parametrize("kind", ["a dangling link", "a link to itself", "a folder"])
def test_a_list_that_cannot_be_read_lets_no_model_in(
    name: str, kind: str, store: Store, tmp_path: Path, model: Callable[..., Path]
) -> None:
    """Anything that is there and cannot be read refuses everything: a broken link must not turn signatures off."""
    store.root.mkdir()
    path = tmp_path / name
    if kind == "a folder":
        path.mkdir()
    else:
        path.symlink_to(path if kind == "a link to itself" else tmp_path / "nowhere")
    with pytest.raises(ConfigurationError, match=f"{path}: cannot be read .*, so no model is accepted"):
        install(store, InstallRequest(model()))
    assert store.installed() == []


def test_a_folder_that_may_not_be_searched_may_hold_a_list(store: Store, tmp_path: Path, monkeypatch) -> None:
    """If this user cannot see whether there is a list, no model is accepted."""

    def refuse(self: Path) -> None:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(Path, "lstat", refuse)
    assert allowed_signers_path(store) == tmp_path / "system_signers"


def test_no_ssh_keygen(store: Store, key: Path, signers: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """If signatures are required and cannot be checked, no model is accepted."""
    signature = _sign(key, b"model")
    monkeypatch.setenv("PATH", "")
    with pytest.raises(ConfigurationError, match="ssh-keygen is not installed; sudo apt install openssh-client"):
        check_signature(store, b"model", signature)


def test_installing_signed_models(store: Store, key: Path, signers: Path, model: Callable[..., Path]) -> None:
    """The signature is kept beside the model and checked whenever the model is verified."""
    path = model()
    with pytest.raises(ModelError, match="not signed"):
        install(store, InstallRequest(path))
    assert store.installed() == []
    signature = path.with_suffix(".sig")
    signature.write_bytes(_sign(key, path.read_bytes()))
    done = install(store, InstallRequest(path, signature=signature))
    assert done.signer == "poet@example.org"
    assert store.signature(done.sha256).read_bytes() == signature.read_bytes()
    verify(store, done.sha256)
    store.signature(done.sha256).unlink()
    with pytest.raises(ModelError, match="not signed"):
        verify(store, done.sha256)
    assert install(store, InstallRequest(path, signature=signature)).outcome == "present"
    verify(store, done.sha256)
    assert install(store, InstallRequest(path)).signer == "poet@example.org"
