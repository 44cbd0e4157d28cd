"""``trainer flash`` and ``trainer rollback`` over a real SSH server, with real stores."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from benchmarks.device.faults import over_ssh
from benchmarks.device.faults.loopback import SSHD
from benchmarks.device.faults.scene import FaultResult, sha256
from benchmarks.device.faults.ssh_scene import SshScene, make_ssh_scene
from edge.store.layout import Store
from support import surgery
from support.ports import free_port
from trainer.cli import app

pytestmark = [
    pytest.mark.skipif(SSHD is None, reason="no sshd here: apt install openssh-server"),
    pytest.mark.xdist_group("sshd"),
]
Flash = Callable[..., "tuple[int, list[dict[str, Any]]]"]


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SshScene]:
    """A server, two models, and a store for each host in which the old one is current."""
    with make_ssh_scene(tmp_path_factory.mktemp("flash"), model_bytes=200_000) as place:
        yield place


def run(place: SshScene, *arguments: object) -> tuple[int, list[dict[str, Any]]]:
    """The exit code of a command of ``trainer``, and its record of every target."""
    command = [*map(str, arguments), "--ssh-config", str(place.server.config), "--json"]
    done = CliRunner().invoke(app, command, catch_exceptions=False)
    assert done.stderr == ""
    return done.exit_code, json.loads(done.stdout)["targets"]


def current(place: SshScene, host: str) -> str | None:
    """``old`` or ``new``: the current model of the host."""
    names = {sha256(path): path.stem for path in (place.old, place.new)}
    return names.get(Store(place.server.store(host)).linked("current") or "")


def test_a_model_becomes_current_and_a_repeat_changes_nothing(place: SshScene) -> None:
    """The first flash sends the whole model, the second sends nothing."""
    place.fresh_store("pi1")
    code, (row,) = run(place, "flash", place.new, "pi1")
    assert (code, row["state"], row["target"]) == (0, "flashed", "pi1")
    assert (row["sent_bytes"], row["resumed_bytes"]) == (place.new.stat().st_size, 0)
    assert (row["current"], row["previous"]) == (sha256(place.new), sha256(place.old))
    assert current(place, "pi1") == "new"
    code, (row,) = run(place, "flash", place.new, "pi1")
    assert (code, row["state"], row["sent_bytes"]) == (0, "unchanged", 0)
    assert row["detail"] == "this model is already current"


def test_rollback_and_flash_of_an_older_model(place: SshScene) -> None:
    """A second rollback changes nothing; a flash of the older model needs --allow-older."""
    place.fresh_store("pi1")
    run(place, "flash", place.new, "pi1")
    for _ in range(2):
        code, (row,) = run(place, "rollback", "pi1")
        assert (code, row["state"], row["current"]) == (0, "rolled back", sha256(place.old))
    assert run(place, "flash", place.new, "pi1")[0] == 0
    code, (row,) = run(place, "flash", place.old, "pi1")
    assert (code, row["state"]) == (2, "failed")
    assert "--allow-older" in row["detail"]
    assert current(place, "pi1") == "new"
    code, (row,) = run(place, "flash", place.old, "pi1", "--allow-older")
    assert (code, row["state"], row["sent_bytes"]) == (0, "flashed", 0)


def test_a_dry_run_changes_nothing(place: SshScene) -> None:
    """Its detail says what would be installed and how much space is free."""
    store = place.fresh_store("pi1")
    before = sorted(store.root.rglob("*"))
    code, (row,) = run(place, "flash", place.new, "pi1", "--dry-run")
    assert (code, row["state"], row["current"]) == (0, "would flash", sha256(place.old))
    assert "would install" in row["detail"]
    assert "free" in row["detail"]
    assert sorted(store.root.rglob("*")) == before


def test_a_dry_run_refuses_what_the_flash_would_refuse(place: SshScene) -> None:
    """An older model, a missing signature and a full disk end both in the same way, with the same code."""
    store = place.fresh_store("pi1")
    run(place, "flash", place.new, "pi1")
    for flags in ((), ("--dry-run",)):
        code, (row,) = run(place, "flash", place.old, "pi1", *flags)
        assert (code, row["state"]) == (2, "failed")
        assert "was installed" in row["detail"] and "--allow-older" in row["detail"]
    assert run(place, "flash", place.old, "pi1", "--dry-run", "--allow-older")[0] == 0
    store = place.fresh_store("pi1")
    (store.root / "allowed_signers").symlink_to("nowhere")
    for flags in ((), ("--dry-run",)):
        code, (row,) = run(place, "flash", place.new, "pi1", *flags)
        assert (row["state"], current(place, "pi1")) == ("failed", "old")
        assert "allowed_signers" in row["detail"]
    (store.root / "allowed_signers").unlink()


def test_a_dry_run_knows_the_interpreter(place: SshScene, tmp_path: Path) -> None:
    """A model that needs another interpreter ends the dry run as the flash, with the same line and code."""
    place.fresh_store("pi1")
    model = tmp_path / "future.tflite"
    model.write_bytes(surgery.numbered(7, minimum_runtime="99.0.0"))
    ends = [run(place, "flash", model, "pi1", *flags) for flags in (["--dry-run"], [])]
    for code, (row,) in ends:
        assert (code, row["state"], current(place, "pi1")) == (65, "failed", "old")
        found = re.search("the model needs TensorFlow Lite 99.0.0; .* here has the kernels of .*", row["detail"])
        assert found and found[0] in ends[1][1][0]["detail"]


def test_the_health_window_of_a_flash(place: SshScene) -> None:
    """The device's edge gets the option, for an installation and for a model that is in its store already."""
    place.fresh_store("pi1")
    edge, log = place.server.binaries / "edge", place.server.folder / "arguments"
    script = edge.read_text()
    edge.write_text(script.replace("exec", f'printf "%s " "$@" >> {log}; exec'))
    try:
        assert run(place, "flash", place.new, "pi1", "--health-window", 45)[0] == 0
        run(place, "rollback", "pi1")
        assert run(place, "flash", place.new, "pi1")[0] == 0
    finally:
        edge.write_text(script)
    words = log.read_text().split()
    assert [words[at + 1] for at, word in enumerate(words) if word == "--health-window"] == ["45", "30"]


