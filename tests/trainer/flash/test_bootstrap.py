"""What a bootstrap plans for different devices, and which devices it refuses."""

from __future__ import annotations

from pathlib import Path

import pytest

from edge.errors import ConfigurationError, EdgeError, StorageError
from support.stand_in_wheels import no_index, write_index
from trainer.flash.bootstrap import Bootstrap
from trainer.flash.device_facts import DeviceFacts

BARE = DeviceFacts(
    kernel="aarch64",
    debian="arm64",
    python="3.11",
    glibc="2.36",
    build="64 cpython-311-aarch64-linux-gnu",
    has_venv=True,
    is_root=False,
    can_sudo=False,
    has_systemd=True,
    base="/home/pi/.local/share/edge",
    environment="",
    free_bytes=10**9,
    edge=None,
    version="",
    store=None,
)


@pytest.fixture
def bootstrap(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Bootstrap:
    """A bootstrap that fetches its wheels from a folder only."""
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_FIND_LINKS", "")
    monkeypatch.setenv("PIP_CONFIG_FILE", "/dev/null")
    return Bootstrap(find_links=[write_index(tmp_path / "index")])


def test_a_device_that_has_this_environment_gets_no_other(bootstrap: Bootstrap) -> None:
    """The name of an environment is the hash of its wheels; for another name a new environment is planned."""
    plan = bootstrap.plan(BARE)
    assert plan.needs_environment
    assert plan.steps[0].endswith("of wheels (aarch64, Python 3.11) and make /home/pi/.local/share/edge/venv from them")
    ready = BARE._replace(edge="/home/pi/.local/share/edge/venv/bin/edge", environment=plan.wheels.name)
    assert bootstrap.plan(ready)[2:] == (False, [])
    assert bootstrap.plan(ready._replace(environment="another")).needs_environment


def test_apt_is_run_only_if_it_is_needed_and_allowed(bootstrap: Bootstrap) -> None:
    """Without python3-venv, sudo runs apt as the first step; without sudo, the error names the command to type."""
    without = BARE._replace(has_venv=False)
    assert bootstrap.plan(without._replace(can_sudo=True)).steps[0] == "run sudo apt-get install -y python3-venv"
    with pytest.raises(ConfigurationError, match="run there: sudo apt-get install -y python3-venv"):
        bootstrap.plan(without)


@pytest.mark.parametrize(
    ("device", "error", "message"),
    [
        (BARE._replace(python=""), ConfigurationError, "no python3"),
        (BARE._replace(python="3.9"), ConfigurationError, "install a current Raspberry Pi OS"),
        (BARE._replace(kernel="armv6l", debian="armhf"), ConfigurationError, "Raspberry Pi 2 or later"),
        (BARE._replace(debian="", glibc="", build="64 cpython-311-aarch64-linux-musl"), ConfigurationError, "musl"),
        (BARE._replace(build="64 cpython-313t-aarch64-linux-gnu", python="3.13"), ConfigurationError, "without GIL"),
        (BARE._replace(build="64 pypy310-pp73"), ConfigurationError, "another Python than CPython"),
        (BARE._replace(free_bytes=1000), StorageError, "remove something there"),
    ],
)
def test_a_device_that_cannot_be_made_ready_is_refused(
    bootstrap: Bootstrap, device: DeviceFacts, error: type[EdgeError], message: str
) -> None:
    """The plan raises an error that says what to do, and nothing is changed."""
    with pytest.raises(error, match=message):
        bootstrap.plan(device)


def test_a_service_needs_systemd_and_sudo(tmp_path: Path) -> None:
    """Without them the plan is refused, before anything is sent."""
    bootstrap = Bootstrap(service=["0", "--web", "8080"])
    for device in (BARE, BARE._replace(can_sudo=True, has_systemd=False)):
        with pytest.raises(ConfigurationError, match="leave out --service"):
            bootstrap.plan(device)


def test_a_device_without_an_interpreter_is_refused_in_the_plan(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """No index has an interpreter for 32-bit Raspberry Pi OS with Python 3.13, so the device's pip finds none."""
    no_index(monkeypatch)
    index = write_index(tmp_path / "index")
    for wheel in index.glob("ai_edge_litert*"):
        wheel.unlink()
    device = BARE._replace(kernel="armv7l", debian="armhf", python="3.13", build="32 cpython-313-arm-linux-gnueabihf")
    with pytest.raises(ConfigurationError, match=r"no interpreter: ai-edge-litert.* for armv7l and Python 3\.13"):
        Bootstrap(find_links=[index]).plan(device)
