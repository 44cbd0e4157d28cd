"""Commands as real processes."""

from __future__ import annotations

import json
import os
import signal
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from edge.sinks.actions.command import WAITING, CommandAction
from edge.sinks.actions.events import Event
from edge.sinks.actions.options import LabelCommand
from edge.statistics import StreamStatistics
from support.observed import CARD, observe
from support.waiting import wait_for

Make = Callable[..., CommandAction]


class Runs:
    """What the commands of a test do: their counts and messages."""

    def __init__(self) -> None:
        self.statistics, self.messages = StreamStatistics(), list[str]()
        self.made: list[CommandAction] = []

    def start(self, *words: str | Path, at_end: bool = False, time_limit_s: float = 60.0) -> CommandAction:
        """A started action that runs ``words`` for the label daisy."""
        action = CommandAction(
            LabelCommand("daisy", tuple(map(str, words))),
            at_end=at_end,
            statistics=self.statistics,
            write_message=self.messages.append,
            time_limit_s=time_limit_s,
        )
        action.open()
        self.made.append(action)
        return action

    def python(self, program: str, **options: object) -> CommandAction:
        """A started action that runs a Python ``program``."""
        return self.start(sys.executable, "-S", "-c", program, **options)  # type: ignore[arg-type]

    @property
    def counts(self) -> dict[str, int]:
        """What came of the commands so far."""
        return {result: count for (_, result), count in self.statistics.snapshot().actions.items()}


@pytest.fixture
def runs() -> Iterator[Runs]:
    """Nothing that a test started runs longer than the test."""
    runs = Runs()
    yield runs
    for action in runs.made:
        action.stop()
        action.close(20)


def begin(label: str = "daisy", **fields: object) -> Event:
    """A beginning of ``label``."""
    return Event(True, observe(0, label, 0.75, **fields))


def end(label: str = "daisy") -> Event:
    """An end of ``label``."""
    return Event(False, observe(0, label))


def _is_running(pid: int) -> bool:
    """Whether the process ``pid`` runs; one that has ended and is waited for by nobody does not."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] not in "ZX"
    except (FileNotFoundError, ProcessLookupError):
        return False


def test_the_environment(runs: Runs, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The command gets the event and the variables of the user, but neither secrets nor the socket to systemd."""
    secrets = ("EDGE_SOURCE", "EDGE_WEBHOOK", "EDGE_MQTT_PASSWORD", "EDGE_WEB_TOKEN", "EDGE_SERVE_TOKEN")
    for name in (*secrets, "NOTIFY_SOCKET"):
        monkeypatch.setenv(name, "secret")
    monkeypatch.setenv("MINE", "kept")
    monkeypatch.delenv("EDGE_SHARED", raising=False)  # whoever runs the tests may set it
    program = "import json, os, sys; json.dump([dict(os.environ), sys.stdin.read()], open('%s.new', 'w'));"
    program += " os.rename('%s.new', '%s')"
    path = tmp_path / "seen"
    runs.python(program.replace("%s", str(path))).take(begin())
    wait_for(path.exists)
    variables, read = json.loads(path.read_text())
    assert {name: value for name, value in variables.items() if name.startswith(("EDGE_", "MINE", "NOTIFY"))} == {
        **{"EDGE_EVENT": "begin", "EDGE_LABEL": "daisy", "EDGE_SCORE": "0.750000", "MINE": "kept"},
        **{
            "EDGE_TIME": "2027-01-15T08:00:00.123Z",
            "EDGE_MODEL_NAME": CARD.name,
            "EDGE_STORE": os.environ["EDGE_STORE"],
        },
    }
    assert read == ""
    wait_for(lambda: runs.counts == {"done": 1})
    assert runs.messages == []


@pytest.mark.parametrize("label", ["a\0b", "half \ud83d", "$(reboot) `x` '\";\n--", "бегемот", "x" * 10_000])
def test_no_label_does_harm(runs: Runs, tmp_path: Path, label: str) -> None:
    """A label is a value and nothing else: zero bytes are left out, and halves of characters replaced."""
    path = tmp_path / "seen"
    words = (sys.executable, "-S", "-c", f"import os; open({str(path)!r}, 'wb').write(os.environb[b'EDGE_LABEL'])")
    action = CommandAction(
        LabelCommand(label, words), at_end=False, statistics=runs.statistics, write_message=runs.messages.append
    )
    action.open()
    runs.made.append(action)
    action.take(begin(label))
    wait_for(lambda: runs.counts == {"done": 1})
    assert path.read_bytes() == label.replace("\0", "").replace("\ud83d", "?").encode()


def test_the_other_events_are_not_for_it(runs: Runs, tmp_path: Path) -> None:
    """A command runs at the beginning of its label or at its end, not for other labels."""
    log = tmp_path / "log"
    words = ("/bin/sh", "-c", f'echo "$EDGE_EVENT $EDGE_LABEL" >> {log}')
    for at_end in (False, True):
        action = runs.start(*words, at_end=at_end)
        for event in (begin("roses"), end("roses"), begin(), end()):
            action.take(event)
    wait_for(lambda: runs.counts == {"done": 2})
    assert sorted(log.read_text().splitlines()) == ["begin daisy", "end daisy"]