def test_a_damaged_current_model_is_sent_again(place: SshScene) -> None:
    """Only a whole model counts as already current."""
    store = place.fresh_store("pi1")
    model = store.model(sha256(place.old))
    good = model.read_bytes()
    model.write_bytes(good[:-1] + b"x")
    code, (row,) = run(place, "flash", place.old, "pi1")
    assert (code, row["state"]) == (0, "flashed")
    assert model.read_bytes() == good


def test_five_targets_of_which_one_is_down(place: SshScene) -> None:
    """Four are flashed, the result of the fifth says why it failed, the exit code is 69."""
    hosts = [f"pi{number}" for number in range(1, 6)]
    for host in hosts:
        place.fresh_store(host)
    config = place.server.config.read_text()
    place.server.write_config({host: free_port() if host == "pi3" else place.server.port for host in hosts})
    try:
        code, rows = run(place, "flash", place.new, *hosts)
    finally:
        place.server.config.write_text(config)
    assert code == 69
    assert [row["target"] for row in rows if row["state"] == "flashed"] == ["pi1", "pi2", "pi4", "pi5"]
    assert [current(place, host) for host in hosts] == ["new", "new", "old", "new", "new"]
    assert "enable --now ssh" in rows[2]["detail"]


def test_a_device_that_asks_for_signatures(place: SshScene) -> None:
    """Models without a signature or with a wrong one are refused, one signed by an allowed key is accepted."""
    store = place.fresh_store("pi1")
    keys = place.server.folder
    algorithm, key, *_ = (keys / "user_key.pub").read_text().split()
    (store.root / "allowed_signers").write_text(f"poet {algorithm} {key}\n")
    for flags in ((), ("--sign", keys / "stranger_key")):
        code, (row,) = run(place, "flash", place.new, "pi1", *flags)
        assert (code, row["state"], current(place, "pi1")) == (65, "failed", "old")
        assert "sign" in row["detail"]
    assert run(place, "flash", place.new, "pi1", "--sign", keys / "user_key")[0] == 0
    assert current(place, "pi1") == "new"


