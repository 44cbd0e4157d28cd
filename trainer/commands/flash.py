"""``trainer flash`` and ``trainer rollback``: one model onto one device or a hundred."""

from __future__ import annotations

import json
import shlex
import sys
import threading
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Annotated

import typer

from edge.errors import EdgeError, UsageError
from edge.modelfile.model_file import ModelFile
from trainer.commands.options import AsJson, Extras, FindLinks, SignKey
from trainer.flash.bootstrap import Bootstrap
from trainer.flash.card import flash_card, roll_back_card
from trainer.flash.fleet import Rollout, roll_out
from trainer.flash.host import flash_host, roll_back_host
from trainer.flash.job import Job
from trainer.flash.outcome import FAILED, Outcome, exit_code
from trainer.flash.rows import Row, print_outcomes, rows
from trainer.flash.signing import sign
from trainer.flash.target import Target, parse_targets
from trainer.terminal.progress import TerminalProgress

Targets = Annotated[
    list[str] | None,
    typer.Argument(help="user@host[:port], a mounted card's folder, or a file of targets, one a line."),
]
Inventory = Annotated[list[Path] | None, typer.Option(help="A file of targets, one a line; may be repeated.")]
Jobs = Annotated[int, typer.Option(min=1, help="So many targets at once.")]
Canary = Annotated[int, typer.Option(min=0, help="So many first; the others only where these succeed.")]
AbortOnFailure = Annotated[bool, typer.Option("--abort-on-failure", help="Begin no further target after a failure.")]
SshConfig = Annotated[Path | None, typer.Option(help="Configuration file for ssh, instead of ~/.ssh/config.")]

_ROLLOUT = Rollout()


def flash_command(
    model: Annotated[Path, typer.Argument(help="The model file.")],
    target: Targets = None,
    inventory: Inventory = None,
    jobs: Jobs = _ROLLOUT.jobs,
    canary: Canary = _ROLLOUT.canary,
    abort_on_failure: AbortOnFailure = False,
    bootstrap: Annotated[
        bool, typer.Option("--bootstrap", help="Make a bare Raspberry Pi OS ready first: Python environment, edge.")
    ] = False,
    find_links: FindLinks = None,
    extra: Extras = None,
    service: Annotated[
        str | None, typer.Option(help="After --bootstrap run edge watch as a service, with this: '0 --web 8080'.")
    ] = None,
    yes: Annotated[bool, typer.Option("--yes", help="Bootstrap without asking.")] = False,
    sign_key: SignKey = None,
    allow_older: Annotated[
        bool, typer.Option("--allow-older", help="Also where a device had this model before its current one.")
    ] = False,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only say what would be done.")] = False,
    ssh_config: SshConfig = None,
    as_json: AsJson = False,
) -> None:
    """Bring MODEL to every TARGET over ssh, and let it prove itself there before the old one steps back.

    Ends with 0 only where every target labels with MODEL. Whatever happens, each has a whole model, the old or the new;
    the same command goes on where it stopped.
    """
    targets = parse_targets(target or [], inventory or [])
    if (service or extra) and not bootstrap:
        raise UsageError("--service and --extra go with --bootstrap")
    content = ModelFile.load(model).content
    signature = sign(content, sign_key) if sign_key else None
    interactive = sys.stdin.isatty() and sys.stderr.isatty()
    job = Job(content, signature, allow_older, dry_run, len(targets) > 1 or not interactive, ssh_config)
    preparation = Bootstrap(find_links or [], extra or [], shlex.split(service or "")) if bootstrap else None
    rollout = Rollout(jobs, canary, abort_on_failure)

    def work(job: Job) -> Callable[[Target, Row], Outcome]:
        return lambda one, row: flash_card(one, job, row) if one.folder else flash_host(one, job, preparation, row)

    if bootstrap and interactive and not yes and not dry_run:
        progress = TerminalProgress()
        for outcome in _run(targets, work(replace(job, dry_run=True)), Rollout(jobs)):
            progress.message(f"{outcome.target}: {outcome.detail}")
        if not typer.confirm("Go on?", err=True):
            raise UsageError("nothing was done")
    _end(_run(targets, work(job), rollout), as_json)


def rollback_command(
    target: Targets = None,
    inventory: Inventory = None,
    jobs: Jobs = _ROLLOUT.jobs,
    canary: Canary = _ROLLOUT.canary,
    abort_on_failure: AbortOnFailure = False,
    ssh_config: SshConfig = None,
    as_json: AsJson = False,
) -> None:
    """Let every TARGET go back to the model that it had before; a repeat changes nothing."""
    targets = parse_targets(target or [], inventory or [])
    interactive = sys.stdin.isatty() and sys.stderr.isatty()
    job = Job(b"", batch=len(targets) > 1 or not interactive, ssh_config=ssh_config)

    def work(one: Target, row: Row) -> Outcome:
        return roll_back_card(one) if one.folder else roll_back_host(one, job, row)

    _end(_run(targets, work, Rollout(jobs, canary, abort_on_failure)), as_json)


def _run(targets: list[Target], work: Callable[[Target, Row], Outcome], rollout: Rollout) -> list[Outcome]:
    stopping = threading.Event()
    with rows(targets, stopping) as shown:

        def show(target: Target) -> Outcome:
            try:
                outcome = work(target, shown[target])
            except EdgeError:
                shown[target].end(FAILED)
                raise
            shown[target].end(outcome.state)
            return outcome

        try:
            return roll_out(targets, show, rollout, stopping)
        except KeyboardInterrupt:
            TerminalProgress().message("interrupted; every target has a whole model, and the same command goes on")
            raise


def _end(outcomes: list[Outcome], as_json: bool) -> None:
    if as_json:
        print(json.dumps({"targets": [outcome.facts() for outcome in outcomes]}))
    else:
        print_outcomes(outcomes)
        progress = TerminalProgress()
        for outcome in outcomes:
            if not outcome.good:
                progress.message(f"{outcome.target}: {outcome.detail}")
    raise typer.Exit(exit_code(outcomes))