def test_failures(runs: Runs) -> None:
    """A code that is not 0, a signal, and a program that has gone are counted; the same message comes once."""
    failing = runs.start("/bin/sh", "-c", "exit 3")
    failing.take(begin())
    failing.take(begin())
    wait_for(lambda: runs.counts == {"failed": 2})
    runs.start("/bin/sh", "-c", "kill -9 $$").take(begin())
    wait_for(lambda: runs.counts == {"failed": 3})
    runs.start("/gone").take(begin())
    wait_for(lambda: runs.counts == {"failed": 4})
    assert runs.messages == [
        "command: daisy: /bin/sh ended with code 3",
        "command: daisy: /bin/sh ended with signal 9",
        "command: daisy: /gone cannot be started (No such file or directory)",
    ]


_HANGS = """
import os, signal, time
signal.signal(signal.SIGTERM, signal.SIG_IGN)
child = os.fork()
open("{path}.new", "w").write(str(os.getpid())) if child else signal.signal(signal.SIGTERM, signal.SIG_DFL)
if child:
    open("{path}.child", "w").write(str(child))
    os.rename("{path}.new", "{path}")
time.sleep(1000)
"""


def test_a_command_that_hangs_is_ended_with_its_group(
    runs: Runs, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Also one that ignores SIGTERM, and the processes that it has started; the next event starts it again."""
    path, ends = tmp_path / "pid", CommandAction._ends

    def ends_once_it_hangs(self: CommandAction, process: Any, limit_s: float, *, stops: bool = True) -> bool:
        if stops:  # the time limit, not that of a signal
            wait_for(path.exists)
            limit_s = 0.0
        return ends(self, process, limit_s, stops=stops)

    monkeypatch.setattr(CommandAction, "_ends", ends_once_it_hangs)
    action = runs.python(_HANGS.format(path=path), time_limit_s=1.0)
    action.take(begin())
    wait_for(lambda: runs.counts == {"timed_out": 1})
    pids = [int(path.read_text()), int((tmp_path / "pid.child").read_text())]
    wait_for(lambda: not any(map(_is_running, pids)))
    assert runs.messages == [f"command: daisy: {sys.executable} still ran after 1 s and was ended"]


def test_events_wait_for_a_command_and_the_oldest_are_dropped(runs: Runs, tmp_path: Path) -> None:
    """While it runs, eight events wait; taking one never waits."""
    gate, log = tmp_path / "gate", tmp_path / "log"
    os.mkfifo(gate)
    action = runs.start("/bin/sh", "-c", f'read line < {gate}; echo "$EDGE_SCORE" >> {log}')
    for number in range(WAITING + 4):
        action.take(Event(True, observe(0, "daisy", number / 100)))
        if number == 0:
            wait_for(lambda: not action._waiting)
    assert runs.counts == {"dropped": 3}
    assert len(runs.messages) == 1 and "events are dropped" in runs.messages[0]
    with gate.open("r+b", buffering=0) as lines:
        lines.write(b"\n" * (WAITING + 1))
        wait_for(lambda: runs.counts == {"dropped": 3, "done": WAITING + 1})
    assert [float(line) for line in log.read_text().split()] == [0.0, *(n / 100 for n in range(4, WAITING + 4))]


def test_the_end_of_the_stream(runs: Runs, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A quick command may still run to its end; one that hangs is ended, and what waits for it is dropped."""
    quick, path = runs.start("/bin/sh", "-c", f"> {tmp_path / 'quick'}"), tmp_path / "pid"
    hanging = runs.python(_HANGS.format(path=path))
    hanging.take(begin())
    wait_for(path.exists)
    hanging.take(begin())
    hanging.stop()
    monkeypatch.setattr("edge.sinks.actions.command._LAST_S", 20.0)  # also on a machine that is busy
    quick.take(begin())
    quick.stop()
    for action in (hanging, quick):
        action.close(20)
    assert (tmp_path / "quick").exists()
    wait_for(lambda: not _is_running(int(path.read_text())))
    assert runs.counts == {"done": 1, "stopped": 1, "dropped": 1}


def test_its_signals_are_its_own(runs: Runs, tmp_path: Path) -> None:
    """Ctrl-C in the terminal goes to the group of edge watch, in which the command is not."""
    path = tmp_path / "pid"
    runs.python(_HANGS.format(path=path)).take(begin())
    wait_for(path.exists)
    assert os.getpgid(int(path.read_text())) != os.getpgid(0)
    os.kill(int(path.read_text()), signal.SIGKILL)
    os.kill(int((tmp_path / "pid.child").read_text()), signal.SIGKILL)