@pytest.mark.parametrize("fault", [over_ssh.together, over_ssh.cut], ids=["together", "cut"])
def test_a_few_of_the_faults(place: SshScene, fault: Callable[..., Iterator[FaultResult]]) -> None:
    """Two kinds of faults; the command python -m benchmarks faults injects all of them."""
    for outcome in fault(place, 1):
        assert outcome.violation is None, outcome


def test_a_card_is_flashed_like_a_device(place: SshScene, tmp_path: Path) -> None:
    """The store is in var/lib/edge of the mounted folder; a repeat changes nothing."""
    (tmp_path / "card" / "etc").mkdir(parents=True)
    code, (row,) = run(place, "flash", place.new, tmp_path / "card")
    assert (code, row["state"]) == (0, "flashed")
    store = Store(tmp_path / "card/var/lib/edge")
    assert store.linked("current") == sha256(place.new)
    code, (row,) = run(place, "flash", place.new, tmp_path / "card")
    assert (code, row["state"]) == (0, "unchanged")


def test_a_dry_run_of_a_card_refuses_what_the_flash_would_refuse(place: SshScene, tmp_path: Path) -> None:
    """An older model and a missing signature end both in the same way, and the dry run changes nothing."""
    card = tmp_path / "card"
    (card / "etc").mkdir(parents=True)
    assert run(place, "flash", place.new, card, "--dry-run")[1][0]["state"] == "would flash"
    assert sorted(path.name for path in card.iterdir()) == ["etc"]
    for model in (place.old, place.new):
        assert run(place, "flash", model, card)[0] == 0
    assert [run(place, "flash", place.old, card, *flags)[0] for flags in ([], ["--dry-run"])] == [2, 2]
    (card / "var/lib/edge/allowed_signers").write_text("")
    flags = ["--allow-older"]
    assert [run(place, "flash", place.old, card, *flags, *more)[0] for more in ([], ["--dry-run"])] == [65, 65]


def test_an_empty_mount_point_is_refused(place: SshScene, tmp_path: Path) -> None:
    """A folder without etc is not the root partition of a card."""
    code, (row,) = run(place, "flash", place.new, tmp_path)
    assert (code, row["state"]) == (65, "failed")
    assert "mount the card" in row["detail"]


def test_a_file_that_is_not_a_model_is_refused(trainer, tmp_path: Path) -> None:
    """One line on stderr and exit code 65, before any connection."""
    (tmp_path / "text.tflite").write_text("no model\n" * 100)
    done = trainer("flash", tmp_path / "text.tflite", "pi@nowhere.invalid")
    assert (done.returncode, done.stdout) == (65, "")
    assert done.stderr.count("\n") == 1


def test_a_dry_run_knows_the_space_of_the_store(place: SshScene, small_disk: Callable[[str], Path]) -> None:
    """The store's own disk counts: one that cannot hold the upload and the model ends the dry run as the flash."""
    disk = small_disk("300k")  # the model has 200 kB
    config = place.server.config.read_text()
    place.server.config.write_text(
        config.replace(f"EDGE_STORE={place.server.store('pi1')} ", f"EDGE_STORE={disk}/store ")
    )
    try:
        ends = [run(place, "flash", place.new, "pi1", *flags) for flags in (["--dry-run"], [])]
    finally:
        place.server.config.write_text(config)
    assert [(code, row["state"]) for code, (row,) in ends] == [(74, "failed")] * 2
    assert "of free space and needs" in ends[0][1][0]["detail"]
