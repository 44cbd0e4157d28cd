"""Which measurements are made, and in which order."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any, NamedTuple

from edge.bench.models import ModelFacts
from edge.errors import UsageError
from edge.inference.delegate import DelegateChoice
from edge.inference.interpreter import choose_runtime, installed_runtimes
from edge.parallel import available_cores

MIN_ROUNDS = 2
"""The noise cannot be estimated from one round."""

MAX_ROUNDS = 1000
MAX_SECONDS = 3600.0


@dataclass(frozen=True)
class BenchSettings:
    """How the models are measured; results with the same settings on the same board may be compared.

    ``seconds`` is the time of the timed invocations of one configuration in one round, ``photo`` the name of the
    user's photo without its folder, None for the drawn one. With a ``delegate`` everything is measured without it too.
    """

    rounds: int
    seconds: float
    threads: tuple[int, ...]
    runtimes: tuple[str, ...]
    photo: str | None = None
    delegate: DelegateChoice | None = None

    def as_json(self) -> dict[str, Any]:
        """The settings as plain JSON values; the delegate is its :attr:`DelegateChoice.text`, without folders."""
        delegate = self.delegate and self.delegate.text
        return {**asdict(self), "threads": list(self.threads), "runtimes": list(self.runtimes), "delegate": delegate}


def choose_settings(
    *,
    rounds: int,
    seconds: float,
    threads: Sequence[int] | None = None,
    runtimes: Sequence[str] | None = None,
    photo: str | None = None,
    delegate: DelegateChoice | None = None,
) -> BenchSettings:
    """Checked settings; by default one thread and all cores, on every runtime that is installed.

    Raises :class:`~edge.errors.UsageError` for values that are impossible here, such as more threads than
    cores, and :class:`~edge.errors.ConfigurationError` if a runtime is not installed.
    """
    cores = available_cores()
    for count in threads or ():
        if not 1 <= count <= cores:
            raise UsageError(f"{count} threads: this machine has {cores} core{'s' * (cores > 1)} to run them on")
    if not MIN_ROUNDS <= rounds <= MAX_ROUNDS:
        raise UsageError(f"{rounds} rounds: give {MIN_ROUNDS} to {MAX_ROUNDS}; the noise cannot be estimated from one")
    if not 0 < seconds <= MAX_SECONDS:
        raise UsageError(f"{seconds:g} seconds: give more than 0 and at most {MAX_SECONDS:g}")
    chosen = [choose_runtime(name) for name in runtimes] if runtimes else installed_runtimes() or [choose_runtime()]
    return BenchSettings(
        rounds=rounds,
        seconds=seconds,
        threads=tuple(dict.fromkeys(threads or (1, cores))),
        runtimes=tuple(dict.fromkeys(chosen)),
        photo=photo,
        delegate=delegate,
    )


Key = tuple[str, str, str, int, "str | None"]


class Configuration(NamedTuple):
    """One model on one runtime with one number of threads, with a delegate or without: one row of the results."""

    model: ModelFacts
    runtime: str
    threads: int
    delegate: DelegateChoice | None = None

    @property
    def key(self) -> Key:
        """What identifies this configuration, in every run of the command."""
        delegate = self.delegate and self.delegate.text
        return self.model.name, self.model.sha256, self.runtime, self.threads, delegate

    @property
    def text(self) -> str:
        """Model, runtime, threads and delegate in one line."""
        delegate = f", {self.delegate.text}" if self.delegate else ""
        return f"{self.model.name}, {self.runtime}, threads {self.threads}{delegate}"


class Task(NamedTuple):
    """One configuration in one round (0, 1, ...): what one worker process measures."""

    configuration: Configuration
    round: int


def all_configurations(models: Sequence[ModelFacts], settings: BenchSettings) -> list[Configuration]:
    """Every configuration; what is compared most changes fastest, so that it is measured close together in time.

    That is the delegate, then the models.
    """
    delegates = (None, settings.delegate) if settings.delegate else (None,)
    return [
        Configuration(model, runtime, threads, delegate)
        for runtime in settings.runtimes
        for threads in settings.threads
        for model in models
        for delegate in delegates
    ]


def interleave(configurations: Sequence[Configuration], rounds: int) -> list[Task]:
    """All tasks in order: every configuration once in each round.

    Every second round runs backwards, so that a steady drift (a board that warms up) affects all configurations
    equally; every pair of rounds begins with another configuration, so that none is always the first.
    """
    if not configurations:
        return []
    pairs = math.ceil(rounds / 2)
    tasks: list[Task] = []
    for number in range(rounds):
        start = len(configurations) * (number // 2) // pairs
        order = [*configurations[start:], *configurations[:start]]
        tasks += (Task(configuration, number) for configuration in (reversed(order) if number % 2 else order))
    return tasks
