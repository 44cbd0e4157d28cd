"""The ``trainer`` command: which commands there are; each has a module in :mod:`trainer.commands`."""

from __future__ import annotations

import functools
from collections.abc import Callable, Mapping
from importlib import import_module
from pathlib import Path
from typing import Any, NamedTuple

import typer

from edge.errors import UsageError
from edge.local_path import address_problem


class Interrupted(Exception):
    """Ctrl-C on its way through Typer, which would end the process itself and say nothing."""


class Command(NamedTuple):
    """A command: its module in :mod:`trainer.commands`, the function in it, and an example for its help."""

    module: str
    function: str
    example: str


COMMANDS = {
    "retrain": Command("retrain", "retrain_command", "trainer retrain flower_photos --architecture mobilenet_0.50_224"),
    "teach": Command("teach", "teach_command", "trainer teach 0"),
    "bottlenecks": Command(
        "bottlenecks", "bottlenecks_command", "trainer bottlenecks flower_photos --architecture mobilenet_0.50_224"
    ),
    "backbone": Command("backbone", "backbone_command", "trainer backbone mobilenet_0.50_224 --output backbone.tflite"),
    "evaluate": Command("evaluate", "evaluate_command", "trainer evaluate models/flowers.tflite flower_photos"),
    "compare": Command("compare", "compare_command", "trainer compare old.tflite new.tflite flower_photos"),
    "adopt": Command("adopt", "adopt_command", "trainer adopt model_unquant.tflite --labels labels.txt my_photos"),
    "architectures": Command("architectures", "architectures_command", "trainer architectures --json"),
    "choose": Command("choose", "choose_command", "trainer choose pi4.json --max-latency-ms 30 --max-size-kb 2000"),
    "flash": Command("flash", "flash_command", "trainer flash models/flowers.tflite pi@raspberrypi.local"),
    "rollback": Command("flash", "rollback_command", "trainer rollback pi@raspberrypi.local"),
    "bundle": Command(
        "bundle", "bundle_command", "trainer bundle models/flowers.tflite --platform aarch64 --python 3.13"
    ),
}
"""All commands, in the order of the help; ``grid build`` comes after them."""


def command_line(first: str | None = None) -> typer.Typer:
    """The command line; with only the command ``first`` of :data:`COMMANDS` if that is the first argument.

    The modules of the other commands are not imported then: that takes as long as a small head's fit.
    """
    names = [first] if first in COMMANDS else list(COMMANDS)
    app = typer.Typer(
        help="Retrain a network on a folder of photos and export one quantized model file.",
        no_args_is_help=True,
        pretty_exceptions_enable=False,
        add_completion=False,
    )
    app.callback()(_nothing)  # with one command alone, Typer would take its name for an argument
    for name in names:
        _add(app, name, COMMANDS[name])
    if first not in COMMANDS:
        grid = typer.Typer(
            help="Models of the 16 MobileNets, or of other networks, for edge bench.", no_args_is_help=True
        )
        _add(grid, "build", Command("grid", "build_command", "trainer grid build grid flower_photos"))
        app.add_typer(grid, name="grid")
    return app


def _add(app: typer.Typer, name: str, command: Command) -> None:
    function = getattr(import_module(f"trainer.commands.{command.module}"), command.function)
    app.command(name, epilog=f"Example: {command.example}")(_interruptible(function))


def _interruptible(function: Callable[..., None]) -> Callable[..., None]:
    @functools.wraps(function)
    def run(*arguments: Any, **options: Any) -> None:
        _refuse_addresses(options)
        try:
            function(*arguments, **options)
        except KeyboardInterrupt:
            raise Interrupted from None

    return run


def _refuse_addresses(options: Mapping[str, Any]) -> None:
    """Raise :class:`~edge.errors.UsageError` if a path among ``options`` is an address; photos may lie in a bucket."""
    for name, value in options.items():
        for path in value if isinstance(value, list) else [value]:
            is_path = name == "weights" or (name != "image_dir" and isinstance(path, Path))
            if is_path and path is not None and (problem := address_problem(path)):
                raise UsageError(f"{problem}; only the folder of photos, IMAGE_DIR, may be in a bucket")


def _nothing() -> None:
    pass


def __getattr__(name: str) -> typer.Typer:
    """``app`` is the whole command line."""
    if name != "app":
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return command_line()
