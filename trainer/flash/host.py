"""One host, from the first connection to the model that has proved itself."""

from __future__ import annotations

from rich.filesize import decimal

from edge.errors import ConfigurationError
from trainer.flash.bootstrap import Bootstrap
from trainer.flash.device import Device
from trainer.flash.facts import Facts, ask_facts
from trainer.flash.job import Job
from trainer.flash.outcome import FLASHED, ROLLED_BACK, UNCHANGED, WOULD_FLASH, Outcome
from trainer.flash.rows import Row
from trainer.flash.ssh import Connection
from trainer.flash.target import Target
from trainer.flash.upload import Upload


def flash_host(target: Target, job: Job, bootstrap: Bootstrap | None, row: Row) -> Outcome:
    """Make the model of ``job`` the one that the host labels with, after ``bootstrap`` where that is given.

    The host has at any time the old model or the new one, and a repeat goes on from wherever this ended.

    Raises :class:`~edge.errors.EdgeError` with what went wrong and how to mend it.
    """
    with Connection(target, job.batch, job.ssh_config) as connection:
        connection.open()
        row.stage("asking")
        facts = ask_facts(connection)
        lines: list[str] = []
        wheels = Upload(0, 0)
        if bootstrap:
            row.stage("planning")
            plan = bootstrap.plan(facts)
            lines = plan.lines
            for line in [] if job.dry_run else lines:
                row.say(f"trainer: {target.name}: {line}")
            if plan.environment and not job.dry_run:
                wheels = bootstrap.make_ready(connection, facts, plan, row.stage, row.advance)
                facts = ask_facts(connection)
        if job.dry_run:
            return _promise(target, job, facts, lines)
        device = _device(connection, facts)
        before = device.current
        row.stage("checking")
        there = device.holds(job.sha256)
        sent = Upload(0, 0)
        unchanged = there and before == job.sha256 and not device.pending
        if there and not unchanged and job.signature is None:
            device.activate(job)
        elif not unchanged:
            sent = device.install(job, row)
        if bootstrap and facts.edge:
            row.stage("service")
            bootstrap.install_service(connection, facts.edge, f"{device.root}/current/model.tflite")
        sent = Upload(sent.sent_bytes + wheels.sent_bytes, sent.resumed_bytes + wheels.resumed_bytes)
        if unchanged:
            previous, detail = device.listing.get("previous"), "this model is current already"
            return Outcome(target.name, UNCHANGED, detail, 0, before, previous, *sent)
        return Outcome(target.name, FLASHED, "", 0, device.current, before, *sent)


def roll_back_host(target: Target, job: Job, row: Row) -> Outcome:
    """Let the host go back to its previous model; a repeat changes nothing.

    Raises :class:`~edge.errors.EdgeError` with what went wrong and how to mend it.
    """
    with Connection(target, job.batch, job.ssh_config) as connection:
        connection.open()
        row.stage("asking")
        device = _device(connection, ask_facts(connection))
        before = device.current
        row.stage("going back")
        device.rollback()
        return Outcome(target.name, ROLLED_BACK, "", 0, device.current, before)


def _device(connection: Connection, facts: Facts) -> Device:
    if facts.edge is None or facts.store is None:
        raise ConfigurationError("edge is not installed there, or is too old; run the same command with --bootstrap")
    return Device(connection, facts.edge, facts.store)


def _promise(target: Target, job: Job, facts: Facts, lines: list[str]) -> Outcome:
    """What a flash would do, from ``facts`` alone."""
    if not facts.edge and not lines:
        raise ConfigurationError("edge is not installed there, or is too old; run the same command with --bootstrap")
    current: str | None = facts.store.get("current") if facts.store else None
    if current == job.sha256:
        lines = [*lines, "keep the model, which is current already"]
    else:
        lines = [*lines, f"install {decimal(len(job.content))} and make it current"]
    room = "" if facts.free_bytes is None else f", {decimal(facts.free_bytes)} free"
    about = f" ({facts.version or 'edge, version not known'}{room})" if facts.edge else f" (no edge{room})"
    state = UNCHANGED if current == job.sha256 and len(lines) == 1 else WOULD_FLASH
    return Outcome(target.name, state, "would " + "; ".join(lines) + about, current=current)
