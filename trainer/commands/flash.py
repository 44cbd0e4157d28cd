"""``trainer flash`` and ``trainer rollback``: install a model on devices, and go back to the previous one."""

from __future__ import annotations

import contextlib
import json
import shlex
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated

import typer
from rich.filesize import decimal

from edge.errors import UsageError
from edge.modelfile.model_file import ModelFile
from edge.secrets import may_hold_secret
from edge.sinks.mqtt.broker import parse_broker
from trainer.commands.options import AsJson, Extras, FindLinks, SignKey
from trainer.flash.bootstrap import Bootstrap
from trainer.flash.delivery import HEALTH_WINDOW_S, Delivery
from trainer.flash.device_result import DeviceResult
from trainer.flash.exit_code import exit_code_of
from trainer.flash.flash_targets import flash_targets, preview_flash, roll_back_targets, ssh_options
from trainer.flash.rollout import Rollout
from trainer.flash.signing import sign
from trainer.flash.target import parse_targets
from trainer.terminal.interactive import is_interactive
from trainer.terminal.progress_bars import TerminalProgress
from trainer.terminal.tables import print_table

Targets = Annotated[
    list[str] | None,
    typer.Argument(
        metavar="TARGET",
        help="Devices: user@host[:port], the folder of a mounted SD card, or a file with one per line.",
    ),
]
Inventory = Annotated[list[Path] | None, typer.Option(help="A file with one target per line; may be repeated.")]
Jobs = Annotated[int, typer.Option(min=1, help="Number of targets to work on at the same time.")]
Canary = Annotated[
    int, typer.Option(min=0, help="Number of targets to do first. The others follow only if all of these succeed.")
]
AbortOnFailure = Annotated[bool, typer.Option("--abort-on-failure", help="Start no further target after a failure.")]
SshConfig = Annotated[Path | None, typer.Option(help="Configuration file of ssh (default: ~/.ssh/config).")]

_ROLLOUT = Rollout()


def flash_command(
    model: Annotated[Path, typer.Argument(metavar="MODEL", help="The model file.")],
    target: Targets = None,
    inventory: Inventory = None,
    jobs: Jobs = _ROLLOUT.jobs,
    canary: Canary = _ROLLOUT.canary,
    abort_on_failure: AbortOnFailure = False,
    bootstrap: Annotated[
        bool,
        typer.Option("--bootstrap", help="First prepare a bare Raspberry Pi OS: a Python environment with edge."),
    ] = False,
    find_links: FindLinks = None,
    extra: Extras = None,
    service: Annotated[
        str | None,
        typer.Option(help="With --bootstrap: run edge watch as a service, with these arguments: '0 --web 8080'."),
    ] = None,
    yes: Annotated[bool, typer.Option("--yes", help="With --bootstrap: do not ask for confirmation.")] = False,
    sign_key: SignKey = None,
    allow_older: Annotated[
        bool,
        typer.Option("--allow-older", help="Accept MODEL also on a device that had it before its current model."),
    ] = False,
    health_window: Annotated[
        float,
        typer.Option(
            min=1,
            metavar="SECONDS",
            help="The time for a running edge watch to label a frame with MODEL; at least twice its --every is given.",
        ),
    ] = HEALTH_WINDOW_S,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Print what would be done and change nothing.")] = False,
    ssh_config: SshConfig = None,
    as_json: AsJson = False,
) -> None:
    """Install MODEL on every TARGET over ssh. It becomes current there after it has passed its self-test.

    The exit code is 0 only if MODEL is current on every TARGET. At any time each has a whole model, old or new. If the
    command is interrupted, run it again: it continues.
    """
    targets = parse_targets(target or [], inventory or [])
    if (service or extra) and not bootstrap:
        raise UsageError("--service and --extra need --bootstrap")
    words = shlex.split(service or "")
    _refuse_secrets(words)
    content = ModelFile.load(model).content
    delivery = Delivery(
        content,
        signature=sign(content, sign_key) if sign_key else None,
        allow_older=allow_older,
        health_window_s=health_window,
        dry_run=dry_run,
        bootstrap=Bootstrap(find_links=find_links or [], extras=extra or [], service=words) if bootstrap else None,
        ssh=ssh_options(targets, ssh_config, interactive=is_interactive()),
    )
    with _interruption_explained():
        if bootstrap and is_interactive() and not yes and not dry_run:
            for result in preview_flash(targets, delivery, jobs=jobs):
                TerminalProgress().message(f"{result.target}: {result.detail}")
            if not typer.confirm("Continue?", err=True):
                raise UsageError("nothing was changed")
        results = flash_targets(targets, delivery, Rollout(jobs, canary, abort_on_failure))
    _print_results(results, as_json=as_json)
    raise typer.Exit(exit_code_of(results))


def rollback_command(
    target: Targets = None,
    inventory: Inventory = None,
    jobs: Jobs = _ROLLOUT.jobs,
    canary: Canary = _ROLLOUT.canary,
    abort_on_failure: AbortOnFailure = False,
    ssh_config: SshConfig = None,
    as_json: AsJson = False,
) -> None:
    """Make the previous model of every TARGET current again. A repeat changes nothing."""
    targets = parse_targets(target or [], inventory or [])
    ssh = ssh_options(targets, ssh_config, interactive=is_interactive())
    with _interruption_explained():
        results = roll_back_targets(targets, ssh, Rollout(jobs, canary, abort_on_failure))
    _print_results(results, as_json=as_json)
    raise typer.Exit(exit_code_of(results))


@contextlib.contextmanager
def _interruption_explained() -> Iterator[None]:
    try:
        yield
    except KeyboardInterrupt:
        TerminalProgress().message(
            "interrupted; every target has a whole model; run the same command again to continue"
        )
        raise


def _print_results(results: list[DeviceResult], *, as_json: bool) -> None:
    if as_json:
        print(json.dumps({"targets": [result.record() for result in results]}))
        return
    print_table(["target", "state", "model", "before", "sent", "seconds", ""], [_cells(result) for result in results])
    for result in results:
        if not result.succeeded:
            TerminalProgress().message(f"{result.target}: {result.detail}")


def _cells(result: DeviceResult) -> list[str]:
    return [
        result.target,
        result.state,
        (result.current or "")[:12],
        (result.previous or "")[:12],
        decimal(result.sent_bytes) if result.sent_bytes else "",
        f"{result.duration_s:.1f}",
        result.detail if result.succeeded else "",
    ]


def _refuse_secrets(words: list[str]) -> None:
    """Raises :class:`~edge.errors.UsageError` if ``words``, arguments of ``edge watch``, may hold a secret."""
    for word in words:
        option, _, value = word.partition("=")
        if option == "--mqtt" or word.startswith(("mqtt://", "mqtts://")):
            if "://" in word:
                parse_broker(value if option == "--mqtt" else word)
        elif option == "--web-token" or may_hold_secret(word):
            raise UsageError(
                "--service may not hold a token, or an address with a user, a password or a query: every user of the "
                "device could read it; run edge service on the device, with the secret in /etc/edge-watch.env"
            )
