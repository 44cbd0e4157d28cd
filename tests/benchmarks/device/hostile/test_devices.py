"""A few of the hostile devices; the command python -m benchmarks hostile runs all of them."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from benchmarks.device.faults.loopback import SSHD
from benchmarks.device.faults.ssh_scene import SshScene, make_ssh_scene
from benchmarks.device.hostile.device_cases import CASES
from benchmarks.device.hostile.devices import run_cases

pytestmark = [
    pytest.mark.skipif(SSHD is None, reason="no sshd here: apt install openssh-server"),
    pytest.mark.xdist_group("sshd"),
]
_USUAL_S = 60.0


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SshScene]:
    """A server on loopback, and two small models."""
    with make_ssh_scene(tmp_path_factory.mktemp("hostile"), model_bytes=100_000) as place:
        yield place


def test_there_are_sixty_and_each_has_a_name() -> None:
    """No two of them are the same."""
    assert len({case.name for case in CASES}) == len(CASES) >= 60


def test_each_spoils_its_own_row_alone(place: SshScene) -> None:
    """A listing of a wrong type, an answer without end, escapes, a lie about the current model, another server."""
    names = {
        *("its models are numbers", "its login shell prints 600 MB", "refuses with escapes"),
        *("installs another model", "its server is another program"),
    }
    group = [case for case in CASES if case.name in names]
    assert len(group) == len(names)
    for result in run_cases(place, group, _USUAL_S):
        assert result.result == "ok", result


def test_a_row_without_its_message_is_wrong(place: SshScene) -> None:
    """What is counted as ok is what the case asks for, not any failure."""
    case = next(case for case in CASES if case.name == "its models are numbers")
    (result,) = run_cases(place, [case._replace(message="another cause")], _USUAL_S)
    assert result.result == "accepted wrongly"
    assert result.detail.startswith(
        "the message does not say 'another cause': its edge gives an answer that cannot be used"
    )
