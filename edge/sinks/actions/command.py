"""Runs a command at the beginning or the end of a label, one after the other, with a time limit."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import threading
import time
from collections import deque
from collections.abc import Callable

from edge.shorten import shorten
from edge.sinks.actions.complaints import Complaints
from edge.sinks.actions.environment import event_environment
from edge.sinks.actions.events import Event
from edge.sinks.actions.options import LabelCommand
from edge.statistics import StreamStatistics

TIME_LIMIT_S = 60.0
"""How long a command may run, in seconds."""
WAITING = 8
"""The most events that wait for a command that still runs."""

_TERM_S = 2.0  # from the signal that asks a command to end to the one that ends it
_LAST_S, _LAST_TERM_S = 0.3, 0.15  # at the end of the stream: the same two times, which must be short
_LOOK_EVERY_S = 0.02


class CommandAction:
    """Runs one command without a shell, on a thread of its own that waits for it.

    If the command runs longer than its time limit, it is ended with all processes of its group. Its output goes to
    stderr; it has no input.
    """

    name = "command"

    def __init__(
        self,
        command: LabelCommand,
        *,
        at_end: bool,
        statistics: StreamStatistics,
        write_message: Callable[[str], None],
        time_limit_s: float = TIME_LIMIT_S,
    ) -> None:
        """Run ``command``, whose program has its full path, when its label begins; with ``at_end`` when it ends."""
        self._command, self._begins, self._time_limit_s = command, not at_end, time_limit_s
        self._title = f"{command.label}: {shorten(command.words[0])}"
        self._statistics, self._complaints = statistics, Complaints(write_message)
        self._waiting: deque[Event] = deque()
        self._changed = threading.Condition()
        self._stop_s: float | None = None
        self._thread = threading.Thread(target=self._run, name=f"command for {command.label}", daemon=True)

    def open(self) -> None:
        """Start the thread."""
        if self._thread.ident is None:
            self._thread.start()

    def take(self, event: Event) -> None:
        """Run the command for ``event`` if it is for this label; if too many wait, the oldest is dropped."""
        if (event.label, event.begins) != (self._command.label, self._begins):
            return
        with self._changed:
            if len(self._waiting) == WAITING:
                self._waiting.popleft()
                self._count("dropped", "runs for longer than the time between two events; events are dropped")
            self._waiting.append(event)
            self._changed.notify()

    def stop(self) -> None:
        """Start what waits and let it run, but for 0.3 s at most."""
        with self._changed:
            self._stop_s = time.monotonic() + _LAST_S
            self._changed.notify()

    def close(self, timeout_s: float) -> None:
        """Wait for the end of the command."""
        if self._thread.ident is not None:
            self._thread.join(timeout_s)

    def _run(self) -> None:
        while True:
            with self._changed:
                self._changed.wait_for(lambda: self._waiting or self._stop_s is not None)
                if not self._waiting or (self._stop_s is not None and time.monotonic() > self._stop_s):
                    break
                event = self._waiting.popleft()
            self._run_once(event)
        for _ in self._waiting:
            self._count("dropped", "")

    def _run_once(self, event: Event) -> None:
        try:
            process = subprocess.Popen(
                self._command.words,
                stdin=subprocess.DEVNULL,
                stdout=2,
                stderr=2,
                env=event_environment(event),
                start_new_session=True,  # its group is its own, so that all of it can be ended
            )
        except OSError as error:
            self._count("failed", f"cannot be started ({error.strerror})")
            return
        if self._ends(process, self._time_limit_s):
            code = process.wait()
            self._count("done" if code == 0 else "failed", f"ended with {_ending(code)}" if code else "")
            return
        result, why = ("timed_out", f"still ran after {self._time_limit_s:g} s")
        if self._stop_s is not None:
            result, why = "stopped", "still ran at the end"
        grace_s = _TERM_S if self._stop_s is None else _LAST_TERM_S
        _signal_group(process, signal.SIGTERM)
        self._ends(process, grace_s, stops=False)
        _signal_group(process, signal.SIGKILL)  # also to those of its group that are left
        if self._ends(process, grace_s, stops=False):
            process.wait()
            self._count(result, f"{why} and was ended")
        else:  # it runs as another user, or the kernel holds it
            self._count(result, f"{why} and cannot be ended")

    def _ends(self, process: subprocess.Popen[bytes], limit_s: float, *, stops: bool = True) -> bool:
        """Whether ``process`` ends within ``limit_s`` seconds; if it ``stops``, it must when the stream ends.

        Its result is not taken here: until then the system gives its number, that of its group, to no other process.
        """
        end_s = time.monotonic() + limit_s
        while not _has_ended(process):
            stop_s = self._stop_s if stops and self._stop_s is not None else end_s
            if time.monotonic() >= min(end_s, stop_s):
                return False
            time.sleep(_LOOK_EVERY_S)
        return True

    def _count(self, result: str, problem: str) -> None:
        self._statistics.count_action(self.name, result)
        if problem:
            self._complaints.print(f"{self.name}: {self._title} {problem}")


def _has_ended(process: subprocess.Popen[bytes]) -> bool:
    try:
        return os.waitid(os.P_PID, process.pid, os.WEXITED | os.WNOHANG | os.WNOWAIT) is not None
    except ChildProcessError:  # whoever started edge watch ignores SIGCHLD: the system takes the result itself
        return True


def _signal_group(process: subprocess.Popen[bytes], number: signal.Signals) -> None:
    with contextlib.suppress(ProcessLookupError, PermissionError):  # PermissionError: it runs as another user
        os.killpg(process.pid, number)


def _ending(code: int) -> str:
    return f"code {code}" if code > 0 else f"signal {-code}"
