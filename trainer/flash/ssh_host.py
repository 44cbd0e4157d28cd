"""Flash one host over SSH, from the first connection to the confirmed model."""

from __future__ import annotations

from rich.filesize import decimal

from edge.errors import ConfigurationError, ModelError, StorageError, UsageError
from edge.store.compatibility import check_runtime
from edge.store.layout import short
from trainer.flash.bootstrap import BootstrapPlan
from trainer.flash.delivery import Delivery
from trainer.flash.device_answers import StoreListing
from trainer.flash.device_facts import DeviceFacts, read_device_facts
from trainer.flash.device_result import FLASHED, ROLLED_BACK, UNCHANGED, WOULD_FLASH, DeviceResult
from trainer.flash.device_store import DeviceStore
from trainer.flash.progress_rows import ProgressRow
from trainer.flash.ssh_connection import SshConnection, SshOptions
from trainer.flash.target import Target
from trainer.flash.upload import Upload

_NO_EDGE = "edge is not installed there, or is too old; run the same command with --bootstrap"


def flash_host(target: Target, delivery: Delivery, row: ProgressRow) -> DeviceResult:
    """Make the model of ``delivery`` current on the host, after its bootstrap if there is one.

    At any time the host has the whole old model or the whole new one. A repeat continues where this call ended.

    Raises :class:`~edge.errors.EdgeError` that says what is wrong and how to fix it.
    """
    with SshConnection(target, delivery.ssh) as connection:
        connection.open()
        row.stage("asking")
        facts = read_device_facts(connection)
        bootstrap = delivery.bootstrap
        wheels = Upload(0, 0)
        plan: BootstrapPlan | None = None
        if bootstrap:
            row.stage("planning")
            plan = bootstrap.plan(facts)
            if not delivery.dry_run:
                for step in plan.steps:
                    row.say(f"trainer: {target.name}: {step}")
                if plan.needs_environment:
                    wheels = bootstrap.make_ready(connection, facts, plan, row)
                    facts = read_device_facts(connection)
        if delivery.dry_run:
            return _preview(target, delivery, facts, plan)
        store = _device_store(connection, facts)
        before = store.state.current
        row.stage("checking")
        there = store.holds(delivery.sha256)
        model = Upload(0, 0)
        unchanged = there and before == delivery.sha256 and not store.state.pending
        if there and not unchanged and delivery.signature is None:
            store.activate(delivery)
        elif not unchanged:
            model = store.install(delivery, row)
        if bootstrap and facts.edge:
            row.stage("service")
            bootstrap.install_service(connection, facts.edge, f"{store.state.root}/current/model.tflite")
        return DeviceResult(
            target.name,
            UNCHANGED if unchanged else FLASHED,
            "this model is already current" if unchanged else "",
            current=store.state.current,
            previous=store.state.previous if unchanged else before,
            sent_bytes=wheels.sent_bytes + model.sent_bytes,
            resumed_bytes=wheels.resumed_bytes + model.resumed_bytes,
        )


def roll_back_host(target: Target, ssh: SshOptions, row: ProgressRow) -> DeviceResult:
    """Make the previous model of the host current again; a repeat changes nothing.

    Raises :class:`~edge.errors.EdgeError` that says what is wrong and how to fix it.
    """
    with SshConnection(target, ssh) as connection:
        connection.open()
        row.stage("asking")
        store = _device_store(connection, read_device_facts(connection))
        before = store.state.current
        row.stage("rolling back")
        store.rollback()
        return DeviceResult(target.name, ROLLED_BACK, current=store.state.current, previous=before)


def _device_store(connection: SshConnection, facts: DeviceFacts) -> DeviceStore:
    if facts.edge is None or facts.store is None:
        raise ConfigurationError(_NO_EDGE)
    return DeviceStore(connection, facts.edge, facts.store)


def _preview(target: Target, delivery: Delivery, facts: DeviceFacts, plan: BootstrapPlan | None) -> DeviceResult:
    """What a flash would do, from ``facts`` and the ``plan`` of the bootstrap alone.

    Raises :class:`~edge.errors.EdgeError` if the flash would be refused.
    """
    steps = plan.steps if plan else []
    if not (facts.edge and facts.store) and not steps:
        raise ConfigurationError(_NO_EDGE)
    current = facts.store.state.current if facts.store else None
    if facts.store:
        _check_listing(delivery, facts.store)
    same = current == delivery.sha256
    interpreter = facts.store.interpreter if facts.store else None
    if plan and plan.needs_environment:
        interpreter = plan.wheels.interpreter
    if interpreter and not same:
        check_runtime(delivery.model, interpreter)
    last = "keep the model, which is already current"
    if not same:
        last = f"install {decimal(len(delivery.content))} and make it current"
    free = "" if facts.free_bytes is None else f", {decimal(facts.free_bytes)} free"
    version = facts.version or "edge, version not known" if facts.edge else "no edge"
    detail = f"would {'; '.join([*steps, last])} ({version}{free})"
    return DeviceResult(target.name, UNCHANGED if same and not steps else WOULD_FLASH, detail, current=current)


def _check_listing(delivery: Delivery, listing: StoreListing) -> None:
    """Raise the error with which the device would refuse the model of ``delivery``, as far as ``listing`` shows it."""
    current, models = listing.state.current, listing.models
    if delivery.sha256 not in models:
        needed = 2 * len(delivery.content)  # the upload, and the copy in the store
        if listing.free_bytes is not None and listing.free_bytes < needed:
            raise StorageError(
                f"its store has {decimal(listing.free_bytes)} of free space and needs {decimal(needed)}; "
                "remove something there"
            )
    elif current in models and models.index(delivery.sha256) > models.index(current) and not delivery.allow_older:
        raise UsageError(
            f"{short(delivery.sha256)} was installed there before the current {short(current)}; give --allow-older"
        )
    if listing.signers and delivery.signature is None and delivery.sha256 not in models:
        raise ModelError(f"refused: the model is not signed, and {listing.signers} asks for it; sign it with --sign")
